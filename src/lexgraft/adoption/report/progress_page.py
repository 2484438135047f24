"""How far a run is, as a page that looks again every second."""

from typing import Literal, get_args

from msgspec import Struct

from lexgraft.adoption.report.markup import Html, element, word
from lexgraft.adoption.report.page import framed
from lexgraft.adoption.report.page_parts import name

StageState = Literal["finished", "running", "waiting", "left out"]
_HEADS = ("stage", "progress_state", "time", "foreseen", "progress_answers")


class StageProgress(Struct, frozen=True):
    """One stage: what it has taken in all its runs, beside what was foreseen."""

    stage: str
    state: StageState
    seconds: float
    answers: int  # that models gave in it
    foreseen: float | None = None


class RunProgress(Struct, frozen=True):
    """A run as it stands."""

    running: bool
    stages: tuple[StageProgress, ...]
    report: bool  # whether there is one


def progress_page(project: str, progress: RunProgress) -> str:
    """Return the page of a run as it stands; its script keeps it so."""
    scripts = ("page.js", "progress.js")
    return framed(project, "progress", _main(progress), scripts, allowed="; connect-src 'self'")


def _main(progress: RunProgress) -> Html:
    heads = (element("th", word(head), scope="col") for head in _HEADS)
    table = element(
        "table",
        element("thead", element("tr", *heads)),
        element("tbody", *map(_row, progress.stages), id="progress-rows"),
        class_="plain",
    )
    report = element(
        "p",
        element("a", word("progress_report"), href="/report.html"),
        id="progress-report",
        hidden=None if progress.report else "",
    )
    return element("section", _said(progress), report, element("div", table, class_="wide"))


def _said(progress: RunProgress) -> Html:
    """Return whether the run goes on, told aloud when that changes."""
    running, resting = (None, "") if progress.running else ("", None)
    return element(
        "p",
        element("span", word("progress_running"), id="progress-running", hidden=running),
        element("span", word("progress_resting"), id="progress-resting", hidden=resting),
        role="status",
    )


def _row(row: StageProgress) -> Html:
    states = (
        element(
            "span",
            word(f"progress {state}"),
            data_state_word=state,
            hidden=None if state == row.state else "",
        )
        for state in get_args(StageState)
    )
    return element(
        "tr",
        element("th", name(row.stage), scope="row"),
        element("td", *states),
        element("td", _time(row.seconds), class_="number taken"),
        element("td", _time(row.foreseen), class_="number foreseen"),
        element("td", f"{row.answers:,}", class_="number given"),
        data_stage=row.stage,
    )


def _time(seconds: float | None) -> str:
    """Return hours, minutes and seconds as the script writes them."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
