"""The figures that decide: acquired against retained, recognition by direction, fates counted."""

from collections.abc import Sequence

from lexgraft.adoption.report.figures import interval_table as intervals
from lexgraft.adoption.report.figures import scale_of
from lexgraft.adoption.report.formats import ABSENT, confidence
from lexgraft.adoption.report.markup import Html, element, fit, join, label, word
from lexgraft.adoption.report.page_parts import (
    charts_of,
    counted,
    difference,
    group,
    groups_of,
    language_pair,
    linked_fate,
    name,
    nothing,
    section,
    share_row,
    table,
    unfold,
)
from lexgraft.adoption.report.point_labels import keys
from lexgraft.adoption.report.report_record import AbilityChange, AcquisitionCounts, Report
from lexgraft.adoption.report.scatter_plot import scatter, symbol
from lexgraft.evaluation.measures import (
    ADVANCE_KEPT,
    BITS,
    GENERAL,
    RECIPIENT,
    RECOGNITION,
    RECOGNITION_NEEDING_TERM,
)
from lexgraft.records import Score

_OTHER_CHARTS = (ADVANCE_KEPT, RECOGNITION, RECOGNITION_NEEDING_TERM, GENERAL, BITS)


def central(report: Report) -> Html:
    """Return the central figure with its key, which holds the same numbers."""
    if not report.points:
        return section("central", nothing())
    drawing = scatter(report.points, report.wanted, target=report.target, domain=report.domain)
    rows = [
        (
            element("span", symbol(p), f" {key}", class_="keyed"),
            join(label(p.model), element("small", name(p.kind), " · ", name(p.split))),
            difference(p.acquisition.value, p.acquisition.low, p.acquisition.high),
            difference(p.retention.value, p.retention.low, p.retention.high),
            counted(
                report,
                p.acquisition.n,
                use=p.split,
                pair=p.acquisition.group,
                model=RECIPIENT if p.kind == "placebo" else p.model,
            ),
        )
        for p, key in zip(report.points, keys(report.points), strict=True)
    ]
    heads = ("central_key", "model", "acquired_points", "retained_points", "n")
    return section(
        "central",
        element("figure", drawing, class_="central"),
        table([word(head) for head in heads], rows, numbers=3),
        element("p", word("central_choose"), class_="note"),
        note=language_pair(report, "central_note", level=confidence(report.alpha)),
    )


def front(report: Report) -> Html:
    """Return what candidates gain against what they cost, as given and walked back towards G."""
    points, target, domain = report.front, report.target, report.domain
    drawing = scatter(points, report.wanted, target=target, domain=domain, words="front")
    rows = [
        (
            element("span", symbol(p), f" {key}", class_="keyed"),
            join(label(p.model), element("small", name(p.kind))),
            difference(p.acquisition.value, p.acquisition.low, p.acquisition.high),
            join(
                difference(p.retention.value, p.retention.low, p.retention.high, p.retention.name),
                element("small", group(p.retention.group)),
            ),
            fit(str(p.acquisition.n)),
        )
        for p, key in zip(points, keys(points), strict=True)
    ]
    heads = ("central_key", "model", "acquired_points", "front_kept", "n")
    return section(
        "front",
        element("figure", drawing, class_="central"),
        table([word(head) for head in heads], rows, numbers=3),
        note=language_pair(report, "front_note", level=confidence(report.alpha)),
    )


def directions(report: Report) -> Html:
    """Return the share each model knows per direction, free answers, and the race on `choose`."""
    scores = [score for score in report.scores if score.name == RECOGNITION]
    if not scores:
        return section("directions", nothing())
    content = [_by_group(report, scores)]
    needing = [score for score in report.scores if score.name == RECOGNITION_NEEDING_TERM]
    if needing:
        content.append(unfold(word("needing_term"), _by_group(report, needing)))
    free = [score for score in report.scores if score.name not in _OTHER_CHARTS]
    if free:
        note = element("p", word("free_note"), class_="note")
        charts = element("div", *charts_of(report, free), class_="charts")
        content += [element("h3", word("free")), note, charts]
    race = [score for score in report.choosing if score.name == RECOGNITION]
    if race:
        note = element("p", word("chosen_note"), class_="note")
        content.append(unfold(word("chosen_from"), note, _by_group(report, race)))
    note = word("directions_note", level=confidence(report.alpha))
    return section("directions", *content, note=note)


def _by_group(report: Report, scores: Sequence[Score]) -> Html:
    """Return one chart per direction, all on one scale."""
    rows = {
        key: [share_row(report, score) for score in scores if score.group == key]
        for key in groups_of(scores)
    }
    scale = scale_of([row for figures in rows.values() for row in figures], difference=False)
    charts = (
        element(
            "figure",
            element("figcaption", group(key)),
            intervals(
                figures,
                head=word("model"),
                value_head=word("recognition_heading"),
                difference=False,
                scale=scale,
            ),
        )
        for key, figures in rows.items()
    )
    return element("div", *charts, class_="charts")


def acquisition(report: Report) -> Html:
    """Return the tables of what became of the concepts, per direction and model."""
    if not report.acquisitions:
        return section("acquisition", nothing())
    raced = [row for row in report.acquisitions if row.split == "choose"]
    content = [_fates(report, [row for row in report.acquisitions if row.split != "choose"])]
    if raced:
        note = element("p", word("chosen_note"), class_="note")
        content.append(unfold(word("candidates"), note, _fates(report, raced)))
    return section("acquisition", *content, note=language_pair(report, "acquisition_note"))


def _fates(report: Report, counted: Sequence[AcquisitionCounts]) -> Html:
    """Return the counts as a table, directions in order of first appearance."""
    order = list(dict.fromkeys(row.direction for row in counted))
    rows = [
        (
            group(row.direction),
            label(row.model),
            *_linked_counts(report, row),
            _score_text(row.transfer),
            _worst([c for c in report.general if (c.model, c.split) == (row.model, row.split)]),
        )
        for row in sorted(counted, key=lambda row: order.index(row.direction))
    ]
    heads = [
        word("direction"),
        word("model"),
        *(name(fate) for fate in ("acquired", "kept", "lost", "never")),
        *(word(key) for key in ("n", "transfer", "general_worst")),
    ]
    return table(heads, rows, numbers=7)


def _linked_counts(report: Report, row: AcquisitionCounts) -> list[Html]:
    """Return the four fates and their sum, each a link to its concepts."""
    fates = {"acquired": row.acquired, "kept": row.kept, "lost": row.lost, "never": row.never}
    return [linked_fate(report, row, fate, number) for fate, number in {**fates, "": row.n}.items()]


def _score_text(score: Score | None) -> Html:
    return fit(ABSENT) if score is None else difference(score.value, score.low, score.high)


def _worst(changes: Sequence[AbilityChange]) -> Html:
    """Return the worst of a model's measured changes of general ability."""
    if not changes:
        return fit(ABSENT)
    worst = min(changes, key=lambda change: change.value)
    text = difference(worst.value, worst.low, worst.high, worst.name)
    return join(text, element("small", name(worst.name), " · ", group(worst.group)))
