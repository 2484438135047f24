"""The formats of term bases that are known, each with its reader."""

from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept
from lexgraft.terms.readers.file_start import FileStart
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions

ConceptAtLine = tuple[int, Concept]
"""The line of the file where a concept starts, and the concept."""
Recognise = Callable[[FileStart], str]
"""Returns why a file is of a format, or nothing."""
Read = Callable[[Path, ImportOptions, ImportLog], Iterator[ConceptAtLine]]


class Format(Struct, frozen=True):
    """A format of term bases."""

    name: str
    recognise: Recognise
    read: Read
    adds: bool = False  # its concepts add terms to those of other files with the same ids
    unique: bool = False  # it never yields one id twice
    local_ids: bool = False  # its ids are counted in the file, and another's may be the same
    fallback: bool = False  # claims whatever no other format does

    @property
    def is_foreign(self) -> bool:
        """Whether another package, or a file of the user's, reads it."""
        return not str(self.read.__module__).startswith("lexgraft.")


FORMATS: list[Format] = []


def reader(
    name: str,
    recognise: Recognise,
    *,
    adds: bool = False,
    unique: bool = False,
    local_ids: bool = False,
    fallback: bool = False,
) -> Callable[[Read], Read]:
    """Return a decorator that makes a function the reader of a format.

    Args:
        name: the format's name, shown in reports.
        recognise: returns why a file is of this format by how it starts, or nothing.
        adds: its concepts add terms to those of other files with the same ids.
        unique: it never yields one id twice.
        local_ids: its ids are counted in the file, and another file's may be the same.
        fallback: it claims whatever no other format does.

    Raises:
        LexgraftError: there is another reader of this name.
    """

    def register(read: Read) -> Read:
        earlier = next((form for form in FORMATS if form.name == name), None)
        if earlier is not None:
            if earlier.read.__module__ != read.__module__:
                raise LexgraftError(
                    f"there is a reader `{name}` already", cure="give the format another name"
                )
            FORMATS.remove(earlier)
        FORMATS.append(Format(name, recognise, read, adds, unique, local_ids, fallback))
        return read

    return register
