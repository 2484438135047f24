"""Labels for the points of the central figure, placed where they cover least."""

from collections.abc import Sequence

from lexgraft.adoption.report.figures import FigureScale, percent
from lexgraft.adoption.report.markup import Html, element
from lexgraft.adoption.report.report_record import FigurePoint, PointKind

_LETTERS: dict[PointKind, str] = {
    "candidate": "",
    "placebo": "P",
    "winner": "W",
    "tuned": "T",
    "walked": "",
}
_SIZES = ((860.0, 400.0), (300.0, 330.0))  # a desk and a phone: labels are kept apart on both
_LETTER, _LINE, _REACH = 8.0, 15.0, 8.0
_OFFSETS = ((11, -7), (-11, -7), (11, 17), (-11, 17), (11, -22), (-11, -22), (11, 32), (-11, 32))
_OUTSIDE = 60.0  # a pixel outside the drawing weighs as much as this area covered
_FIRST: tuple[PointKind, ...] = ("winner", "tuned", "parent", "placebo", "walked", "candidate")

Rectangle = tuple[float, float, float, float]  # left, top, right, bottom


def keys(points: Sequence[FigurePoint]) -> list[str]:
    """Return what stands beside each point: numbers for candidates, letters for the rest."""
    counts: dict[str, int] = {}
    names: list[str] = []
    for point in points:
        letter = point.model if point.kind == "parent" else _LETTERS[point.kind]
        counts[letter] = counts.get(letter, 0) + 1
        again = not letter or counts[letter] > 1
        names.append(f"{letter}{counts[letter]}" if again else letter)
    return names


def place_of(
    point: FigurePoint, horizontal: FigureScale, vertical: FigureScale
) -> tuple[float, float]:
    """Return where a point stands, in per cent from the left and from the top."""
    return horizontal.at(point.retention.value), 100 - vertical.at(point.acquisition.value)


def labels(
    points: Sequence[FigurePoint], horizontal: FigureScale, vertical: FigureScale
) -> list[Html]:
    """Return the label of each point where it covers least, those that matter most first."""
    covered = {
        size: [_around(*_pixels(place_of(point, horizontal, vertical), size)) for point in points]
        for size in _SIZES
    }
    named = sorted(
        zip(points, keys(points), strict=True), key=lambda pair: _FIRST.index(pair[0].kind)
    )
    drawn: list[Html] = []
    for point, key in named:
        centre = place_of(point, horizontal, vertical)
        costs = [
            sum(
                _cost(_spot(_pixels(centre, size), offset, key), covered[size], size)
                for size in _SIZES
            )
            for offset in _OFFSETS
        ]
        best = _OFFSETS[costs.index(min(costs))]
        for size in _SIZES:
            covered[size].append(_spot(_pixels(centre, size), best, key))
        drawn.append(_label(point, key, best, centre))
    return drawn


def _pixels(percentages: tuple[float, float], size: tuple[float, float]) -> tuple[float, float]:
    return percentages[0] * size[0] / 100, percentages[1] * size[1] / 100


def _around(x: float, y: float) -> Rectangle:
    return x - _REACH, y - _REACH, x + _REACH, y + _REACH


def _spot(centre: tuple[float, float], offset: tuple[float, float], key: str) -> Rectangle:
    """Return the rectangle that a label fills at an offset from its point."""
    width = len(key) * _LETTER
    start = centre[0] + offset[0] - (width if offset[0] < 0 else 0)
    bottom = centre[1] + offset[1]
    return start, bottom - _LINE + 3, start + width, bottom + 3


def _cost(spot: Rectangle, covered: Sequence[Rectangle], size: tuple[float, float]) -> float:
    """Return the area that a label would cover, what lies outside the drawing weighed more."""
    start, top, end, bottom = spot
    outside = max(0.0, -start) + max(0.0, end - size[0]) + max(0.0, -top)
    return outside * _OUTSIDE + sum(
        max(0.0, min(end, area[2]) - max(start, area[0]))
        * max(0.0, min(bottom, area[3]) - max(top, area[1]))
        for area in covered
    )


def _label(
    point: FigurePoint, key: str, offset: tuple[float, float], centre: tuple[float, float]
) -> Html:
    x, y = centre
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
