"""The folders of the models that a project names: by paths, Hub ids, or URLs of a store."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from lexgraft.errors import LexgraftError
from lexgraft.files.hub import named_model
from lexgraft.files.store_url import is_url
from lexgraft.records import Progress, silent


class ModelSearch(NamedTuple):
    """Where models are looked for, and what may be done to have them."""

    near: Path  # the project file's folder
    download: bool  # what is not here may be fetched
    progress: Progress = silent  # is told what of a URL is fetched
    merged: bool = False  # they are only merged: of a URL a folder stands in, and ranges are read


def model_folders(named: Mapping[str, str], how: ModelSearch) -> dict[str, str]:
    """Return the folder of every model by its role: what is loaded must lie on this disk.

    Raises:
        LexgraftError: no such model, or it is not here and may not be fetched.
    """
    folders: dict[str, str] = {}
    for role, text in named.items():
        try:
            folders[role] = str(_folder(text, how))
        except LexgraftError as error:
            where = f"`models.{role}`: {error.where}"
            raise LexgraftError(error.what, where=where, cure=error.cure) from error
    return folders


def _folder(text: str, how: ModelSearch) -> Path:
    if not is_url(text):
        return named_model(text, how.near, download=how.download)
    if how.merged:
        from lexgraft.files.stand_ins import place_of  # projects of folders need none of it

        return place_of(text)
    from lexgraft.files.fetched_models import fetched_model

    return fetched_model(text, download=how.download, progress=how.progress)
