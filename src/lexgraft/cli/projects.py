"""The option of all verbs that open models: may what a Hub id names be fetched?"""

import argparse
from pathlib import Path

from lexgraft.cli.compute_options import with_compute
from lexgraft.cli.progress import ProgressBars
from lexgraft.project import Project, load_project


def download_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--download`."""
    parser.add_argument(
        "--download",
        action="store_true",
        help="fetch models named by a Hub id or, in a project, a URL (never unasked)",
    )


def open_project(path: Path, arguments: argparse.Namespace) -> Project:
    """Return the project of a file with what the command line changes of it; see `load_project`."""
    with ProgressBars() as bars:
        project = load_project(path, download=arguments.download, progress=bars)
    return with_compute(project, arguments)
