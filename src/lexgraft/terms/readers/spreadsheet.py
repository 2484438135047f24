"""Raw rows of Excel workbooks (XLSX), through openpyxl in its streaming mode."""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path

from lexgraft.errors import LexgraftError
from lexgraft.terms.readers.file_start import FileStart
from lexgraft.terms.readers.text_tables import Cells

_LARGEST = 1 << 30  # bytes of one part when unpacked
_WORKBOOK = "xl/workbook.xml"


def recognise_workbook(start: FileStart) -> str:
    """Return why a file is an Excel workbook, or nothing.

    Raises:
        LexgraftError: it is another archive.
    """
    if not start.data.startswith(b"PK\x03\x04"):
        return ""
    try:
        with zipfile.ZipFile(start.path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise LexgraftError(
            "a damaged archive", where=str(start.path), cure="save the workbook again"
        ) from error
    if _WORKBOOK in names:
        return f"a zip archive with {_WORKBOOK}: an Excel workbook"
    raise LexgraftError(
        "an archive that is no workbook", where=str(start.path), cure="unpack it first"
    )


def sheets(path: Path) -> Iterator[tuple[str, Iterator[Cells]]]:
    """Yield (name, rows) of every visible sheet, each to be read before the next.

    Cells are text: whole numbers without a fraction, dates as ISO 8601; a formula's last value.

    Raises:
        LexgraftError: openpyxl is not installed; a file that is damaged, or unpacks to too much.
    """
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise LexgraftError(
            "reading XLSX needs openpyxl", cure="pip install 'lexgraft[xlsx]', or save it as CSV"
        ) from error
    _refuse_bombs(path)
    with path.open("rb") as file:
        try:
            book = load_workbook(file, read_only=True, data_only=True)
        except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
            raise LexgraftError(f"not an Excel workbook: {error}", where=str(path)) from error
        for sheet in book.worksheets:
            if sheet.sheet_state == "visible":
                yield sheet.title, _rows(sheet.iter_rows(values_only=True))


def _rows(rows: Iterator[tuple[object, ...]]) -> Iterator[Cells]:
    for number, row in enumerate(rows, 1):
        cells = [_text(cell) for cell in row]
        if any(cell.strip() for cell in cells):
            yield number, cells


def _text(cell: object) -> str:
    """Return a cell as it is read by a person."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, datetime | date | time) else str(cell)


def _refuse_bombs(path: Path) -> None:
    """Raise for parts that are too large to be a term list, or that declare entities."""
    try:
        with zipfile.ZipFile(path) as archive:
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
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise LexgraftError(f"a damaged workbook: {error}", where=str(path)) from error
