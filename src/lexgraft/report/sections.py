"""The part of the page that decides: facts, verdicts, central figure, directions, numbers."""

from collections.abc import Sequence
from functools import partial

from lexgraft.records import Criterion, Score, Verdict
from lexgraft.report.figures import Row, axis, interval, scale_of
from lexgraft.report.figures import interval_table as intervals
from lexgraft.report.formats import ABSENT, points, spending, total, unit
from lexgraft.report.markup import Html, both, element, fit, join, label, word
from lexgraft.report.pieces import (
    SIGNS,
    difference,
    group,
    groups_of,
    name,
    nothing,
    section,
    share_row,
    table,
    tongues,
    unfold,
)
from lexgraft.report.record import RECOGNITION, Change, Report
from lexgraft.report.scatter import keys, scatter, symbol
from lexgraft.report.words import grouped, in_both, named


def facts(report: Report) -> Html:
    """Return what the reader must know first, as names with values."""
    spent = total([stage.cost for stage in report.run.stages])
    asked = report.concepts.get("confirm")
    pairs = (
        ("shipped", label(report.shipped) if report.shipped else word("shipped_none")),
        ("examined", label(report.result)),
        ("words_from_to", tongues(report, "words_from_to_value")),
        ("concepts_confirmed", fit(str(asked) if asked is not None else ABSENT)),
        ("spent", both(in_both(spending, spent)) if report.run.stages else fit(ABSENT)),
        ("written", fit(report.run.written or ABSENT)),
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
    blocks = [_verdict(verdict) for verdict in report.verdicts]
    powers = (
        element(
            "li",
            word(
                "power",
                value=f"{power.detectable * 100:.1f} pt",
                n=power.n,
                direction=partial(grouped, power.group),
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


def _verdict(verdict: Verdict) -> Html:
    head = element("h3", name(verdict.stage), " ", outcome(verdict.outcome))
    said = both(verdict.summary)
    costs = (
        [word("stage_cost", cost=partial(spending, verdict.cost))] if verdict.cost.seconds else []
    )
    if verdict.next_cost is not None:
        stage = partial(named, verdict.next_stage)
        costs.append(word("next_stage", stage=stage, cost=partial(spending, verdict.next_cost)))
    return element(
        "article",
        head,
        element("p", said, class_="said"),
        _criteria(verdict.criteria) if verdict.criteria else "",
        element("p", *(join(cost, " ") for cost in costs), class_="costs") if costs else "",
        class_=f"verdict {verdict.outcome}",
    )


def _criteria(criteria: Sequence[Criterion]) -> Html:
    """Return the requirements with their intervals drawn against the thresholds."""
    rows = [
        Row(name(c.name), c.value, c.low, c.high, fit(""), c.n, threshold=c.threshold)
        for c in criteria
    ]
    scale = scale_of(rows, difference=True)
    cells = [
        (
            join(row.label, element("small", group(criterion.group))),
            interval(row, scale, difference=True),
            difference(criterion.value, criterion.low, criterion.high, criterion.name),
            fit(f"≥ {points(criterion.threshold, unit(criterion.name))}"),
            _decided(criterion),
            fit(str(criterion.n)),
        )
        for row, criterion in zip(rows, criteria, strict=True)
    ]
    heads = [word(key) for key in ("requirement", "difference", "threshold", "outcome", "n")]
    heads.insert(1, axis(scale, difference=True))
    return table(heads, cells, numbers=1, kind="criteria")


def _decided(criterion: Criterion) -> Html:
    """Return the outcome, and for an open one how many concepts would decide it."""
    more = criterion.needed
    rest = element("small", word("needed", n=f"{more:,}")) if more is not None else ""
    return join(outcome(criterion.outcome), rest)


def central(report: Report) -> Html:
    """Return the central figure with its key, which holds the same numbers."""
    if not report.points:
        return section("central", nothing())
    drawing = scatter(report.points, report.box, target=report.target, domain=report.domain)
    rows = [
        (
            element("span", symbol(p), f" {key}", class_="keyed"),
            join(label(p.model), element("small", name(p.kind), " · ", name(p.split))),
            difference(p.acquisition.value, p.acquisition.low, p.acquisition.high),
            difference(p.retention.value, p.retention.low, p.retention.high),
            fit(str(p.acquisition.n)),
        )
        for p, key in zip(report.points, keys(report.points), strict=True)
    ]
    heads = ("central_key", "model", "acquired_points", "retained_points", "n")
    return section(
        "central",
        element("figure", drawing, class_="central"),
        table([word(head) for head in heads], rows, numbers=3),
        element("p", word("central_choose"), class_="note"),
        note=tongues(report, "central_note"),
    )


def directions(report: Report) -> Html:
    """Return per direction the share each model knows, and how the candidates did on `choose`."""
    scores = [score for score in report.scores if score.name == RECOGNITION]
    if not scores:
        return section("directions", nothing())
    content = [_by_group(report, scores)]
    if report.choosing:
        content.append(
            unfold(
                word("chosen_from"),
                element("p", word("chosen_note"), class_="note"),
                _by_group(report, report.choosing),
            )
        )
    return section("directions", *content, note=word("directions_note"))


def _by_group(report: Report, scores: Sequence[Score]) -> Html:
    """Return one chart per direction, all on one scale."""
    rows = {
        key: [share_row(report, score) for score in scores if score.group == key]
        for key in groups_of(scores)
    }
    scale = scale_of([row for some in rows.values() for row in some], difference=False)
    charts = (
        element(
            "figure",
            element("figcaption", group(key)),
            intervals(
                some,
                head=word("model"),
                value_head=word("recognition_heading"),
                difference=False,
                scale=scale,
            ),
        )
        for key, some in rows.items()
    )
    return element("div", *charts, class_="charts")


def acquisition(report: Report) -> Html:
    """Return the table of what became of the concepts, per model and direction."""
    if not report.acquisitions:
        return section("acquisition", nothing())
    rows = [
        (
            group(row.direction),
            label(row.model),
            *(fit(str(count)) for count in (row.acquired, row.kept, row.lost, row.never, row.n)),
            _score_text(row.transfer),
            _worst(report.general, row.model),
        )
        for row in sorted(report.acquisitions, key=lambda row: _rank(report, row.direction))
    ]
    heads = [
        word("direction"),
        word("model"),
        *(name(fate) for fate in ("acquired", "kept", "lost", "never")),
        *(word(key) for key in ("n", "transfer", "general_worst")),
    ]
    return section(
        "acquisition", table(heads, rows, numbers=7), note=tongues(report, "acquisition_note")
    )


def _rank(report: Report, direction: str) -> int:
    """Return the place of a direction: in order of first appearance."""
    seen = list(dict.fromkeys(row.direction for row in report.acquisitions))
    return seen.index(direction)


def _score_text(score: Score | None) -> Html:
    return fit(ABSENT) if score is None else difference(score.value, score.low, score.high)


def _worst(changes: Sequence[Change], model: str) -> Html:
    """Return the worst measured change of a model's general ability."""
    own = [change for change in changes if change.model == model]
    if not own:
        return fit(ABSENT)
    worst = min(own, key=lambda change: change.value)
    text = difference(worst.value, worst.low, worst.high, worst.name)
    return join(text, element("small", name(worst.name), " · ", group(worst.group)))
