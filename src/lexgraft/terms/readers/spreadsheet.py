"""Raw rows of workbooks: XLSX through openpyxl, old XLS and ODS through calamine."""

import io
import zipfile
import zlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from lexgraft.errors import LexgraftError, nearest
from lexgraft.terms.readers.file_start import FileStart
from lexgraft.terms.readers.not_tables import OPEN_DOCUMENT, WORKBOOK
from lexgraft.terms.readers.raw_table import RawTable
from lexgraft.terms.readers.text_tables import Cells

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_LARGEST = 1 << 30  # bytes of one part when unpacked
_LARGE = 1 << 26  # bytes of all parts from which only values are read, as a stream
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LONGEST = 300  # characters of what a library says
_DAMAGED = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError, SyntaxError),
    *(TypeError, ValueError, zipfile.BadZipFile, zlib.error),
)
_TEXTS_ALONE = (
    "of such a workbook only texts are read: hidden rows, struck cells and cells that are merged"
    " downwards are not seen; where there are some, save it as XLSX"
)
NO_VALUE = "a formula without a stored value"
RECALCULATE = "open the workbook in Excel or LibreOffice and save it"
_INSTALL = "pip install 'lexgraft[xlsx]', or save it as CSV"


def recognise_workbook(start: FileStart) -> str:
    """Return why a file is a workbook, or nothing."""
    if start.data.startswith(_COMPOUND):
        return "a compound file: an Excel workbook of before 2007 (XLS), or one with a password"
    if not start.data.startswith(b"PK\x03\x04"):
        return ""
    try:
        with zipfile.ZipFile(start.path) as archive:
            names = archive.namelist()
            kind = archive.read("mimetype").decode(errors="replace") if "mimetype" in names else ""
    except _DAMAGED:
        return ""
    if WORKBOOK in names:
        return f"a zip archive with {WORKBOOK}: an Excel workbook"
    is_open = kind.strip() == OPEN_DOCUMENT
    return "a zip archive that says so: an OpenDocument workbook (ODS)" if is_open else ""


def sheets(path: Path, named: Sequence[str] = ()) -> list[RawTable]:
    """Return the sheets that are named, else every visible one.

    Cells are text: whole numbers without a fraction, dates as ISO 8601; a formula's last value.
    A merged cell stands in all its places.

    Raises:
        LexgraftError: a library that is not installed; a file that is damaged, or unpacks to too
            much; a sheet that is not there.
    """
    with path.open("rb") as file:
        start = file.read(8)
    is_archive = start.startswith(b"PK")
    if is_archive:
        _refuse_bombs(path)
    tables = _of_openpyxl(path) if is_archive and _has_workbook(path) else _of_calamine(path)
    names = [table.sheet for table, _ in tables]
    for name in named:
        if name not in names:
            raise LexgraftError(f"no sheet `{name}`", where=str(path), cure=nearest(name, names))
    return [table for table, visible in tables if (table.sheet in named if named else visible)]


def _has_workbook(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return WORKBOOK in archive.namelist()


def _of_openpyxl(path: Path) -> list[tuple[RawTable, bool]]:
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise LexgraftError("reading XLSX needs openpyxl", cure=_INSTALL) from error
    with zipfile.ZipFile(path) as archive:
        large = sum(member.file_size for member in archive.infolist()) > _LARGE
    with _told(path):
        data = path.read_bytes()
        book = load_workbook(io.BytesIO(data), read_only=large, data_only=True)
        formulas = load_workbook(io.BytesIO(data)) if not large and _has_formulas(path) else None
        return [
            (
                _streamed(path, sheet)
                if large
                else _whole(sheet, formulas[sheet.title] if formulas else None),
                sheet.sheet_state == "visible",
            )
            for sheet in book.worksheets
        ]


def _has_formulas(path: Path) -> bool:
    """Tell a workbook with a formula, so that it need not be read twice without."""
    with zipfile.ZipFile(path) as archive:
        parts = (name for name in archive.namelist() if name.startswith("xl/worksheets/"))
        return any(b"<f" in archive.read(name) for name in parts)


def _without_value(
    values: Sequence[Sequence[object]], formulas: "Worksheet"
) -> frozenset[tuple[int, int]]:
    """Return line and position of formulas whose value the program that wrote them left out."""
    return frozenset(
        (line, position)
        for line, row in enumerate(formulas.iter_rows(), 1)
        for position, cell in enumerate(row)
        if cell.data_type == "f" and values[line - 1][position] is None
    )


def _notes_of_formulas(empty: frozenset[tuple[int, int]]) -> tuple[str, ...]:
    """Return a line for each column with formulas that have no value."""
    from openpyxl.utils import get_column_letter

    lines: dict[int, list[int]] = {}
    for line, position in sorted(empty):
        lines.setdefault(position, []).append(line)
    return tuple(
        f"column {get_column_letter(position + 1)}: {len(where)} × {NO_VALUE} (line"
        f" {', '.join(map(str, where[:3]))}{' …' * (len(where) > 3)}): {RECALCULATE}"
        for position, where in sorted(lines.items())
    )


@contextmanager
def _told(path: Path) -> Generator[None]:
    """Turn what is raised of a damaged workbook into a message: openpyxl checks little."""
    try:
        yield
    except _DAMAGED as error:
        what = f"{type(error).__name__}: {error}"[:_LONGEST]
        raise LexgraftError(
            f"not an Excel workbook, or a damaged one: {what}",
            where=str(path),
            cure="save it again, or as CSV",
        ) from error


def _streamed(path: Path, sheet: "Worksheet") -> RawTable:
    """Return a sheet of a large workbook: its values alone."""
    rows = _rows(_each(path, sheet.iter_rows(values_only=True)))
    note = (
        "a large workbook: merged cells, hidden rows, strike-through and formulas are not looked at"
    )
    return RawTable(rows, sheet.title, notes=(note,))


def _each(path: Path, rows: Iterator[tuple[object, ...]]) -> Iterator[tuple[object, ...]]:
    """Yield rows as they are read; damage is a message wherever it lies."""
    with _told(path):
        yield from rows


def _whole(sheet: "Worksheet", formulas: "Worksheet | None") -> RawTable:
    """Return a sheet with what its cells look like."""
    values = [list(row) for row in sheet.iter_rows(values_only=True)]
    empty = _without_value(values, formulas) if formulas else frozenset[tuple[int, int]]()
    continued: dict[tuple[int, int], int] = {}
    merged: set[int] = set()
    for area in sheet.merged_cells.ranges:
        first, last = area.min_row, min(area.max_row, len(values))
        merged.update(range(first, last + 1) if area.max_col > area.min_col else ())
        for line in range(first, last + 1):
            for column in range(area.min_col, area.max_col + 1):
                if column <= len(values[line - 1]):
                    values[line - 1][column - 1] = values[first - 1][area.min_col - 1]
                if line > first and values[first - 1][area.min_col - 1] is not None:
                    continued[line, column - 1] = first
    hidden = (line for line, row in sheet.row_dimensions.items() if row.hidden)
    struck = (
        (cell.row, cell.column - 1)
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None and cell.has_style and cell.font.strike
    )
    return RawTable(
        _rows(values),
        sheet.title,
        hidden=frozenset(hidden),
        struck=frozenset(struck),
        merged=frozenset(merged),
        continued=continued,
        empty_formulas=empty,
        notes=_notes_of_formulas(empty),
    )


def _of_calamine(path: Path) -> list[tuple[RawTable, bool]]:
    try:
        from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum
    except ImportError as error:
        raise LexgraftError("reading XLS and ODS needs python-calamine", cure=_INSTALL) from error
    try:
        book = CalamineWorkbook.from_path(path)
        tables: list[tuple[RawTable, bool]] = []
        for sheet in book.sheets_metadata:
            if sheet.typ == SheetTypeEnum.WorkSheet:
                values = book.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
                table = RawTable(
                    _rows(values), sheet.name, has_texts_alone=True, notes=(_TEXTS_ALONE,)
                )
                tables.append((table, sheet.visible == SheetVisibleEnum.Visible))
    except Exception as error:  # calamine's own errors share no class but this
        raise LexgraftError(
            f"no workbook that can be read: {error}",
            where=str(path),
            cure="save it without a password, as XLSX",
        ) from error
    return tables


def _rows(rows: Iterable[Sequence[object]]) -> Iterator[Cells]:
    for number, row in enumerate(rows, 1):
        cells = [_text(cell) for cell in row]
        if any(cell.strip() for cell in cells):
            yield number, cells


def _text(cell: object) -> str:
    """Return a cell as it is read by a person."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, datetime | date | time) else str(cell)


def _refuse_bombs(path: Path) -> None:
    """Raise for parts that are too large to be a term list, or that declare entities."""
    with _told(path), zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.file_size > _LARGEST:
                raise LexgraftError(
                    f"`{member.filename}` unpacks to {member.file_size >> 20} MB",
                    where=str(path),
                    cure="save the sheet as CSV",
                )
            with archive.open(member) as file:
                if b"<!DOCTYPE" in file.read(4096):
                    raise LexgraftError(f"`{member.filename}` has a DOCTYPE", where=str(path))
