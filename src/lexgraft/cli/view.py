"""The verb `view`: a run's report and its progress, in a browser on this machine."""

import argparse
import re
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lexgraft.cli.output import print_line
from lexgraft.cli.verb_parser import VerbParser, port_number, verb
from lexgraft.errors import LexgraftError

if TYPE_CHECKING:
    from lexgraft.serving.loopback_pages import PageFinder

_FILES: Final = {
    "/report.html": "text/html",
    "/report.json": "application/json",
    "/viewer.json": "application/json",
    "/terms.csv": "text/csv",
}
_PAGE: Final = re.compile(r"/report/(index|answers-[0-9]{4,})\.html")


def _view(parser: VerbParser) -> None:
    parser.add_argument("run", type=Path, help="the folder of an adoption, finished or under way")
    parser.add_argument("--port", type=port_number, default=8080, help="where to listen (8080)")


@verb(_view)
def view(arguments: argparse.Namespace) -> int:
    """Show a run's report in a browser on this machine, and its progress while it goes on.

    Example:
      lexgraft view runs/medical-ja

    Nothing is written. The address it prints has a token in it: nobody without it sees anything,
    neither from elsewhere nor another user of this machine. Ctrl-C ends it. A finished report
    needs no server: report.html opens by itself.
    """
    from lexgraft.files.run_folder import HELD
    from lexgraft.serving.loopback_pages import open_pages

    if not any((arguments.run / name).is_file() for name in (HELD, "report.json")):
        raise LexgraftError(
            "no run here", where=str(arguments.run), cure="name the `output` of a project"
        )
    say = partial(print_line, errors=True)
    server = open_pages(run_pages(arguments.run), arguments.port, say)
    print_line(f"{server.address} shows {arguments.run}; Ctrl-C ends it")
    with server, suppress(KeyboardInterrupt):
        server.serve_forever()
    return 0


def run_pages(folder: Path) -> "PageFinder":
    """Return what finds the pages of a run: those that a report has, and how far the run is."""
    import msgspec

    from lexgraft.adoption.report.progress_page import progress_page
    from lexgraft.adoption.run_progress import run_progress
    from lexgraft.evaluation.cost_log import CostLog
    from lexgraft.serving.loopback_pages import ServedPage

    costs = CostLog(folder)

    def find(path: str) -> ServedPage | str | None:
        if path == "/":
            progress = run_progress(folder, costs)
            return "/report.html" if progress.report and not progress.running else "/progress"
        if path == "/progress":
            page = progress_page(folder.resolve().name, run_progress(folder, costs))
            return ServedPage(page.encode(), "text/html")
        if path == "/progress.json":
            return ServedPage(msgspec.json.encode(run_progress(folder, costs)), "application/json")
        kind = _FILES.get(path) or ("text/html" if _PAGE.fullmatch(path) else "")
        file = folder / path.lstrip("/")
        if not kind or file.is_symlink() or file.parent.is_symlink() or not file.is_file():
            return None
        return ServedPage(file.read_bytes(), kind)

    return find
