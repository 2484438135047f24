"""The top of the page: what to know first, and the verdict of each gate with its requirements."""

from functools import partial

from lexgraft.adoption.report.criterion_links import address_of_criterion
from lexgraft.adoption.report.figures import FigureRow, axis, interval, scale_of
from lexgraft.adoption.report.formats import ABSENT, points, spending, total, unit
from lexgraft.adoption.report.markup import Html, both, element, fit, join, label, word
from lexgraft.adoption.report.page_parts import (
    SIGNS,
    difference,
    group,
    language_pair,
    linked,
    name,
    nothing,
    section,
    table,
)
from lexgraft.adoption.report.report_record import Report
from lexgraft.adoption.report.report_words import in_both, named
from lexgraft.records import Verdict


def facts(report: Report) -> Html:
    """Return what the reader must know first, as names with values."""
    spent = total([stage.cost for stage in report.run.stages])
    confirmed = report.concepts.get("confirm")
    pairs = (
        ("shipped", label(report.shipped) if report.shipped else word("shipped_none")),
        ("examined", label(report.result)),
        ("words_from_to", language_pair(report, "words_from_to_value")),
        ("concepts_confirmed", fit(str(confirmed) if confirmed is not None else ABSENT)),
        ("spent", both(in_both(spending, spent)) if report.run.stages else fit(ABSENT)),
        ("written", fit(report.run.written[:16].replace("T", " ") or ABSENT)),
        *([("warnings", _warned(report))] if report.warnings else []),
    )
    return element(
        "dl",
        *(element("div", element("dt", word(key)), element("dd", value)) for key, value in pairs),
        class_="facts",
    )


def _warned(report: Report) -> Html:
    return element("a", word("warned", n=len(report.warnings)), href="#provenance")


def verdicts(report: Report) -> Html:
    """Return one block per gate: outcome, sentence, requirements, what comes next at what cost."""
    blocks = [_verdict(report, verdict) for verdict in report.verdicts]
    powers = (
        element(
            "li",
            word(
                "power",
                gate=partial(named, power.gate),
                chance=f"{power.chance:.2f}",
            ),
        )
        for power in report.power
    )
    power = element("ul", *powers, class_="powers") if report.power else ""
    body = blocks or [nothing()]
    return section("verdicts", *body, power, note=word("verdicts_note"))


def outcome(value: str) -> Html:
    """Return an outcome as sign and word, so that colour is never needed."""
    sign = element("span", SIGNS.get(value, ""), class_="sign", aria_hidden="true")
    return element("span", sign, name(value), class_=f"outcome {value}")


def _verdict(report: Report, verdict: Verdict) -> Html:
    head = element("h3", name(verdict.stage), " ", outcome(verdict.outcome))
    summary = both(verdict.summary)
    costs = (
        [word("stage_cost", cost=partial(spending, verdict.cost))] if verdict.cost.seconds else []
    )
    if verdict.next_cost is not None:
        stage = partial(named, verdict.next_stage)
        costs.append(word("next_stage", stage=stage, cost=partial(spending, verdict.next_cost)))
    return element(
        "article",
        head,
        element("p", summary, class_="said"),
        _criteria(report, verdict) if verdict.criteria else "",
        element("p", *(join(cost, " ") for cost in costs), class_="costs") if costs else "",
        class_=f"verdict {verdict.outcome}",
    )


def _criteria(report: Report, verdict: Verdict) -> Html:
    """Return the requirements with their intervals drawn against the thresholds."""
    criteria = verdict.criteria
    rows = [
        FigureRow(name(c.name), c.value, c.low, c.high, fit(""), c.n, threshold=c.threshold)
        for c in criteria
    ]
    scale = scale_of(rows, difference=True)
    cells = [
        (
            join(row.label, element("small", group(criterion.group))),
            interval(row, scale, difference=True),
            difference(criterion.value, criterion.low, criterion.high, criterion.name),
            fit(f"≥ {points(criterion.threshold, unit(criterion.name))}"),
            outcome(criterion.outcome),
            linked(str(criterion.n), address_of_criterion(report, verdict.stage, criterion)),
        )
        for row, criterion in zip(rows, criteria, strict=True)
    ]
    heads = [word(key) for key in ("requirement", "difference", "threshold", "outcome", "n")]
    heads.insert(1, axis(scale, difference=True))
    return table(heads, cells, numbers=1, kind="criteria")
