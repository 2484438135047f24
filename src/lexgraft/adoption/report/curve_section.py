"""The few-shot curve: what more and more taught terms bring, and what they cost."""

from collections.abc import Iterator, Sequence
from math import log
from typing import NamedTuple

from lexgraft.adoption.report.figures import (
    SHAPES,
    FigureScale,
    close_scale,
    grid_kind,
    line,
    mark,
    percent,
    tick_text,
    upright,
)
from lexgraft.adoption.report.formats import confidence
from lexgraft.adoption.report.markup import Html, element, fit, join, word
from lexgraft.adoption.report.page_parts import difference, group, name, table
from lexgraft.adoption.report.report_record import AbilityChange, CurvePoint, PointKind
from lexgraft.evaluation.measures import BITS, GAIN
from lexgraft.records import Score

_SHAPES = tuple(SHAPES)
_TONES: tuple[PointKind, ...] = ("winner", "tuned", "candidate", "parent", "placebo")
_APART = 1.4  # per cent of the width between marks that would cover each other
_SIDE = 8.0  # per cent of the width left free beside the first and the last number


class CurveLine(NamedTuple):
    """One measure over the lessons: a name, its group, and how it changed at each number."""

    name: str
    group: str
    changes: tuple[tuple[CurvePoint, Score | AbilityChange], ...]
    margin: float | None = None  # largest loss allowed


def curve(lessons: Sequence[CurvePoint], alpha: float) -> Html:
    """Return both drawings, concepts known above running text, each with its numbers."""
    lines = list(_lines(lessons))
    return join(
        _figure("curve_learned", [line for line in lines if line.name != BITS]),
        _figure("curve_kept", [line for line in lines if line.name == BITS]),
        element("p", word("curve_note", level=confidence(alpha)), class_="note"),
    )


def _lines(lessons: Sequence[CurvePoint]) -> Iterator[CurveLine]:
    """Yield the measures in the order of their first appearance."""
    grouped: dict[tuple[str, str], list[tuple[CurvePoint, Score | AbilityChange]]] = {}
    for lesson in lessons:
        gains = [score for score in lesson.known if score.model == GAIN]
        for change in (*gains, *lesson.general):
            grouped.setdefault((change.name, change.group), []).append((lesson, change))
    for (measure, direction), changes in grouped.items():
        last = changes[-1][1]
        margin = last.margin if isinstance(last, AbilityChange) and measure == BITS else None
        yield CurveLine(measure, direction, tuple(changes), margin)


def _figure(title: str, lines: Sequence[CurveLine]) -> Html:
    """Return one drawing with its key, which holds the same numbers."""
    rows = [
        (
            element("span", _symbol(number), class_="keyed"),
            join(name(measure.name), element("small", group(measure.group))),
            join(fit(str(lesson.terms)), _manner(lesson)),
            difference(change.value, change.low, change.high, change.name),
            fit(str(change.n)),
        )
        for number, measure in enumerate(lines)
        for lesson, change in measure.changes
    ]
    heads = [word(key) for key in ("central_key", "measure", "terms_taught", "difference", "n")]
    return element(
        "figure",
        element("figcaption", word(title)),
        element("div", _drawing(lines), class_="central"),
        table(heads, rows, numbers=2),
    )


def _manner(lesson: CurvePoint) -> Html:
    """Return with which scale it was merged, and the remark that nothing was replayed."""
    scale = join(word("scale"), f" {lesson.scale:g}")
    bare = [" · ", word("without_replay")] if not lesson.replay else []
    return element("small", scale, *bare)


def _drawing(lines: Sequence[CurveLine]) -> Html:
    """Return the drawing: the number of terms across, on a log scale; differences up."""
    counts = sorted({lesson.terms for measure in lines for lesson, _ in measure.changes})
    ends = [
        end
        for measure in lines
        for _, change in measure.changes
        for end in (change.low, change.high)
    ]
    margins = sorted({-measure.margin for measure in lines if measure.margin is not None})
    vertical = close_scale([0.0, *ends, *margins])
    positions = {count: _across(count, counts) for count in counts}
    drawn = [*_frame(positions, vertical)]
    for margin in margins:
        height = percent(100 - vertical.at(margin))
        drawn.append(line((0, 100), (height, height), "threshold"))
    middle = (len(lines) - 1) / 2
    for number, measure in enumerate(lines):
        shift = (number - middle) * _APART
        drawn.append(
            _series(measure, number, {count: x + shift for count, x in positions.items()}, vertical)
        )
    return element("svg", *drawn, class_="scatter", aria_hidden="true")


def _across(count: int, counts: Sequence[int]) -> float:
    """Return where a number of terms stands, in per cent of the width."""
    if len(counts) == 1:
        return 50.0
    share = (log(count) - log(counts[0])) / (log(counts[-1]) - log(counts[0]))
    return _SIDE + (100 - 2 * _SIDE) * share


def _frame(positions: dict[int, float], vertical: FigureScale) -> Iterator[Html]:
    """Yield grid lines and their labels."""
    for count, x in positions.items():
        yield upright(x, "grid")
        yield element("text", str(count), x=percent(x), y="100%", dy="1.4em", class_="tick")
    for tick in vertical.ticks:
        height = percent(100 - vertical.at(tick))
        text = tick_text(tick, difference=True)
        yield line((0, 100), (height, height), grid_kind(tick))
        yield element("text", text, x="0", y=height, dx="-8", dy=".35em", class_="tick side")


def _series(
    measure: CurveLine, number: int, positions: dict[int, float], vertical: FigureScale
) -> Html:
    """Return one measure: its intervals and symbols, joined; hollow without replay."""
    drawn: list[Html] = []
    before: tuple[float, float] | None = None
    for lesson, change in measure.changes:
        x, y = positions[lesson.terms], 100 - vertical.at(change.value)
        ends = percent(100 - vertical.at(change.high)), percent(100 - vertical.at(change.low))
        if not lesson.replay:
            x += _APART / 2
        elif before:
            drawn.append(line((before[0], x), (percent(before[1]), percent(y)), "whisker"))
        before = (x, y) if lesson.replay else before
        drawn.append(line((x, x), ends, "whisker"))
        kind = "mark" if lesson.replay else "mark hollow"
        drawn.append(mark(percent(x), percent(y), _shape(number), kind))
    return element("g", *drawn, class_=f"point {_tone(number)}")


def _symbol(number: int) -> Html:
    path = element("path", d=SHAPES[_shape(number)], class_="mark")
    kind = f"symbol {_tone(number)}"
    return element("svg", path, class_=kind, viewBox="-8 -8 16 16", aria_hidden="true")


def _shape(number: int) -> str:
    return _SHAPES[number % len(_SHAPES)]


def _tone(number: int) -> str:
    return _TONES[number % len(_TONES)]
