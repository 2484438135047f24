"""Files of running text → documents: an id and a text count once, a blank text not at all."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

from msgspec import structs

from lexgraft.errors import LexgraftError
from lexgraft.records import Document, read_lines

FEWEST_OF_REGISTER = 16  # documents, by half of which a register is judged


class RunningText(NamedTuple):
    """The documents of some files, and how many were left out."""

    documents: list[Document]
    repeated: int = 0  # texts that occur again
    blank: int = 0

    def notes(self, where: str) -> list[str]:
        """Return what a reader is told about what was left out."""
        counts = (
            (self.repeated, "texts that occur again and count once"),
            (self.blank, "blank texts, left out"),
        )
        return [f"{where}: {what}: {count}" for count, what in counts if count]


def read_running_text(path: Path) -> RunningText:
    """Return the documents of a file of JSON lines, in its order.

    Two lines with one text, white space aside, are one document: n counts texts.

    Raises:
        LexgraftError: the file is missing, a line is no Document, an id occurs twice, or all texts
            of one language and register are blank.
    """
    lines: dict[str, int] = {}
    rows = read_lines(path, Document)
    for line, document in enumerate(rows, 1):
        first = lines.setdefault(document.id, line)
        if first != line:
            raise LexgraftError(
                f"the document id {document.id!a} occurs twice, first in line {first}",
                where=f"{path}:{line}",
                cure="give every document of a file an id of its own",
            )
    written = [document for document in rows if document.text.strip()]
    _refuse_blank(path, rows, written)
    kept = _distinct(written)
    return RunningText(kept, len(written) - len(kept), len(rows) - len(written))


def united(texts: Iterable[Sequence[Document]]) -> list[list[Document]]:
    """Return the documents of several files: ids told apart by the file, a text in the first alone.

    Example:
        >>> one = Document("0", "ja", "news", "雨が降る。")
        >>> two = Document("0", "en", "news", "It rains.")
        >>> [[d.id for d in file] for file in united([[one], [two, one]])]
        [['0:0'], ['1:0']]
    """
    taken: set[bytes] = set()
    return [
        [structs.replace(document, id=f"{number}:{document.id}") for document in kept]
        for number, documents in enumerate(texts)
        for kept in [_distinct(documents, taken)]
    ]


def balanced_registers(documents: Sequence[Document]) -> list[Document]:
    """Return the documents with their registers in turns, each in its order.

    So that however many are taken, every register has its part. A register with fewer than
    `FEWEST_OF_REGISTER` documents beside larger ones is left out: too few to be judged by.

    Example:
        >>> texts = [Document(str(n), "en", "ab"[n > 1], f"text {n}") for n in range(4)]
        >>> [document.id for document in balanced_registers(texts)]
        ['0', '2', '1', '3']
    """
    registers: dict[tuple[str, str], list[Document]] = {}
    for document in documents:
        registers.setdefault((document.language, document.register), []).append(document)
    large = [group for group in registers.values() if len(group) >= FEWEST_OF_REGISTER]
    rows = zip_longest(*(large or registers.values()))
    return [document for row in rows for document in row if document is not None]


def _refuse_blank(path: Path, rows: Sequence[Document], written: Sequence[Document]) -> None:
    there = {(document.language, document.register) for document in written}
    for document in rows:
        if (document.language, document.register) not in there:
            raise LexgraftError(
                f"all texts of {document.language}/{document.register} are blank",
                where=str(path),
                cure="give texts to measure on, or take these lines out",
            )


def _distinct(documents: Iterable[Document], taken: set[bytes] | None = None) -> list[Document]:
    """Return the documents whose text is not among those taken, and add theirs."""
    taken = set() if taken is None else taken
    kept: list[Document] = []
    for document in documents:
        mark = sha256(" ".join(normalize("NFC", document.text).split()).encode()).digest()
        if mark not in taken:
            taken.add(mark)
            kept.append(document)
    return kept
