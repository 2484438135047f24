"""The central figure: what each model acquired against what it retained."""

from collections.abc import Sequence

from lexgraft.report.figures import (
    SHAPES,
    Scale,
    grid_kind,
    line,
    mark,
    percent,
    scale_over,
    tick_text,
)
from lexgraft.report.markup import Html, both, element
from lexgraft.report.record import Box, Point, PointKind
from lexgraft.report.words import in_both, say, tongue

_SHAPE: dict[PointKind, str] = {
    "candidate": "circle",
    "parent": "square",
    "placebo": "triangle",
    "winner": "diamond",
    "tuned": "diamond",
}
_LETTERS: dict[PointKind, str] = {"candidate": "", "placebo": "P", "winner": "W", "tuned": "T"}
_SIZES = ((860.0, 400.0), (300.0, 330.0))  # a desk and a phone: labels are kept apart on both
_LETTER, _LINE, _REACH = 8.0, 15.0, 8.0
_OFFSETS = ((11, -7), (-11, -7), (11, 17), (-11, 17), (11, -22), (-11, -22), (11, 32), (-11, 32))
_OUTSIDE = 60.0  # a pixel outside the drawing weighs as much as this area covered
_FIRST: tuple[PointKind, ...] = ("winner", "tuned", "parent", "placebo", "candidate")

Rectangle = tuple[float, float, float, float]  # left, top, right, bottom


def scatter(points: Sequence[Point], box: Box | None, *, target: str, domain: str) -> Html:
    """Return the drawing: interval crosses, symbols, the gate's corner shaded."""
    corner = (box.retention, box.acquisition) if box else (0.0, 0.0)
    right = [point.retention for point in points]
    up = [point.acquisition for point in points]
    horizontal = scale_over(
        [0.0, corner[0], *(x for s in right for x in (s.low, s.high, s.value))], 5
    )
    vertical = scale_over([0.0, corner[1], *(y for s in up for y in (s.low, s.high, s.value))], 5)
    return element(
        "svg",
        *_gate(box, horizontal, vertical),
        *_frame(horizontal, vertical),
        *(_cross(point, horizontal, vertical) for point in points),
        *_labels(points, horizontal, vertical),
        *_names(box, target, domain),
        class_="scatter",
        role="img",
        aria_labelledby="central-title",
        aria_describedby="central-note",
    )


def keys(points: Sequence[Point]) -> list[str]:
    """Return what stands beside each point: numbers for candidates, letters for the rest."""
    seen: dict[str, int] = {}
    found: list[str] = []
    for point in points:
        letter = point.model if point.kind == "parent" else _LETTERS[point.kind]
        seen[letter] = seen.get(letter, 0) + 1
        again = point.kind == "candidate" or seen[letter] > 1
        found.append(f"{letter}{seen[letter]}" if again else letter)
    return found


def symbol(point: Point) -> Html:
    """Return the symbol of a point, for the key."""
    path = element("path", d=SHAPES[_SHAPE[point.kind]], class_=_filling(point))
    return element(
        "svg",
        path,
        class_=f"symbol {point.kind}",
        viewBox="-8 -8 16 16",
        aria_hidden="true",
    )


def _filling(point: Point) -> str:
    return "mark hollow" if point.split == "choose" else "mark"


def _place(point: Point, horizontal: Scale, vertical: Scale) -> tuple[float, float]:
    return horizontal.at(point.retention.value), 100 - vertical.at(point.acquisition.value)


def _gate(box: Box | None, horizontal: Scale, vertical: Scale) -> list[Html]:
    """Return the shaded area in which both requirements are met."""
    if box is None:
        return []
    left, bottom = horizontal.at(box.retention), 100 - vertical.at(box.acquisition)
    area = element(
        "rect",
        x=percent(left),
        y="0",
        width=percent(100 - left),
        height=percent(bottom),
        class_="gate",
    )
    return [area]


def _frame(horizontal: Scale, vertical: Scale) -> list[Html]:
    """Return grid lines and tick labels, in points."""
    parts: list[Html] = []
    for tick in horizontal.ticks:
        place = horizontal.at(tick)
        text = tick_text(tick, difference=True)
        parts.append(line((place, place), ("0", "100%"), grid_kind(tick)))
        parts.append(element("text", text, x=percent(place), y="100%", dy="1.4em", class_="tick"))
    for tick in vertical.ticks:
        place = percent(100 - vertical.at(tick))
        text = tick_text(tick, difference=True)
        parts.append(line((0, 100), (place, place), grid_kind(tick)))
        parts.append(element("text", text, x="0", y=place, dx="-8", dy=".35em", class_="tick side"))
    return parts


def _cross(point: Point, horizontal: Scale, vertical: Scale) -> Html:
    """Return the interval cross and symbol of one point."""
    x, y = _place(point, horizontal, vertical)
    right, up = point.retention, point.acquisition
    across = horizontal.at(right.low), horizontal.at(right.high)
    ends = percent(100 - vertical.at(up.high)), percent(100 - vertical.at(up.low))
    return element(
        "g",
        line(across, (percent(y), percent(y)), "whisker"),
        line((x, x), ends, "whisker"),
        mark(percent(x), percent(y), _SHAPE[point.kind], _filling(point)),
        class_=f"point {point.kind}",
    )


def _labels(points: Sequence[Point], horizontal: Scale, vertical: Scale) -> list[Html]:
    """Return the label of each point where it covers least, those that matter most first."""
    taken = {
        size: [_around(*_pixels(_place(point, horizontal, vertical), size)) for point in points]
        for size in _SIZES
    }
    named = sorted(
        zip(points, keys(points), strict=True), key=lambda pair: _FIRST.index(pair[0].kind)
    )
    parts: list[Html] = []
    for point, key in named:
        place = _place(point, horizontal, vertical)
        costs = [
            sum(
                _cost(_spot(_pixels(place, size), offset, key), taken[size], size)
                for size in _SIZES
            )
            for offset in _OFFSETS
        ]
        best = _OFFSETS[costs.index(min(costs))]
        for size in _SIZES:
            taken[size].append(_spot(_pixels(place, size), best, key))
        parts.append(_label(point, key, best, place))
    return parts


def _pixels(place: tuple[float, float], size: tuple[float, float]) -> tuple[float, float]:
    return place[0] * size[0] / 100, place[1] * size[1] / 100


def _around(x: float, y: float) -> Rectangle:
    return x - _REACH, y - _REACH, x + _REACH, y + _REACH


def _spot(at: tuple[float, float], offset: tuple[float, float], key: str) -> Rectangle:
    """Return the rectangle that a label fills at an offset from its point."""
    width = len(key) * _LETTER
    left = at[0] + offset[0] - (width if offset[0] < 0 else 0)
    bottom = at[1] + offset[1]
    return left, bottom - _LINE + 3, left + width, bottom + 3


def _cost(spot: Rectangle, taken: Sequence[Rectangle], size: tuple[float, float]) -> float:
    """Return the area that a label would cover, what lies outside the drawing weighed more."""
    left, top, right, bottom = spot
    outside = max(0.0, -left) + max(0.0, right - size[0]) + max(0.0, -top)
    return outside * _OUTSIDE + sum(
        max(0.0, min(right, other[2]) - max(left, other[0]))
        * max(0.0, min(bottom, other[3]) - max(top, other[1]))
        for other in taken
    )


def _label(point: Point, key: str, offset: tuple[float, float], place: tuple[float, float]) -> Html:
    x, y = place
    side = "" if offset[0] > 0 else " left"
    return element(
        "text",
        key,
        x=percent(x),
        y=percent(y),
        dx=offset[0],
        dy=offset[1],
        class_=f"label {point.kind}{side}",
    )


def _names(box: Box | None, target: str, domain: str) -> list[Html]:
    """Return the names of the axes and of the shaded area, in both languages."""
    across = in_both(_axis_name, "central_axis_x", domain)
    upward = in_both(_axis_name, "central_axis_y", target)
    names = [
        both(across, "text", x="100%", y="100%", dy="3em", class_="t axis-name"),
        both(upward, "text", x="0", y="0", dx="-34", dy="-.8em", class_="t axis-name start"),
    ]
    if box is not None:
        met = in_both(say, "central_box")
        names.append(both(met, "text", x="100%", y="0", dx="-8", dy="1.5em", class_="t gate-name"))
    return names


def _axis_name(key: str, code: str, language: str) -> str:
    return say(key, language, tongue=tongue(code, language))
