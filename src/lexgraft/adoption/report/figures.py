"""Dots with intervals as table rows: inline SVG that stays readable at any width."""

from collections.abc import Sequence
from math import ceil, floor, isfinite, log10
from typing import NamedTuple

from lexgraft.adoption.report.formats import signed
from lexgraft.adoption.report.markup import Html, element, fit, word
from lexgraft.adoption.report.report_record import PointKind

Tone = PointKind
"""How something is drawn: the tone of a model is the kind of its point."""

SHAPES = {
    "circle": "M5 0A5 5 0 1 1-5 0A5 5 0 1 1 5 0Z",
    "square": "M-5-5H5V5H-5Z",
    "diamond": "M0-7L7 0L0 7L-7 0Z",
    "triangle": "M0-6.5L6 5H-6Z",
}
_EDGE = 4.0  # per cent of the width left free on both sides
_NEAR_ZERO = 1e-9
_LEAST = 0.01  # a point: narrower scales would show noise as distance


class FigureScale(NamedTuple):
    """A range of values laid over the width (or height) of a drawing."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """Return the place of a value in per cent, kept inside the drawing."""
        share = (value - self.low) / (self.high - self.low)
        return _EDGE + (100 - 2 * _EDGE) * min(1.0, max(0.0, share))


class FigureRow(NamedTuple):
    """One dot with its interval, and what it is to be read against."""

    label: Html
    value: float
    low: float
    high: float
    text: Html  # the value and its interval in words
    n: int | None = None
    tone: Tone = "candidate"
    chance: float | None = None  # dashed
    threshold: float | None = None  # solid
    counts: str = ""  # address of what n counts


def scale_over(values: Sequence[float], steps: int = 3) -> FigureScale:
    """Return a scale with round ticks, about `steps` apart, that covers the values."""
    finite = [value for value in values if isfinite(value)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    raw = max(high - low, 1e-6) / steps
    power = 10.0 ** floor(log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
    first, last = floor(low / step + 1e-6), ceil(high / step - 1e-6)
    last = max(last, first + 1)
    ticks = tuple(round(number * step, 12) for number in range(first, last + 1))
    return FigureScale(ticks[0], ticks[-1], ticks)


def close_scale(values: Sequence[float]) -> FigureScale:
    """Return a scale that ends where the values end, with its ticks inside."""
    finite = [value for value in values if isfinite(value)]
    low, high = min(finite), max(finite)
    if high - low < _LEAST:
        low, high = low - _LEAST, high + _LEAST
    ticks = scale_over([low, high], 5).ticks
    return FigureScale(low, high, tuple(tick for tick in ticks if low <= tick <= high))


def percent(value: float) -> str:
    """Return a place for SVG, `12.34%`."""
    return f"{value:.2f}%"


def line(x: tuple[float, float], y: tuple[str, str], kind: str) -> Html:
    """Return a line: x in per cent of the width, y as SVG takes it."""
    return element("line", x1=percent(x[0]), x2=percent(x[1]), y1=y[0], y2=y[1], class_=kind)


def upright(x: float, kind: str) -> Html:
    """Return a line over the whole height."""
    return line((x, x), ("0", "100%"), kind)


def mark(x: str, y: str, shape: str, kind: str = "mark") -> Html:
    """Return a symbol at a place given in per cent, not distorted by the width."""
    return element("svg", element("path", d=SHAPES[shape], class_=kind), x=x, y=y)


def tick_text(tick: float, *, difference: bool) -> str:
    """Return a tick in hundredths, without a needless decimal."""
    if difference:
        return signed(tick).removesuffix(".0")
    return f"{tick * 100:.1f}".removesuffix(".0")


def grid_kind(tick: float) -> str:
    """Return the class of a grid line: the one at zero is stronger."""
    return "zero" if abs(tick) < _NEAR_ZERO else "grid"


def interval(row: FigureRow, scale: FigureScale, *, difference: bool) -> Html:
    """Return the drawing of one dot with its interval; the numbers stand beside it."""
    drawn = [
        upright(scale.at(tick), grid_kind(tick) if difference else "grid") for tick in scale.ticks
    ]
    if row.chance is not None:
        drawn.append(upright(scale.at(row.chance), "chance"))
    if row.threshold is not None:
        drawn.append(upright(scale.at(row.threshold), "threshold"))
    if isfinite(row.low + row.high):
        drawn.append(line((scale.at(row.low), scale.at(row.high)), ("50%", "50%"), "whisker"))
    if isfinite(row.value):
        drawn.append(mark(percent(scale.at(row.value)), "50%", "circle"))
    return element("svg", *drawn, class_="interval", aria_hidden="true")


def axis(scale: FigureScale, *, difference: bool) -> Html:
    """Return the tick labels that stand above a column of intervals, in hundredths."""
    labels = (
        element("text", tick_text(tick, difference=difference), x=percent(scale.at(tick)), y="12")
        for tick in scale.ticks
    )
    return element("svg", *labels, class_="axis", aria_hidden="true")


def scale_of(rows: Sequence[FigureRow], *, difference: bool) -> FigureScale:
    """Return the scale that holds all rows with their marks."""
    values = [x for row in rows for x in (row.low, row.high, row.value)]
    marks = [x for row in rows for x in (row.chance, row.threshold) if x is not None]
    return scale_over([*values, *marks, *([0.0] if difference else [])])


def _number(row: FigureRow) -> Html:
    """Return n, as a link to what it counts where that is known."""
    text = fit("" if row.n is None else str(row.n))
    return element("a", text, href=row.counts, class_="count") if row.counts else text


def interval_table(
    rows: Sequence[FigureRow],
    *,
    head: Html,
    value_head: Html,
    difference: bool,
    scale: FigureScale | None = None,
) -> Html:
    """Return a table of dots with intervals: label, drawing, numbers, n."""
    scale = scale or scale_of(rows, difference=difference)
    body = (
        element(
            "tr",
            element("th", row.label, scope="row"),
            element("td", interval(row, scale, difference=difference), class_="plot"),
            element("td", row.text, class_="number"),
            element("td", _number(row), class_="number n"),
            class_=row.tone,
        )
        for row in rows
    )
    top = element(
        "tr",
        element("th", head, scope="col"),
        element("td", axis(scale, difference=difference), class_="plot"),
        element("th", value_head, scope="col", class_="number"),
        element("th", word("n"), scope="col", class_="number n"),
    )
    return element("table", element("thead", top), element("tbody", *body), class_="intervals")
