"""The options side by side: terms, general ability, money, verdict; intervals as small pictures."""

from collections.abc import Sequence
from functools import partial

from lexgraft.adoption.report.figures import FigureRow, FigureScale, interval
from lexgraft.adoption.report.formats import (
    ABSENT,
    amount_range,
    confidence,
    duration,
    rough_amount,
    share_text,
)
from lexgraft.adoption.report.markup import Html, both, element, fit, join, word
from lexgraft.adoption.report.options import (
    OptionFacts,
    chosen_option,
    direction_of,
    examined_option,
    options_of,
)
from lexgraft.adoption.report.page_parts import (
    address_of_score,
    difference,
    group,
    linked_fate,
    name,
)
from lexgraft.adoption.report.report_record import Report
from lexgraft.adoption.report.report_words import grouped, in_both
from lexgraft.adoption.report.upkeep_record import Upkeep
from lexgraft.adoption.report.verdicts import outcome
from lexgraft.adoption.upkeep.option_costs import Amount, OptionCost
from lexgraft.records import Criterion

_WHOLE = FigureScale(0.0, 1.0, (0.0, 0.5, 1.0))
_COLUMNS = (
    "first_gained",
    "first_lost",
    "first_written",
    "first_ability",
    "first_once",
    "first_year",
    "first_open",
)
_ASKED = {
    "first_gained": "gained",
    "first_lost": "lost",
    "first_once": "cost-now",
    "first_year": "cost-year",
}
"""Columns that answer one of the questions a manager asks, of the option in question."""


def option_table(report: Report, upkeep: Upkeep) -> Html:
    """Return the table; every cell names its column for narrow screens."""
    facts = options_of(report)
    heads = [element("th", word("first_option"), scope="col")]
    heads += [element("th", word(key), scope="col") for key in _COLUMNS]
    body = (_row(report, fact, upkeep) for fact in facts)
    n = next((fact.counts.n for fact in facts if fact.counts), 0)
    direction = partial(grouped, direction_of(report))
    level = confidence(report.alpha)
    note = word("first_options_note", n=n, direction=direction, level=level)
    if any(fact.option == "merge_glossary" and fact.counts for fact in facts):
        note = join(note, " ", word("first_as_merge"))
    table = element(
        "table",
        element("thead", element("tr", *heads)),
        element("tbody", *body),
        class_="options",
    )
    return join(
        element("h3", word("first_options")),
        element("div", table, class_="wide", tabindex="0"),
        element("p", note, class_="note"),
    )


def _row(report: Report, fact: OptionFacts, upkeep: Upkeep) -> Html:
    cost = upkeep.cost(fact.option)
    chosen = fact.option == chosen_option(report)
    examined = fact.option == examined_option(report)
    cells = (
        _gained(report, fact),
        _lost(report, fact),
        _written(report, fact),
        _ability(fact),
        _once(report, fact, cost),
        _money(cost, cost.year if cost else None, upkeep.currency),
        _verdict(fact),
    )
    head = [name(f"option {fact.option}")]
    if chosen:
        head.append(element("strong", word("first_recommended"), class_="chip"))
    return element(
        "tr",
        element("th", *head, scope="row"),
        *(
            element(
                "td",
                element("span", word(key), class_="cell-name"),
                cell,
                data_question=_ASKED.get(key) if examined else None,
            )
            for key, cell in zip(_COLUMNS, cells, strict=True)
        ),
        class_="chosen" if chosen else None,
    )


def _gained(report: Report, fact: OptionFacts) -> Html:
    if fact.option == "keep":
        return _quiet("first_reference")
    if fact.counts is None:
        return _quiet("first_not_measured")
    counts = fact.counts
    share = counts.share
    gained = linked_fate(report, counts, "acquired", counts.acquired)
    text = join(gained, " / ", linked_fate(report, counts, "", counts.n))
    return _pictured(text, share.value, share.low, share.high)


def _lost(report: Report, fact: OptionFacts) -> Html:
    if fact.option == "keep":
        return _quiet("first_reference")
    if fact.counts is None:
        return _quiet("first_not_measured")
    return linked_fate(report, fact.counts, "lost", fact.counts.lost)


def _written(report: Report, fact: OptionFacts) -> Html:
    score = fact.written
    if score is None:
        return _quiet("first_not_measured")
    text = fit(share_text(score.value, score.low, score.high))
    address = address_of_score(report, score)
    linked = element("a", text, href=address, class_="count") if address else text
    return _pictured(linked, score.value, score.low, score.high)


def _pictured(text: Html, value: float, low: float, high: float) -> Html:
    """Return a share in words over its picture."""
    drawn = interval(FigureRow(fit(""), value, low, high, fit("")), _WHOLE, difference=False)
    return join(element("span", text, class_="line"), element("span", drawn, class_="small-plot"))


def _ability(fact: OptionFacts) -> Html:
    if fact.option == "keep":
        return _quiet("first_reference")
    change = fact.ability
    if change is None:
        return _quiet("first_not_measured")
    text = difference(change.value, change.low, change.high, change.name)
    return join(text, element("small", group(change.group)))


def _once(report: Report, fact: OptionFacts, cost: OptionCost | None) -> Html:
    """Return the set-up's cost; where no price is known the time it took."""
    if fact.option == "keep":
        return word("first_none_to_pay")
    money = _money(cost, cost.once if cost else None, report.business.currency or "")
    seconds = [stage.cost.seconds for stage in report.run.stages]
    if cost is None or cost.once is not None or fact.option not in {"merge", "tune"} or not seconds:
        return money
    return join(money, element("small", both(in_both(duration, sum(seconds)))))


def _money(cost: OptionCost | None, amount: Amount | None, currency: str) -> Html:
    """Return a sum with its interval; what is not complete is said to be at least that."""
    if cost is None or amount is None:
        return _quiet("first_not_given")
    text = rough_amount(amount.value, currency)
    money = fit(text) if cost.complete else word("first_at_least", amount=text)
    ends = amount_range(amount.low, amount.high, currency)
    return join(money, element("small", ends)) if ends else money


def _verdict(fact: OptionFacts) -> Html:
    if fact.option in {"keep", "donor", "base", "api"}:
        return fit(ABSENT)
    if fact.verdict is None:
        return _quiet("first_not_measured")
    still_open = _open(fact.verdict.criteria)
    counted = [element("small", word("first_open_count", n=still_open))] if still_open else []
    return join(outcome(fact.verdict.outcome), *counted)


def _open(criteria: Sequence[Criterion]) -> int:
    return sum(criterion.outcome == "undecided" for criterion in criteria)


def _quiet(key: str) -> Html:
    return element("span", word(key), class_="quiet")
