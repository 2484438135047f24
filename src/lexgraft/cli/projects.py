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


def model_folder(text: str, near: Path, *, download: bool) -> Path:
    """Return the folder of a model written as a path, `org/name` or `org/name@revision`.

    Raises:
        UserError: neither a folder nor in the Hub's cache.
    """
    from lexgraft.checkpoint.hub import find_model

    if (near / text).is_dir():
        return (near / text).resolve()
    name, _, revision = text.partition("@")
    return find_model(name, revision or None, near, download=download)


def open_project(path: Path, *, download: bool) -> Project:
    """Return the project of a file, its models named by the folders they lie in.

    Raises:
        UserError: no such project, or a model that is neither a folder nor in the Hub's cache.
    """
    project = read_project(path)
    near, models = path.resolve().parent, project.models

    def found(text: str) -> str:
        return str(model_folder(text, near, download=download))

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
