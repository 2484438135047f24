"""Tables: CSV and TSV term lists, a row per concept (wide) or per term (long)."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct

from lexgraft.errors import UserError, nearest
from lexgraft.readers.headers import Column, read_headers, tag_of
from lexgraft.records import Concept, PartOfSpeech, Term

_BETWEEN_SYNONYMS = "|"
Status = Literal["preferred", "admitted", "forbidden"]
Row = Mapping[Column, str]

_STATUS: dict[str, Status] = {
    "": "preferred",
    **dict.fromkeys(("preferred", "approved", "承認", "推奨", "優先"), "preferred"),
    **dict.fromkeys(("admitted", "accepted", "使用可", "許容"), "admitted"),
    **dict.fromkeys(("forbidden", "deprecated", "non-standard"), "forbidden"),
    **dict.fromkeys(("使用禁止", "禁止", "非推奨"), "forbidden"),
}
_PART: dict[str, PartOfSpeech] = {
    "": "unknown",
    **dict.fromkeys(("noun", "n", "名詞", "固有名詞"), "noun"),
    **dict.fromkeys(("adjective", "adj", "形容詞", "形容動詞"), "adjective"),
}


class _Draft(Struct):
    """A concept while its rows are read."""

    terms: dict[tuple[str, str], Term] = {}  # (language, text) → term
    definitions: dict[str, str] = {}
    field: str = ""


def read_table(path: Path) -> list[Concept]:
    """Return the concepts of a table, in the order of their first row.

    Tab-separated files have no quoting (a `"` is a character); others follow RFC 4180.
    UTF-8, or CP932 when it is not; UTF-16 only with a byte order mark. Every cell is text: `NA` and
    `null` are terms. Synonym columns hold several terms, separated by `|`.

    Raises:
        UserError: a header without terms, a broken row (named by line), an unknown status.
    """
    columns, rows = _rows(path)
    drafts: dict[str, _Draft] = {}
    for line, row in rows:
        key = _cell(row, "id") or f"{path.stem}:{line}"
        draft = drafts.setdefault(key, _Draft())
        try:
            _add(draft, row, columns)
        except UserError as error:
            raise UserError(error.what, where=f"{path}:{line}", cure=error.cure) from error
    return [
        Concept(key, tuple(draft.terms.values()), draft.definitions, draft.field, source=path.name)
        for key, draft in drafts.items()
        if draft.terms
    ]


def _rows(path: Path) -> tuple[list[Column], list[tuple[int, Row]]]:
    """Return the columns, and (line number, cells by column) of the rows that say something."""
    text = _decode(path)
    header = text.partition("\n")[0]
    tabs = "\t" in header
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter="\t" if tabs else ";" if header.count(";") > header.count(",") else ",",
        quoting=csv.QUOTE_NONE if tabs else csv.QUOTE_MINIMAL,
        strict=True,
    )
    rows: list[tuple[int, Row]] = []
    try:
        columns = read_headers(next(reader), str(path))
        for cells in reader:
            if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
                raise UserError(
                    f"{len(cells)} cells under {len(columns)} headers",
                    where=f"{path}:{reader.line_num}",
                    cure="put cells that contain the separator in quotes",
                )
            if any(cell.strip() for cell in cells):
                row = zip(columns, cells, strict=False)
                rows.append((reader.line_num, {key: cell.strip() for key, cell in row}))
    except csv.Error as error:
        raise UserError(f"broken row: {error}", where=f"{path}:{reader.line_num}") from error
    return columns, rows


def _decode(path: Path) -> str:
    data = path.read_bytes()
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UserError("neither UTF-8 nor CP932 text", where=str(path), cure="save it as UTF-8")


def _add(draft: _Draft, row: Row, columns: Sequence[Column]) -> None:
    """Add one row's terms and definitions to a concept."""
    first = next(column.language for column in columns if column.role == "term")
    own = tag_of(_cell(row, "language")) or first
    status, part = _status(_cell(row, "status")), _part(_cell(row, "part_of_speech"))
    draft.field = draft.field or _cell(row, "field")
    for column in columns:
        cell, language = row.get(column, ""), column.language or own
        if column.role == "definition" and cell:
            draft.definitions.setdefault(language, cell)
        elif column.role in {"term", "synonyms"}:
            synonyms = column.role == "synonyms"
            for text in cell.split(_BETWEEN_SYNONYMS) if synonyms else [cell]:
                _add_term(draft, text.strip(), language, part, "admitted" if synonyms else status)


def _add_term(draft: _Draft, text: str, language: str, part: PartOfSpeech, status: Status) -> None:
    """Add a term; a language's later terms are admitted, forbidden ones stay forbidden."""
    if status == "preferred" and any(
        one.language == language and one.status == "preferred" for one in draft.terms.values()
    ):
        status = "admitted"
    if text:
        draft.terms.setdefault((language, text), Term(text, language, part, status))


def _cell(row: Row, role: str) -> str:
    return next((text for column, text in row.items() if column.role == role and text), "")


def _status(text: str) -> Status:
    if text.casefold() not in _STATUS:
        raise UserError(f"unknown status `{text}`", cure=nearest(text.casefold(), _STATUS))
    return _STATUS[text.casefold()]


def _part(text: str) -> PartOfSpeech:
    return _PART.get(text.casefold(), "other")
