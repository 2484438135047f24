"""Raw rows of text tables: encoding, separator and quoting found out, every cell kept as text."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from lexgraft.errors import LexgraftError
from lexgraft.terms.readers.file_start import unpacked

Cells = tuple[int, list[str]]
"""A row's line number and its cells."""


def read_text(path: Path) -> str:
    """Return a text file's content: UTF-16 only with its mark, else UTF-8, else CP932.

    Raises:
        LexgraftError: it is none of them.
    """
    with unpacked(path) as file:
        data = file.read()
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise LexgraftError("neither UTF-8 nor CP932 text", where=str(path), cure="save it as UTF-8")


def text_rows(path: Path) -> Iterator[Cells]:
    """Yield the rows of a CSV or TSV file that say something.

    Tab-separated files have no quoting (a `"` is a character); others follow RFC 4180.

    Raises:
        LexgraftError: a broken row, named by its line.
    """
    yield from split_rows(read_text(path), str(path))


def split_rows(text: str, where: str, separator: str = "") -> Iterator[Cells]:
    """Yield the rows of a text; the separator is the one its first line has most of."""
    mark = separator or separator_of(text)
    tabs = mark == "\t"
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=mark,
        quoting=csv.QUOTE_NONE if tabs else csv.QUOTE_MINIMAL,
        strict=True,
    )
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise LexgraftError(f"broken row: {error}", where=f"{where}:{reader.line_num}") from error


def separator_of(text: str) -> str:
    """Return what separates the cells: a tab where the first line has one, else `;` or `,`."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    if "\t" in header:
        return "\t"
    return ";" if header.count(";") > header.count(",") else ","
