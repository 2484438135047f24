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
    """One measure over the lessons: a name, its group, and what was found at each number."""

    name: str
    group: str
    found: tuple[tuple[CurvePoint, Score | AbilityChange], ...]
    margin: float | None = None  # largest loss allowed


def curve(lessons: Sequence[CurvePoint]) -> Html:
    """Return both drawings, concepts known above running text, each with its numbers."""
    lines = list(_lines(lessons))
    return join(
        _figure("curve_learned", [line for line in lines if line.name != BITS]),
        _figure("curve_kept", [one for one in lines if one.name == BITS]),
        element("p", word("curve_note"), class_="note"),
    )


def _lines(lessons: Sequence[CurvePoint]) -> Iterator[CurveLine]:
    """Yield the measures in the order of their first appearance."""
    grouped: dict[tuple[str, str], list[tuple[CurvePoint, Score | AbilityChange]]] = {}
    for lesson in lessons:
        gains = [score for score in lesson.known if score.model == GAIN]
        for found in (*gains, *lesson.general):
            grouped.setdefault((found.name, found.group), []).append((lesson, found))
    for (called, of), found in grouped.items():
        last = found[-1][1]
        margin = last.margin if isinstance(last, AbilityChange) and called == BITS else None
        yield CurveLine(called, of, tuple(found), margin)


def _figure(title: str, lines: Sequence[CurveLine]) -> Html:
    """Return one drawing with its key, which holds the same numbers."""
    rows = [
        (
            element("span", _symbol(number), class_="keyed"),
            join(name(one.name), element("small", group(one.group))),
            join(fit(str(lesson.terms)), _manner(lesson)),
            difference(found.value, found.low, found.high, found.name),
            fit(str(found.n)),
        )
        for number, one in enumerate(lines)
        for lesson, found in one.found
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
    counts = sorted({lesson.terms for one in lines for lesson, _ in one.found})
    ends = [x for one in lines for _, found in one.found for x in (found.low, found.high)]
    margins = sorted({-one.margin for one in lines if one.margin is not None})
    vertical = close_scale([0.0, *ends, *margins])
    places = {count: _across(count, counts) for count in counts}
    parts = [*_frame(places, vertical)]
    for margin in margins:
        height = percent(100 - vertical.at(margin))
        parts.append(line((0, 100), (height, height), "threshold"))
    middle = (len(lines) - 1) / 2
    for number, one in enumerate(lines):
        shift = (number - middle) * _APART
        parts.append(_series(one, number, {c: at + shift for c, at in places.items()}, vertical))
    return element("svg", *parts, class_="scatter", aria_hidden="true")


def _across(count: int, counts: Sequence[int]) -> float:
    """Return where a number of terms stands, in per cent of the width."""
    if len(counts) == 1:
        return 50.0
    share = (log(count) - log(counts[0])) / (log(counts[-1]) - log(counts[0]))
    return _SIDE + (100 - 2 * _SIDE) * share


def _frame(places: dict[int, float], vertical: FigureScale) -> Iterator[Html]:
    """Yield grid lines and their labels."""
    for count, place in places.items():
        yield upright(place, "grid")
        yield element("text", str(count), x=percent(place), y="100%", dy="1.4em", class_="tick")
    for tick in vertical.ticks:
        height = percent(100 - vertical.at(tick))
        text = tick_text(tick, difference=True)
        yield line((0, 100), (height, height), grid_kind(tick))
        yield element("text", text, x="0", y=height, dx="-8", dy=".35em", class_="tick side")


def _series(one: CurveLine, number: int, places: dict[int, float], vertical: FigureScale) -> Html:
    """Return one measure: its intervals and symbols, joined; hollow without replay."""
    parts: list[Html] = []
    before: tuple[float, float] | None = None
    for lesson, found in one.found:
        x, y = places[lesson.terms], 100 - vertical.at(found.value)
        ends = percent(100 - vertical.at(found.high)), percent(100 - vertical.at(found.low))
        if not lesson.replay:
            x += _APART / 2
        elif before:
            parts.append(line((before[0], x), (percent(before[1]), percent(y)), "whisker"))
        before = (x, y) if lesson.replay else before
        parts.append(line((x, x), ends, "whisker"))
        kind = "mark" if lesson.replay else "mark hollow"
        parts.append(mark(percent(x), percent(y), _shape(number), kind))
    return element("g", *parts, class_=f"point {_tone(number)}")


def _symbol(number: int) -> Html:
    path = element("path", d=SHAPES[_shape(number)], class_="mark")
    kind = f"symbol {_tone(number)}"
    return element("svg", path, class_=kind, viewBox="-8 -8 16 16", aria_hidden="true")


def _shape(number: int) -> str:
    return _SHAPES[number % len(_SHAPES)]


def _tone(number: int) -> str:
    return _TONES[number % len(_TONES)]
