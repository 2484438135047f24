"""Labels for the points of the central figure, placed where they cover least."""

from collections.abc import Sequence

from lexgraft.adoption.report.figures import FigureScale, percent
from lexgraft.adoption.report.markup import Html, element
from lexgraft.adoption.report.report_record import FigurePoint, PointKind

_LETTERS: dict[PointKind, str] = {"candidate": "", "placebo": "P", "winner": "W", "tuned": "T"}
_SIZES = ((860.0, 400.0), (300.0, 330.0))  # a desk and a phone: labels are kept apart on both
_LETTER, _LINE, _REACH = 8.0, 15.0, 8.0
_OFFSETS = ((11, -7), (-11, -7), (11, 17), (-11, 17), (11, -22), (-11, -22), (11, 32), (-11, 32))
_OUTSIDE = 60.0  # a pixel outside the drawing weighs as much as this area covered
_FIRST: tuple[PointKind, ...] = ("winner", "tuned", "parent", "placebo", "candidate")

Rectangle = tuple[float, float, float, float]  # left, top, right, bottom


def keys(points: Sequence[FigurePoint]) -> list[str]:
    """Return what stands beside each point: numbers for candidates, letters for the rest."""
    seen: dict[str, int] = {}
    found: list[str] = []
    for point in points:
        letter = point.model if point.kind == "parent" else _LETTERS[point.kind]
        seen[letter] = seen.get(letter, 0) + 1
        again = point.kind == "candidate" or seen[letter] > 1
        found.append(f"{letter}{seen[letter]}" if again else letter)
    return found


def place_of(
    point: FigurePoint, horizontal: FigureScale, vertical: FigureScale
) -> tuple[float, float]:
    """Return where a point stands, in per cent from the left and from the top."""
    return horizontal.at(point.retention.value), 100 - vertical.at(point.acquisition.value)


def labels(
    points: Sequence[FigurePoint], horizontal: FigureScale, vertical: FigureScale
) -> list[Html]:
    """Return the label of each point where it covers least, those that matter most first."""
    taken = {
        size: [_around(*_pixels(place_of(point, horizontal, vertical), size)) for point in points]
        for size in _SIZES
    }
    named = sorted(
        zip(points, keys(points), strict=True), key=lambda pair: _FIRST.index(pair[0].kind)
    )
    parts: list[Html] = []
    for point, key in named:
        place = place_of(point, horizontal, vertical)
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


def _label(
    point: FigurePoint, key: str, offset: tuple[float, float], place: tuple[float, float]
) -> Html:
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
