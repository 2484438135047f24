"""The report in a run's folder: report.json, report.html, terms.csv, and every single answer."""

from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import structs

from lexgraft.adoption.report.markup import Html, element, join, word
from lexgraft.adoption.report.page import document, render_page
from lexgraft.adoption.report.report_record import Report
from lexgraft.adoption.report.report_tables import scores_csv, terms_csv
from lexgraft.adoption.report.viewer_record import ViewerRecord
from lexgraft.adoption.report.viewer_section import (
    ELSEWHERE,
    FOLDER,
    HERE,
    LARGEST_IN_PAGE,
    sliced_data,
    viewer_section,
    whole_data,
)
from lexgraft.errors import LexgraftError
from lexgraft.files.checked_files import check_content, write_checked_bytes
from lexgraft.files.ownership import claim, is_ours, remove
from lexgraft.records import write_bytes

_T = TypeVar("_T", bound=msgspec.Struct)
VIEWER = "viewer.json"
_AGAIN = "run `lexgraft adopt` again: it only repeats what changed"


def write_report(report: Report, folder: Path, viewer: ViewerRecord | None = None) -> Report:
    """Write report.json, report.html, terms.csv and words.csv, each whole or not at all.

    Returns the report. With single answers viewer.json too; where these are large, the pages of
    `report/` show them. Earlier pages go last: after a kill no page leads to one that is gone.
    """
    if viewer is not None:
        write_checked_bytes(folder / VIEWER, msgspec.json.encode(viewer) + b"\n")
    data, pages = whole_data(report, viewer) if viewer is not None else Html(""), frozenset[str]()
    if viewer is not None and len(data.encode()) > LARGEST_IN_PAGE:
        pages = _write_pages(report, viewer, folder / FOLDER)
        report, data = structs.replace(report, answers_at=ELSEWHERE), Html("")
    else:
        report = structs.replace(report, answers_at=HERE if data else "")
    write_bytes(folder / "terms.csv", terms_csv(report.terms))
    if report.written:
        write_bytes(folder / "words.csv", scores_csv(report.written))
    write_bytes(folder / "report.html", render_page(report, data).encode())
    _remove_pages(folder / FOLDER, pages)
    write_checked_bytes(folder / "report.json", msgspec.json.encode(report) + b"\n")
    return report


def _write_pages(report: Report, viewer: ViewerRecord, folder: Path) -> frozenset[str]:
    """Write the pages that show all questions, then the one that lists them; return their names."""
    claim(folder, FOLDER, folder)
    listed, slices = sliced_data(report, viewer)
    for name, data in {**slices, "index.html": listed}.items():
        back = "../report.html#answers" if name == "index.html" else "index.html#answers"
        key = "answers_back" if name == "index.html" else "answers_list"
        link = element("p", element("a", word(key), href=back))
        page = document(report, join(link, viewer_section()), data)
        write_bytes(folder / name, page.encode())
    return frozenset({*slices, "index.html"})


def _remove_pages(folder: Path, current: frozenset[str]) -> None:
    """Remove the pages of an earlier report; without any of this one also their folder."""
    if not is_ours(folder, FOLDER, folder):
        return
    if not current:
        remove(folder, FOLDER, folder)
        return
    for path in folder.glob("*.html"):
        if path.name not in current:
            path.unlink()


def read_report(path: Path) -> Report:
    """Return the report of a run's report.json.

    Raises:
        LexgraftError: no such file, not a report of this version, or not as it was written.
    """
    if not path.is_file():
        raise LexgraftError("no report here", where=str(path), cure="run `lexgraft adopt` first")
    return _read(path, Report)


def read_viewer(folder: Path) -> ViewerRecord | None:
    """Return the single answers of a run's folder; None: it has none.

    Raises:
        LexgraftError: not those of this version, or not as they were written.
    """
    path = folder / VIEWER
    return _read(path, ViewerRecord) if path.is_file() else None


def _read(path: Path, kind: type[_T]) -> _T:
    check_content(path, _AGAIN, foreign=True)
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        what = f"not a report of this version: {error}"
        raise LexgraftError(what, where=str(path), cure=_AGAIN) from error
