"""Law-term dictionaries in the form of the Japanese standard bilingual one: every use kept."""

import re
from collections.abc import Iterator
from pathlib import Path
from unicodedata import normalize

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, Term
from lexgraft.terms.readers.column_headers import READING
from lexgraft.terms.readers.file_start import FileStart, start_of
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.reader_registry import ConceptAtLine, reader
from lexgraft.terms.readers.status_labels import ranked_terms
from lexgraft.terms.readers.text_tables import Cells, read_text, separator_of, split_rows

_COLUMNS = {
    "term": ("見出し語", "日本語", "用語"),
    "reading": ("読み", "よみ", "ふりがな", "読み方"),
    "translation": ("訳語", "英訳", "英訳語"),
    "use": ("使い分け基準", "使い分け", "使用基準"),
    "remark": ("注釈", "注", "備考"),
}
_NEEDED = ("term", "translation", "use")
_NUMBERS = re.compile(r"[\u2460-\u2473]|(?:^|(?<=\s))[(（]\d{1,2}[)）]")
_CONDITION = re.compile(r"\s*[【［\[(（]([^】］\])）]*[^\x00-\x7f][^】］\])）]*)[】］\])）]\s*$")

Positions = dict[str, int]


class _LawConceptDraft(Struct):
    """A concept while its rows are read."""

    line: int
    terms: list[Term]
    remarks: list[str] = []


def _recognise(start: FileStart) -> str:
    if start.names or not start.text or start.root.name:
        return ""
    try:
        _, cells = next(split_rows(start.line, "", separator_of(start.line)), (0, []))
    except LexgraftError:
        return ""
    columns = _positions(cells)
    return "the columns 見出し語, 訳語 and 使い分け基準" if set(columns) >= {*_NEEDED} else ""


@reader("law dictionary", _recognise, unique=True)
def read_law_dictionary(
    path: Path, options: ImportOptions, tally: ImportLog
) -> Iterator[ConceptAtLine]:
    """Yield one concept per headword and reading, with all its translations.

    Each translation keeps the condition under which it is used: from the column 使い分け基準, by
    the same number where both cells are numbered (①, (1)), or from the brackets behind it. A row
    without a headword carries on the one above.
    """
    rows, columns = _rows(path, options.encoding or start_of(path).encoding)
    drafts: dict[tuple[str, str], _LawConceptDraft] = {}
    last = ("", "")
    for line, cells in rows:
        tally.read += 1
        row = {
            name: cells[position].strip() if position < len(cells) else ""
            for name, position in columns.items()
        }
        last = (row["term"], row.get("reading", "")) if row["term"] else last
        translations = list(_translations(row))
        if not last[0] or not translations:
            tally.skip_row(line, "a row without a headword or a translation")
            continue
        tally.kept += 1
        draft = drafts.setdefault(last, _LawConceptDraft(line, _japanese(*last)))
        draft.terms += translations
        if row.get("remark"):
            draft.remarks.append(row["remark"])
    for key, draft in drafts.items():
        yield draft.line, _concept(key, draft, path)


def _rows(path: Path, encoding: str) -> tuple[Iterator[Cells], Positions]:
    """Return the rows below the header, separated as it is, and where its columns stand.

    Raises:
        LexgraftError: a column is missing, as in an encoding that is not the file's.
    """
    text = read_text(path, encoding)
    rows = split_rows(text, str(path), separator_of(text.strip().partition("\n")[0]))
    _, header = next(rows, (0, list[str]()))
    columns = _positions(header)
    if missing := [_COLUMNS[role][0] for role in _NEEDED if role not in columns]:
        raise LexgraftError(
            f"no column {', '.join(missing)}",
            where=str(path),
            cure="see whether the encoding is right: `terms import --encoding`",
        )
    return rows, columns


def _concept(key: tuple[str, str], draft: _LawConceptDraft, path: Path) -> Concept:
    return Concept(
        id=f"{path.stem}:{key[0]}" + (f":{key[1]}" if key[1] else ""),
        terms=ranked_terms(draft.terms),
        definitions={"ja": " ".join(draft.remarks)} if draft.remarks else {},
        field="law",
        source=path.name,
    )


def _positions(header: list[str]) -> Positions:
    names = [normalize("NFKC", cell).strip() for cell in header]
    return {
        role: position
        for role, headers in _COLUMNS.items()
        for position, name in enumerate(names)
        if name in headers
    }


def _japanese(term: str, reading: str) -> list[Term]:
    terms = [Term(term, "ja", "noun")]
    return [*terms, Term(reading, READING, "noun", "admitted")] if reading else terms


def _translations(row: dict[str, str]) -> Iterator[Term]:
    """Yield a row's translations with their conditions."""
    texts, uses = _numbered(row["translation"]), _numbered(row["use"])
    common_use = uses[0] if len(uses) == 1 else ""
    paired = len(uses) == len(texts)
    for index, text in enumerate(texts):
        bracket = _CONDITION.search(text)
        term = text[: bracket.start()].strip() if bracket else text
        use = uses[index] if paired else common_use or " ".join(uses)
        notes = [use, bracket[1].strip() if bracket else ""]
        yield Term(term, "en", "noun", note="; ".join(note for note in notes if note))


def _numbered(cell: str) -> list[str]:
    """Return a cell's parts where it is numbered, else the cell."""
    return [" ".join(segment.split()) for segment in _NUMBERS.split(cell) if segment.strip()]
