"""What a result gained on its parents, and what of it only the donor brought."""

from lexgraft.adoption.report.figures import FigureRow, interval_table, scale_of
from lexgraft.adoption.report.markup import Html, element, join, label, word
from lexgraft.adoption.report.page_parts import (
    difference,
    group,
    name,
    nothing,
    section,
    table,
    tone_of,
    unfold,
)
from lexgraft.adoption.report.report_record import Report
from lexgraft.records import Score


def gains(report: Report) -> Html:
    """Return the gains of every judged result, on one scale."""
    if not report.gains:
        return section("gains", nothing())
    rows = [_row(report, score) for score in report.gains]
    chart = interval_table(
        rows,
        head=word("model"),
        value_head=word("difference"),
        difference=True,
        scale=scale_of(rows, difference=True),
    )
    return section(
        "gains",
        element("figure", chart, class_="forest"),
        *_specifications(report),
        note=word("gains_note"),
    )


def _specifications(report: Report) -> list[Html]:
    """Return the same gains under every scoring, folded away: a row per gain and quantity."""
    scorings = list(dict.fromkeys(each.scoring for each in report.specifications))
    cells: dict[tuple[str, str, str, str], dict[str, Html]] = {}
    for specification in report.specifications:
        for score in specification.gains:
            key = (score.model, score.name, score.group, specification.quantity)
            cells.setdefault(key, {})[specification.scoring] = difference(
                score.value, score.low, score.high
            )
    if not cells:
        return []
    rows = [
        (
            join(label(model), element("small", name(gained), " · ", group(direction))),
            name(quantity),
            *(row[scoring] for scoring in scorings),
        )
        for (model, gained, direction, quantity), row in cells.items()
    ]
    heads = [word("model"), word("measure"), *(name(scoring) for scoring in scorings)]
    note = element("p", word("specifications_note"), class_="note")
    return [unfold(word("specifications"), note, table(heads, rows, numbers=len(scorings)))]


def _row(report: Report, score: Score) -> FigureRow:
    return FigureRow(
        label=join(
            label(score.model), element("small", name(score.name), " · ", group(score.group))
        ),
        value=score.value,
        low=score.low,
        high=score.high,
        text=difference(score.value, score.low, score.high),
        n=score.n,
        tone=tone_of(report, score.model),
        threshold=None,
    )
