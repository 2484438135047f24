"""The central figure: what each model acquired against what it retained."""

from collections.abc import Sequence

from lexgraft.adoption.report.figures import (
    SHAPES,
    FigureScale,
    close_scale,
    grid_kind,
    line,
    mark,
    percent,
    tick_text,
)
from lexgraft.adoption.report.markup import Html, both, element
from lexgraft.adoption.report.point_labels import labels, place_of
from lexgraft.adoption.report.report_record import FigurePoint, PointKind
from lexgraft.adoption.report.report_words import in_both, language_name, say

_SHAPE: dict[PointKind, str] = {
    "candidate": "circle",
    "parent": "square",
    "placebo": "triangle",
    "winner": "diamond",
    "tuned": "diamond",
    "walked": "circle",
}


def scatter(
    points: Sequence[FigurePoint],
    threshold: float | None,
    *,
    target: str,
    domain: str,
    words: str = "central",
) -> Html:
    """Return the drawing: interval crosses, symbols, the gain asked for shaded.

    `words` is what the texts of the axes and of the section around it begin with.
    """
    right = [point.retention for point in points]
    up = [point.acquisition for point in points]
    horizontal = close_scale([0.0, *(x for s in right for x in (s.low, s.high))])
    vertical = close_scale([0.0, threshold or 0.0, *(y for s in up for y in (s.low, s.high))])
    return element(
        "svg",
        *_gate(threshold, vertical),
        *_frame(horizontal, vertical),
        *(_cross(point, horizontal, vertical) for point in points),
        *labels(points, horizontal, vertical),
        *_names(threshold, target, domain, words),
        class_="scatter",
        role="img",
        aria_labelledby=f"{words}-title",
        aria_describedby=f"{words}-note",
    )


def symbol(point: FigurePoint) -> Html:
    """Return the symbol of a point, for the key."""
    path = element("path", d=SHAPES[_SHAPE[point.kind]], class_=_filling(point))
    return element(
        "svg",
        path,
        class_=f"symbol {point.kind}",
        viewBox="-8 -8 16 16",
        aria_hidden="true",
    )


def _filling(point: FigurePoint) -> str:
    """Return how a mark is filled: what is raced on the front is no longer as it was given."""
    return "mark hollow" if point.split == "choose" and point.kind != "walked" else "mark"


def _gate(threshold: float | None, vertical: FigureScale) -> list[Html]:
    """Return the shaded area in which the gain is what was asked for."""
    if threshold is None:
        return []
    bottom = percent(100 - vertical.at(threshold))
    return [element("rect", x="0", y="0", width="100%", height=bottom, class_="gate")]


def _frame(horizontal: FigureScale, vertical: FigureScale) -> list[Html]:
    """Return grid lines and tick labels, in points."""
    drawn: list[Html] = []
    for tick in horizontal.ticks:
        position = horizontal.at(tick)
        text = tick_text(tick, difference=True)
        drawn.append(line((position, position), ("0", "100%"), grid_kind(tick)))
        drawn.append(
            element("text", text, x=percent(position), y="100%", dy="1.4em", class_="tick")
        )
    for tick in vertical.ticks:
        position = percent(100 - vertical.at(tick))
        text = tick_text(tick, difference=True)
        drawn.append(line((0, 100), (position, position), grid_kind(tick)))
        drawn.append(
            element("text", text, x="0", y=position, dx="-8", dy=".35em", class_="tick side")
        )
    return drawn


def _cross(point: FigurePoint, horizontal: FigureScale, vertical: FigureScale) -> Html:
    """Return the interval cross and symbol of one point."""
    x, y = place_of(point, horizontal, vertical)
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


def _names(threshold: float | None, target: str, domain: str, words: str) -> list[Html]:
    """Return the names of the axes and of the shaded area, in both languages."""
    across = in_both(_axis_name, f"{words}_axis_x", domain)
    upward = in_both(_axis_name, f"{words}_axis_y", target)
    names = [
        both(across, "text", x="100%", y="100%", dy="3em", class_="t axis-name"),
        both(upward, "text", x="0", y="0", dx="-34", dy="-.8em", class_="t axis-name start"),
    ]
    if threshold is not None:
        met = in_both(say, "central_box")
        names.append(both(met, "text", x="100%", y="0", dx="-8", dy="1.5em", class_="t gate-name"))
    return names


def _axis_name(key: str, code: str, language: str) -> str:
    return say(key, language, language_name=language_name(code, language))
