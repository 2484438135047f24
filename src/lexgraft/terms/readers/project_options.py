"""What a project says of its term files, as options of every reader."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from lexgraft.errors import LexgraftError
from lexgraft.files.table_settings import TableSettings
from lexgraft.terms.readers.import_options import ImportOptions


def files_of(names: Sequence[str], key: str) -> list[Path]:
    """Return the term files that a key of a project names.

    Raises:
        LexgraftError: one is not there.
    """
    for name in names:
        if not Path(name).exists():
            raise LexgraftError(
                "no such term base", where=name, cure=f"check `{key}` of the project"
            )
    return [Path(name) for name in names]


def options_of(tables: TableSettings, called: Sequence[str] = ()) -> ImportOptions:
    """Return how a project's term files are read, and under which tags its languages are wanted."""
    return ImportOptions(called=tuple(called), **msgspec.structs.asdict(tables))
