"""The staircase of stages with thresholds and meanings, and what the next step costs and shows."""

from functools import partial

from lexgraft.adoption.report.formats import (
    difference,
    duration,
    points,
    rough_amount,
    spending,
    unit,
)
from lexgraft.adoption.report.investment import InvestmentLine
from lexgraft.adoption.report.markup import Html, both, element, join, word
from lexgraft.adoption.report.next_step import NextStep
from lexgraft.adoption.report.page_parts import name
from lexgraft.adoption.report.report_record import Report
from lexgraft.adoption.report.report_words import LANGUAGES, named, say
from lexgraft.adoption.report.verdicts import outcome
from lexgraft.records import Criterion, Outcome, Verdict

STAGES = ("headroom", "merge", "glossary", "tune", "sealed")
_RANK: dict[Outcome, int] = {"fail": 0, "undecided": 1, "pass": 2}
_STANDING = {"kept": "pass", "crossed": "fail", "open": "undecided"}


def stairs(report: Report) -> Html:
    """Return one step per stage: how it was decided, what that means, at what threshold."""
    verdicts = {verdict.stage: verdict for verdict in report.verdicts}
    foreseen = {v.next_stage: v.next_cost for v in report.verdicts if v.next_cost is not None}
    last = report.verdicts[-1].stage if report.verdicts else ""
    steps: list[Html] = []
    for stage in STAGES:
        verdict = verdicts.get(stage)
        if verdict is not None:
            body = _decided(verdict, here=stage == last)
        else:
            cost = foreseen.get(stage)
            expected = (
                [element("small", word("first_foreseen", cost=partial(spending, cost)))]
                if cost is not None and cost.seconds
                else []
            )
            body = [element("span", word("first_not_run"), class_="quiet"), *expected]
        current = "step" if stage == last else None
        kind = verdict.outcome if verdict else "ahead"
        steps.append(
            element("li", element("b", _title(stage)), *body, class_=kind, aria_current=current)
        )
    return join(element("h3", word("first_stairs")), element("ol", *steps, class_="stairs"))


def _title(stage: str) -> Html:
    return word(f"stair_{stage}") if stage in {"headroom", "sealed"} else name(stage)


def _decided(verdict: Verdict, *, here: bool) -> list[Html]:
    """Return how a stage was decided, in a chip, a sentence and its worst requirement."""
    content = [outcome(verdict.outcome)]
    if here:
        content.append(element("span", word("first_here"), class_="chip"))
    content.append(element("p", word(f"means {verdict.stage} {verdict.outcome}")))
    if verdict.criteria:
        worst = min(verdict.criteria, key=lambda c: (_RANK[c.outcome], c.value - c.threshold))
        content.append(element("small", _requirement(worst)))
    if verdict.cost.seconds:
        content.append(element("small", word("stage_cost", cost=partial(spending, verdict.cost))))
    return content


def _requirement(criterion: Criterion) -> Html:
    return word(
        "first_threshold",
        name=partial(named, criterion.name),
        value=difference(criterion.value, criterion.low, criterion.high, criterion.name),
        threshold=points(criterion.threshold, unit(criterion.name)),
    )


def next_words(step: NextStep) -> dict[str, str]:
    """Return what to do next and what it could show, in words."""
    key = {"stage": "next_stage_runs"}.get(step.kind, f"next_{step.kind}")
    return {
        language: say(
            key,
            language,
            stage=named(step.stage, language),
            outcome=named(step.expected, language),
            more=_counted(step, language),
        )
        for language in LANGUAGES
    }


def _counted(step: NextStep, language: str) -> str:
    joint = "、" if language == "ja" else ", "
    counts = step.more.items()
    return joint.join(say(f"more {unit}", language, n=f"{n:,}") for unit, n in counts)


def next_cost_words(report: Report, step: NextStep) -> dict[str, str]:
    """Return what the next step costs: computing, people, money; what is open is named."""
    return {language: _cost_in(report, step, language) for language in LANGUAGES}


def _cost_in(report: Report, step: NextStep, language: str) -> str:
    if step.kind in {"ship", "other"}:
        return say("next_cost_none", language)
    items: list[str] = []
    if step.seconds is not None:
        items.append(say("next_cost_time", language, minutes=duration(step.seconds, language)))
    if step.hours:
        day = report.business.people.hours_a_day
        items.append(
            say("next_cost_days", language, days=f"{step.hours / day:.1f}")
            if day
            else say("next_cost_hours", language, hours=f"{step.hours:.1f}")
        )
    if step.money is not None:
        money = rough_amount(step.money, report.business.currency or "")
        items.append(say("next_cost_money", language, money=money))
    if step.open_line:
        items.append(say("next_cost_people_open", language, line=step.open_line))
    return (say("list_joint", language)).join(items) or say("next_cost_open", language)


def next_step_block(report: Report, step: NextStep) -> Html:
    """Return the next step and its cost, each under its own question."""
    return element(
        "dl",
        _answer("next", word("first_next"), both(next_words(step))),
        _answer("next-cost", word("first_next_cost"), both(next_cost_words(report, step))),
        class_="answers-first",
    )


def _answer(question: str, head: Html, text: Html) -> Html:
    return element("div", element("dt", head), element("dd", text), data_question=question)


def lines_block(lines: list[InvestmentLine]) -> Html:
    """Return the investment's lines: limit, where it stands, crossed or not."""
    head = element("h3", word("first_lines"))
    if not lines:
        return join(head, element("p", word("lines_none"), class_="note"))
    rows = (
        element(
            "tr",
            element("th", both(line.limit), scope="row"),
            element("td", both(line.value)),
            element("td", _standing(line)),
        )
        for line in lines
    )
    heads = [element("th", word(key), scope="col") for key in ("line", "line_stands", "outcome")]
    table = element(
        "table", element("thead", element("tr", *heads)), element("tbody", *rows), class_="lines"
    )
    return join(head, table)


def _standing(line: InvestmentLine) -> Html:
    kind = _STANDING[line.standing]
    sign = {"pass": "✓", "fail": "✕", "undecided": "?"}[kind]
    mark = element("span", sign, class_="sign", aria_hidden="true")
    return element("span", mark, word(f"line_{line.standing}"), class_=f"outcome {kind}")
