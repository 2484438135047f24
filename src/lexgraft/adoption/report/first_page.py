"""The one page to decide on: three sentences, options, stages, lines, who and why not simply D."""

from collections.abc import Iterable

from lexgraft.adoption.report.formats import (
    amount_range,
    difference,
    rough_amount,
    spending,
    total,
)
from lexgraft.adoption.report.investment import investment_lines
from lexgraft.adoption.report.licences import combined, ingredients
from lexgraft.adoption.report.markup import Html, both, element, word
from lexgraft.adoption.report.next_step import next_step
from lexgraft.adoption.report.option_table import option_table
from lexgraft.adoption.report.options import (
    OptionFacts,
    chosen_option,
    examined_option,
    options_of,
)
from lexgraft.adoption.report.report_record import Report
from lexgraft.adoption.report.report_words import LANGUAGES, grouped, named, say
from lexgraft.adoption.report.stairs import lines_block, next_step_block, stairs
from lexgraft.adoption.report.upkeep_record import Upkeep, upkeep_of
from lexgraft.adoption.upkeep.option_costs import OptionCost
from lexgraft.evaluation.measures import BEST_PARENT_GAIN, DONOR

Words = dict[str, str]
_SHOWN = 3  # names in a sentence, before the rest is counted


def first_page(report: Report) -> Html:
    """Return the page that is enough to decide on; it fits a sheet of A4."""
    upkeep, step = upkeep_of(report), next_step(report)
    facts = {fact.option: fact for fact in options_of(report)}
    examined = facts[examined_option(report)]
    lines = investment_lines(report, examined, upkeep, step)
    return element(
        "section",
        element("h2", word("first"), id="first-title"),
        element(
            "dl",
            _sentence("do", "first_do", both(report.recommendation)),
            _sentence("cost", "first_cost", both(cost_words(report, upkeep))),
            _sentence("unknown", "first_unknown", both(unknown_words(report, facts.values()))),
            class_="sentences",
        ),
        *_deciding_facts(report),
        option_table(report, upkeep),
        stairs(report),
        next_step_block(report, step),
        element("div", lines_block(lines), class_="investment"),
        element(
            "dl",
            _sentence("who", "first_who", both(who_words(report))),
            _sentence("why-not-donor", "first_why_not_donor", both(donor_words(report, facts))),
            class_="answers-first",
        ),
        id="first",
        class_="first",
        aria_labelledby="first-title",
    )


def _sentence(question: str, head: str, text: Html) -> Html:
    return element("div", element("dt", word(head)), element("dd", text), data_question=question)


def _deciding_facts(report: Report) -> list[Html]:
    """Return what must be known before the recommendation is trusted, where there is anything."""
    if not report.marks:
        return []
    items = (element("li", both(mark.sentence)) for mark in report.marks)
    return [
        element(
            "div",
            element("strong", word("first_facts")),
            element("ul", *items),
            class_="marks",
        )
    ]


def cost_words(report: Report, upkeep: Upkeep) -> Words:
    """Return what was spent, what the option costs once and a year, and what that lacks."""
    option = chosen_option(report)
    cost = upkeep.cost(option)
    spent = total([stage.cost for stage in report.run.stages])
    words: Words = {}
    for language in LANGUAGES:
        sentences = []
        if report.run.stages:
            sentences.append(say("cost_so_far", language, spent=spending(spent, language)))
        sentences.append(
            say(
                "cost_option",
                language,
                option=named(f"option {option}", language),
                once=_once(cost, upkeep.currency, language, keeps=option == "keep"),
                year=_year(cost, upkeep.currency, language),
            )
        )
        if cost is not None and cost.missing:
            sentences.append(say("cost_lacks", language, lines=_names(cost.missing, language)))
        words[language] = _joined(sentences, language)
    return words


def _once(cost: OptionCost | None, currency: str, language: str, *, keeps: bool) -> str:
    if keeps:
        return say("first_none_to_pay", language)
    return _sum(cost, "once", currency, language)


def _year(cost: OptionCost | None, currency: str, language: str) -> str:
    return _sum(cost, "year", currency, language)


def _sum(cost: OptionCost | None, which: str, currency: str, language: str) -> str:
    """Return a sum with its interval, "at least" where a line is open; or that it is open."""
    amount = getattr(cost, which) if cost is not None else None
    if cost is None or amount is None:
        return say("cost_is_open", language)
    text = rough_amount(amount.value, currency)
    text = f"{text} {amount_range(amount.low, amount.high, currency)}".rstrip()
    return text if cost.complete else say("first_at_least", language, amount=text)


def _names(keys: Iterable[str], language: str) -> str:
    """Return the first names of keys, and how many more there are."""
    names = list(dict.fromkeys(named(key, language) for key in keys))
    counted = [say("cost_more", language, n=len(names) - _SHOWN)] if len(names) > _SHOWN else []
    return say("list_joint", language).join([*names[:_SHOWN], *counted])


def unknown_words(report: Report, facts: Iterable[OptionFacts]) -> Words:
    """Return what is open, what failed, what was not measured, and what no figure here says."""
    return {
        language: _joined(_unknown(report, list(facts_), language), language)
        for facts_ in [tuple(facts)]
        for language in LANGUAGES
    }


def _unknown(report: Report, facts: list[OptionFacts], language: str) -> list[str]:
    sentences: list[str] = []
    for key, outcome in (("unknown_open", "undecided"), ("unknown_failed", "fail")):
        names = [
            f"{named(verdict.stage, language)} · {named(c.name.partition(', ')[0], language)}"
            for verdict in report.verdicts
            for c in verdict.criteria
            if c.outcome == outcome
        ]
        if names:
            sentences.append(say(key, language, names=_names(names, language)))
    unmeasured = [
        named(f"option {fact.option}", language)
        for fact in facts
        if fact.option not in {"base", "api"} and not fact.measured
    ]
    if not report.general:
        unmeasured.append(say("unknown_ability", language))
    sealed = report.concepts.get("sealed", 0)
    if sealed and all(verdict.stage != "sealed" for verdict in report.verdicts):
        unmeasured.append(say("unknown_sealed", language, n=sealed))
    if unmeasured:
        joint = say("list_joint", language)
        sentences.append(say("unknown_unmeasured", language, names=joint.join(unmeasured)))
    return [*sentences, say("unknown_limits", language)]


def who_words(report: Report) -> Words:
    """Return under which licence it may be used, and whose licence is not known."""
    unknown = [p.role for p in ingredients(report) if not p.licence]
    words: Words = {}
    for language in LANGUAGES:
        licence = combined(report).name
        sentences = []
        if licence != "unknown":
            sentences.append(say("who_licence", language, licence=licence))
        if unknown or not report.parents:
            models = say("list_joint", language).join(unknown) or report.shipped or "G"
            sentences.append(say("who_unknown", language, models=models))
        words[language] = _joined(sentences, language)
    return words


def donor_words(report: Report, facts: dict[str, OptionFacts]) -> Words:
    """Return why not simply D: its terms and general ability beside those of the option."""
    donor, examined = facts["donor"], facts[examined_option(report)]
    gains = [
        gain
        for gain in report.gains
        if gain.name == f"{BEST_PARENT_GAIN}, {DONOR}" and gain.model == examined.model
    ]
    words: Words = {}
    for language in LANGUAGES:
        sentences: list[str] = []
        if donor.counts is not None and examined.counts is not None:
            sentences.append(
                say(
                    "donor_terms",
                    language,
                    n=donor.counts.n,
                    donor=donor.counts.acquired,
                    lost=donor.counts.lost,
                    option=named(f"option {examined.option}", language),
                    own=examined.counts.acquired,
                    own_lost=examined.counts.lost,
                )
            )
        if gains:
            smallest = min(gains, key=lambda gain: gain.low)
            text = difference(smallest.value, smallest.low, smallest.high)
            key = "donor_as_good" if smallest.low <= 0 else "donor_worse"
            sentences.append(say(key, language, difference=text))
        change = donor.ability
        if change is None:
            sentences.append(say("donor_ability_open", language))
        else:
            text = difference(change.value, change.low, change.high, change.name)
            spoken = grouped(change.group, language)
            sentences.append(say("donor_ability", language, spoken=spoken, change=text))
        words[language] = _joined(sentences, language)
    return words


def _joined(sentences: Iterable[str], language: str) -> str:
    return ("" if language == "ja" else " ").join(sentences)
