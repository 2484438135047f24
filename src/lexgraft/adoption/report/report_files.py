"""The report in a run's folder: report.json, report.html, terms.csv."""

from pathlib import Path

import msgspec

from lexgraft.adoption.report.page import render_page
from lexgraft.adoption.report.report_record import Report
from lexgraft.adoption.report.report_tables import terms_csv
from lexgraft.errors import LexgraftError
from lexgraft.files.checked_files import check_content, write_checked_bytes
from lexgraft.records import write_bytes


def write_report(report: Report, folder: Path) -> None:
    """Write report.json, report.html and terms.csv, each whole or not at all."""
    write_bytes(folder / "terms.csv", terms_csv(report.terms))
    write_bytes(folder / "report.html", render_page(report).encode())
    write_checked_bytes(folder / "report.json", msgspec.json.encode(report) + b"\n")


def read_report(path: Path) -> Report:
    """Return the report of a run's report.json.

    Raises:
        LexgraftError: no such file, not a report of this version, or not as it was written.
    """
    if not path.is_file():
        raise LexgraftError("no report here", where=str(path), cure="run `lexgraft adopt` first")
    check_content(path, "run `lexgraft adopt` again: it only repeats what changed", foreign=True)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Report)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LexgraftError(
            f"not a report of this version: {error}",
            where=str(path),
            cure="run `lexgraft adopt` again: it only repeats what changed",
        ) from error
