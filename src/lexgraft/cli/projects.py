"""Models at hand: folders, or Hub ids in the local cache, fetched on request; a project's too."""

import argparse
from pathlib import Path

import msgspec

from lexgraft.project import Project, read_project


def download_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--download`."""
    parser.add_argument(
        "--download", action="store_true", help="fetch models named by a Hub id (never unasked)"
    )


def open_project(path: Path, *, download: bool) -> Project:
    """Return the project of a file, its models named by the folders they lie in.

    Raises:
        LexgraftError: no such project, or a model that is neither a folder nor in the Hub's cache.
    """
    from lexgraft.files.hub import named_model

    project = read_project(path)
    near, models = path.resolve().parent, project.models

    def found(text: str) -> str:
        return str(named_model(text, near, download=download))

    replace = msgspec.structs.replace
    return replace(
        project,
        models=replace(
            models,
            base=found(models.base),
            language=found(models.language),
            domain=found(models.domain),
        ),
    )
