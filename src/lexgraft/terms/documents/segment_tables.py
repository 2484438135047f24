"""Tables of segments (CSV, TSV, XLSX): a column of sources and one of targets."""

from collections.abc import Sequence
from pathlib import Path

from lexgraft.errors import LexgraftError
from lexgraft.terms.documents import SegmentedDocument, TextSegment
from lexgraft.terms.readers.spreadsheet import sheets
from lexgraft.terms.readers.text_tables import text_rows
from lexgraft.terms.text.formula_guard import unguarded
from lexgraft.terms.text.language_tags import known_language

_SOURCES = frozenset(
    {"source", "source text", "src", "original", "原文", "原語", "ソース", "ausgangstext"}
)
_TARGETS = frozenset(
    {"target", "target text", "tgt", "translation", "訳文", "訳", "翻訳", "ターゲット"}
)
_IDS = frozenset({"id", "key", "no", "no.", "#", "番号", "segment", "キー", "nr", "nr."})


def read_segment_table(
    path: Path, source: str, target: str, *, workbook: bool
) -> SegmentedDocument:
    """Return the rows of a table as segments; the header says which column is which.

    Raises:
        LexgraftError: no column of sources or none of targets.
    """
    listed = list(sheets(path)[0].rows if workbook else text_rows(path))
    header = [cell.strip() for cell in listed[0][1]] if listed else []
    first = _column(header, _SOURCES, source)
    second = _column(header, _TARGETS, target)
    if first is None or second is None or first == second:
        raise LexgraftError(
            f"no column of sources and one of targets among: {', '.join(header)}",
            where=str(path),
            cure="name them `source` and `target`, or by their languages (en, ja) in the first row",
        )
    key = _column(header, _IDS, "")
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
    )


def _column(header: Sequence[str], names: frozenset[str], language: str) -> int | None:
    """Return the column of one of these names, or of a language."""
    for number, cell in enumerate(header):
        if cell.casefold() in names or (
            language and known_language(cell).partition("-")[0] == language.partition("-")[0]
        ):
            return number
    return None
