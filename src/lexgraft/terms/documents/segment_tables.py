"""Tables of segments (CSV, TSV, XLSX): a column of sources and one of targets."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from lexgraft.errors import LexgraftError
from lexgraft.terms.documents import SegmentedDocument, TextSegment
from lexgraft.terms.documents.document_text import DocumentText, document_text
from lexgraft.terms.readers.spreadsheet import sheets
from lexgraft.terms.readers.text_tables import Cells, split_rows
from lexgraft.terms.text.formula_guard import unguarded
from lexgraft.terms.text.language_tags import known_language

_LOOKED_AT = 20  # rows in which a header may stand, below titles


def read_segment_table(
    path: Path, source: str, target: str, *, workbook: bool, encoding: str = ""
) -> SegmentedDocument:
    """Return the rows of a table as segments; the header says which column is which.

    Raises:
        LexgraftError: no column of sources or none of targets.
    """
    read = DocumentText("") if workbook else document_text(path, encoding)
    tables = (
        [(sheet.sheet, list(sheet.rows)) for sheet in sheets(path)]
        if workbook
        else [("", list(split_rows(read.text, str(path))))]
    )
    name, listed, (first, second) = _table(tables, source, target, path)
    header = [cell.strip() for cell in listed[0][1]]
    key = _column(header, "id", "")
    segments: list[TextSegment] = []
    untranslated = 0
    for line, cells in listed[1:]:
        row = [unguarded(cell) for cell in cells] + [""] * (len(header) - len(cells))
        identifier = (row[key].strip() if key is not None else "") or f"line {line}"
        untranslated += not row[second].strip()
        segments.append(TextSegment(identifier, row[first], row[second], tuple(row)))
    kind = "XLSX" if workbook else "CSV"
    return SegmentedDocument(
        str(path),
        kind,
        tuple(segments),
        is_bilingual=True,
        untranslated=untranslated,
        languages=(source, target),
        header=tuple(header),
        left_out=tuple(f"sheet `{other}`" for other, rows in tables if rows and other != name),
        encoding=read.encoding,
    )


def _table(
    tables: Sequence[tuple[str, list[Cells]]], source: str, target: str, path: Path
) -> tuple[str, list[Cells], tuple[int, int]]:
    """Return the first sheet with both columns, from its header on, and where they are."""
    for name, rows in tables:
        for number, (_, cells) in enumerate(rows[:_LOOKED_AT]):
            first, second = _column(cells, "source", source), _column(cells, "target", target)
            if first is not None and second is not None and first != second:
                return name, rows[number:], (first, second)
    header = next((cells for _, rows in tables for _, cells in rows[:1]), [])
    raise LexgraftError(
        f"no column of sources and one of targets among: {', '.join(header)}",
        where=str(path),
        cure=f"name them `source` and `target`, or `{source}` and `{target}`, in one row",
    )


@cache
def _names() -> dict[str, list[str]]:
    """Return the headers that columns of sources, targets and ids have in several languages."""
    folder = files("lexgraft.terms.documents")
    text = folder.joinpath("segment_columns.json").read_text(encoding="utf-8")
    return msgspec.json.decode(text, type=dict[str, list[str]])


def _column(header: Sequence[str], role: str, language: str) -> int | None:
    """Return the column that is called by its role, or by a language."""
    for number, cell in enumerate(header):
        if cell.strip().casefold() in _names()[role] or (
            language
            and known_language(cell.strip()).partition("-")[0] == language.partition("-")[0]
        ):
            return number
    return None
