"""The option of all verbs that open models: may what a Hub id names be fetched?"""

import argparse
from pathlib import Path

from lexgraft.project import Project, load_project


def download_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--download`."""
    parser.add_argument(
        "--download", action="store_true", help="fetch models named by a Hub id (never unasked)"
    )


def open_project(path: Path, *, download: bool) -> Project:
    """Return the project of a file; see `load_project`."""
    return load_project(path, download=download)
