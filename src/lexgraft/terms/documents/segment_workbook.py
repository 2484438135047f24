"""Rows as an Excel workbook, every cell a text: what a formula would be is none."""

import io
import re
from collections.abc import Iterable, Sequence

from lexgraft.errors import LexgraftError

_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LONGEST = 32_767  # characters of a cell


def workbook(rows: Iterable[Sequence[str]]) -> bytes:
    """Return a workbook of one sheet; the first row is its header and stays in sight.

    Raises:
        LexgraftError: openpyxl is not installed.
    """
    try:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
    except ImportError as error:
        raise LexgraftError(
            "writing XLSX needs openpyxl", cure="pip install 'lexgraft[xlsx]'"
        ) from error
    book = Workbook(write_only=True)
    sheet = book.create_sheet("check")
    sheet.freeze_panes = "A2"
    for row in rows:
        cells = [WriteOnlyCell(sheet, _REFUSED.sub("\ufffd", text)[:_LONGEST]) for text in row]
        for cell in cells:
            cell.data_type = "s"
        sheet.append(cells)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
