"""Grids of numbers as heat maps: one self-contained page, numbers readable without colour."""

from collections.abc import Sequence
from math import isfinite

from lexgraft.adoption.report.markup import Html, element, fit, join
from lexgraft.adoption.report.plain_page import still_page
from lexgraft.records import Grid

_COLD, _PALE, _WARM = (33, 102, 172), (247, 247, 247), (178, 24, 43)  # readable by the colour-blind
_DARK = 0.62  # strength from which the number is printed in white
_STYLE = """
body { max-width: 62rem; } h2 { margin-bottom: .2rem; }
p { margin: 0 0 .6rem; color: #5b6570; } li { margin: .3rem 0; }
table { border-collapse: collapse; }
th { font-weight: 500; padding: .15rem .6rem; text-align: right; }
td { padding: .15rem .6rem; min-width: 5rem; text-align: center; }
"""


def heat_page(title: str, notes: Sequence[str], grids: Sequence[Grid]) -> str:
    """Return an HTML page with a heat map per grid; nothing is loaded from elsewhere."""
    remarks = element("ul", *(element("li", note) for note in notes)) if notes else ""
    return still_page(title, _STYLE, join(element("h1", title), remarks, *map(_map, grids)))


def _map(grid: Grid) -> Html:
    """Return one heat map as a table: layers down, parts across."""
    finite = [x for row in grid.values for x in row if x is not None and isfinite(x)]
    corner = element("th", "layer", scope="col")
    top = element("tr", corner, *(element("th", name, scope="col") for name in grid.columns))
    rows = [
        element(
            "tr",
            element("th", name, scope="row"),
            *(_cell(value, finite, grid.middle) for value in values),
        )
        for name, values in zip(grid.rows, grid.values, strict=True)
    ]
    table = element("table", element("thead", top), element("tbody", *rows))
    return join(element("h2", grid.title), element("p", grid.note), table)


def _cell(value: float | None, finite: Sequence[float], middle: float | None) -> Html:
    """Return one number on its colour."""
    if value is None or not isfinite(value):
        return element("td", "")
    low, high = min(finite), max(finite)
    if middle is None:
        strength, end = (value - low) / (high - low) if high > low else 0.0, _COLD
    else:
        reach = max(abs(low - middle), abs(high - middle))
        strength = abs(value - middle) / reach if reach else 0.0
        end = _WARM if value > middle else _COLD
    shade = [round(p + (e - p) * strength) for p, e in zip(_PALE, end, strict=True)]
    ink = "#fff" if strength > _DARK else "#1d2329"
    style = f"background: rgb({shade[0]}, {shade[1]}, {shade[2]}); color: {ink}"
    return element("td", fit(f"{value:.3g}"), style=style)
