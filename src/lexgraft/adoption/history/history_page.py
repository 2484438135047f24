"""A history as one HTML file: trend, changes against budget, every term that flipped."""

from collections.abc import Sequence

from lexgraft.adoption.history.history_tables import (
    CHANGES,
    FLIPS,
    RELEASES,
    History,
    all_comparisons,
    by_project,
    change_rows,
    flip_rows,
    release_rows,
)
from lexgraft.adoption.report.markup import Html, element, fit, foreign, join, spoken, word
from lexgraft.adoption.report.plain_page import plain_page

_SHOWN = 2000  # flips of one comparison
_WIDTH, _HEIGHT, _EDGE = 640, 160, 24


def history_page(history: History, subject: str) -> str:
    """Return the page, in English and Japanese, a part per project; names and terms stay text."""
    projects = by_project(history)
    sections = [
        section
        for project in projects
        for section in (
            *([element("h2", foreign(project.releases[0].project))] if len(projects) > 1 else ()),
            *_of_project(project),
        )
    ]
    return plain_page(
        "history_title",
        subject,
        element("p", word("history_note", alpha=f"{history.policy.alpha:.0%}")),
        *sections,
        element("p", join(word("history_head"), " ", element("code", history.head))),
    )


def _of_project(history: History) -> list[Html]:
    """Return trends, releases, changes and flips of one project."""
    flips = flip_rows(all_comparisons(history.gates), _SHOWN, _more)
    return [
        *(_trend(history, group) for group in _groups(history)),
        _table("releases", RELEASES, release_rows(history)[1:]),
        _table("changes", CHANGES, change_rows(history.gates, complete=True)[1:]),
        _table("flips", FLIPS, flips[1:]),
    ]


def _more(count: int) -> Html:
    return word("history_more", count=f"{count:,}")


def _groups(history: History) -> list[str]:
    return list(dict.fromkeys(s.group for release in history.releases for s in release.known))


def _trend(history: History, group: str) -> Html:
    """Return the share known in one direction over the releases; the table below says it too."""
    scores = [
        next((s for s in release.known if s.group == group), None) for release in history.releases
    ]
    step = (_WIDTH - 2 * _EDGE) / max(1, len(scores) - 1)
    marks = [
        join(
            element("line", x1=x, x2=x, y1=_y(score.low), y2=_y(score.high), stroke="#8894a0"),
            element("circle", cx=x, cy=_y(score.value), r=4, fill="#1d5f8a"),
        )
        for number, score in enumerate(scores)
        if score is not None
        for x in [round(_EDGE + number * step, 1)]
    ]
    label = join(spoken("history_known"), ": ", fit(group))
    return element(
        "figure",
        element("figcaption", label),
        element("svg", *marks, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", aria_label=label),
    )


def _y(value: float) -> float:
    return round(_HEIGHT - _EDGE - value * (_HEIGHT - 2 * _EDGE), 1)


def _table(name: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Html:
    keys = (f"history_{column.replace(' ', '_')}" for column in columns)
    top = element("tr", *(element("th", spoken(key), scope="col") for key in keys))
    body = [element("tr", *(element("td", foreign(cell)) for cell in row)) for row in rows]
    table = element(
        "table",
        element("caption", spoken(f"history_{name}")),
        element("thead", top),
        element("tbody", *body),
    )
    return element("div", table, class_="wide", tabindex=0)
