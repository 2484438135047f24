"""How tables of terms are read: what a project says under `terms.tables`."""

from typing import Annotated

from msgspec import Meta, Struct

LineNumber = Annotated[int, Meta(ge=1)]


class TableSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What `terms import` asks of tables where a guess would not be safe: its options by name."""

    columns: dict[str, str] = {}  # a header, or a column's number → what it holds, e.g. `term ja`
    separators: tuple[str, ...] = ()  # between several terms of one cell; none: a cell is one term
    header_rows: tuple[LineNumber, ...] = ()  # the lines the header stands in; none: looked for
    no_header: bool = False  # there is none: columns are named by their numbers
    sheets: tuple[str, ...] = ()  # of a workbook; none: all that are visible
    encoding: str = ""  # of text; none: found out
    status: dict[str, str] = {}  # as the file writes it → approved, admitted, forbidden, pending
    cells: dict[str, str] = {}  # kind of odd cell → what is done with it, e.g. `struck: take`
