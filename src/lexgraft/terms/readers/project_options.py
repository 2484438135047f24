"""What a project says of its term files, as options of every reader."""

from collections.abc import Sequence

import msgspec

from lexgraft.files.table_settings import TableSettings
from lexgraft.terms.readers.import_options import ImportOptions


def options_of(tables: TableSettings, called: Sequence[str] = ()) -> ImportOptions:
    """Return how a project's term files are read, and under which tags its languages are wanted."""
    return ImportOptions(called=tuple(called), **msgspec.structs.asdict(tables))
