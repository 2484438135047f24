"""A table before it is understood: rows of text, and what its file says of them."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from lexgraft.terms.readers.text_tables import Cells


class RawTable(Struct):
    """The rows of one table, and what its file says beyond their texts."""

    rows: Iterator[Cells]
    sheet: str = ""
    encoding: str = ""
    encoding_reason: str = ""
    rivals: tuple[str, ...] = ()  # encodings in which it is another text
    separator: str = ""
    hidden: frozenset[int] = frozenset()  # lines
    struck: frozenset[tuple[int, int]] = frozenset()  # line and position of cells
    merged: frozenset[int] = frozenset()  # lines with a cell that is merged over columns
    continued: dict[tuple[int, int], int] = {}  # line, position → merged with which line
    empty_formulas: frozenset[tuple[int, int]] = frozenset()  # line and position: without a value
    has_texts_alone: bool = False  # hidden rows and strike-through are not seen
    notes: tuple[str, ...] = ()  # what could not be looked at


def head_and_rest(table: RawTable, count: int) -> tuple[list[Cells], Iterator[Cells]]:
    """Return the first rows of a table, and those that follow."""
    head: list[Cells] = []
    for row in table.rows:
        head.append(row)
        if len(head) == count:
            break
    return head, table.rows


def cell_at(cells: Sequence[str], position: int) -> str:
    """Return a cell without the space around it; nothing where the row is too short."""
    return cells[position].strip() if position < len(cells) else ""
