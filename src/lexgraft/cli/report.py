"""The verb `report`: the page of a run again, from its record."""

import argparse
from pathlib import Path

from lexgraft.cli.output import print_line
from lexgraft.cli.verb_parser import VerbParser, verb
from lexgraft.errors import LexgraftError


def _report(parser: VerbParser) -> None:
    parser.add_argument("run", type=Path, help="the folder of a finished adoption")


@verb(_report)
def report(arguments: argparse.Namespace) -> int:
    """Write report.html, terms.csv and pages of answers again from report.json and viewer.json.

    Example:
      lexgraft report runs/medical-ja
    """
    from lexgraft.adoption.report import read_report, read_viewer, write_report
    from lexgraft.files.ownership import check_outputs
    from lexgraft.files.run_folder import HELD

    record = read_report(arguments.run / "report.json")
    pages = [arguments.run / name for name in ("report.html", "terms.csv")]
    check_outputs([*pages, arguments.run / "report.json"], ())
    page = next((page for page in pages if page.exists()), None)
    if page is not None and not (arguments.run / HELD).is_file():
        raise LexgraftError(
            "this is no run's folder, and the file is there already",
            where=str(page),
            cure="move it away: nothing is overwritten",
        )
    write_report(record, arguments.run, read_viewer(arguments.run))
    print_line(f"report: {arguments.run / 'report.html'}")
    return 0
