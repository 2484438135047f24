"""GROWS  Readers: term-base formats → Concept, recognised by what a file starts with."""

import gzip
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from lexgraft.errors import UserError
from lexgraft.readers.jmdict import read_jmdict
from lexgraft.readers.obo import read_obo
from lexgraft.readers.table import read_table
from lexgraft.records import Concept, read_lines

Reader = Callable[[Path], list[Concept]]

_START = 4096  # bytes looked at
_FORMS = "JSON lines of Concept, OBO, JMdict XML, or a CSV or TSV table with a header"


def read_concepts(paths: Sequence[Path]) -> list[Concept]:
    """Return the concepts of all files, file by file, in file order.

    Raises:
        UserError: a file that is missing, empty or of an unknown form; an id that occurs twice; a
            concept without an id or with a blank term.
    """
    concepts: list[Concept] = []
    origin: dict[str, Path] = {}
    for path in paths:
        found = _reader(path)(path)
        if not found:
            raise UserError("no concepts in the term base", where=str(path), cure=f"give {_FORMS}")
        for concept in found:
            _check(concept, path)
            if concept.id in origin:
                raise UserError(
                    f"concept `{concept.id}` occurs twice, first in {origin[concept.id]}",
                    where=str(path),
                    cure="keep one of them, or give one another id",
                )
            origin[concept.id] = path
        concepts += found
    return concepts


def _check(concept: Concept, path: Path) -> None:
    """Refuse what no question could be made of."""
    if not concept.id.strip():
        raise UserError("a concept without an id", where=str(path), cure="give every concept an id")
    if not concept.terms or not all(term.text.strip() for term in concept.terms):
        raise UserError(
            f"concept `{concept.id}` has no term, or a blank one",
            where=str(path),
            cure="write the term or leave the concept out",
        )


def _reader(path: Path) -> Reader:
    """Return what reads a file, by its first bytes."""
    start = _start(path)
    if not start.strip():
        raise UserError("the term base is empty", where=str(path), cure=f"give {_FORMS}")
    if start.lstrip().startswith(b"{"):
        return partial(read_lines, kind=Concept)
    if start.startswith(b"format-version:"):
        return read_obo
    return read_jmdict if b"<JMdict" in start or b"<!DOCTYPE JMdict" in start else read_table


def _start(path: Path) -> bytes:
    """Return a file's first bytes, unpacked when it is gzip, without a byte order mark."""
    if not path.is_file():
        raise UserError("no such term base", where=str(path), cure="check `terms.files`")
    with path.open("rb") as file:
        start = file.read(_START)
    if start.startswith(b"\x1f\x8b"):
        try:
            with gzip.open(path) as packed:
                start = packed.read(_START)
        except (OSError, EOFError) as error:
            raise UserError(f"damaged gzip file: {error}", where=str(path)) from error
    return start.removeprefix(b"\xef\xbb\xbf")
