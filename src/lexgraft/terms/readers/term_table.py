"""Tables: CSV, TSV and XLSX term lists, a row per concept (wide) or per term (long)."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, Term
from lexgraft.terms.readers.column_headers import TableColumn, read_headers
from lexgraft.terms.readers.file_start import FileStart
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.reader_registry import ConceptAtLine, reader
from lexgraft.terms.readers.spreadsheet import recognise_workbook, sheets
from lexgraft.terms.readers.status_labels import (
    PENDING,
    Status,
    concept_id_of,
    part_of,
    ranked_terms,
    status_of,
)
from lexgraft.terms.readers.text_tables import Cells, separator_of, text_rows
from lexgraft.terms.text.formula_guard import unguarded
from lexgraft.terms.text.language_tags import language_tag

_BETWEEN_SYNONYMS = "|"
_LOOK_LIKE_SEPARATORS = (";", "|", "；", "、", "/", "／", "\n")
_PREAMBLE = 10  # rows in which a header is looked for
_NAMES = {"\t": "tabs", ",": "commas", ";": "semicolons"}
_MANY = frozenset({"term", "synonyms", "forbidden"})  # columns that hold terms

Row = Mapping[TableColumn, str]


class _TableConceptDraft(Struct):
    """A concept while its rows are read."""

    line: int
    terms: list[Term] = []
    definitions: dict[str, str] = {}
    field: str = ""
    licence: str = ""


def _recognise(start: FileStart) -> str:
    if start.names or not start.text or start.text.lstrip().startswith("<"):
        return ""
    return f"text with cells between {_NAMES[separator_of(start.text)]}: a table"


@reader("table", _recognise, unique=True, fallback=True)
def read_table(path: Path, options: ImportOptions, tally: ImportLog) -> Iterator[ConceptAtLine]:
    """Yield the concepts of a CSV or TSV file, in the order of their first row.

    UTF-8, or CP932 when it is not; UTF-16 only with a byte order mark. Every cell is text: `NA` and
    `null` are terms. A cell holds several terms only if a separator is named; in columns of
    synonyms it is `|` without being named.

    Raises:
        LexgraftError: a header without terms, a broken row.
    """
    yield from _concepts(text_rows(path), path.stem, path, options, tally)


@reader("workbook", recognise_workbook, unique=True)
def read_workbook(path: Path, options: ImportOptions, tally: ImportLog) -> Iterator[ConceptAtLine]:
    """Yield the concepts of an Excel workbook: all sheets that have a column of terms."""
    failed: list[LexgraftError] = []
    count = 0
    for name, rows in sheets(path):
        stem = f"{path.stem}:{name}" if count else path.stem
        try:
            for placed in _concepts(rows, stem, path, options, tally):
                count += 1
                yield placed
        except LexgraftError as error:
            if tally.strict and count:
                raise
            failed.append(error)
            tally.warn(1, f"sheet `{name}` was not read: {error.what}")
    if failed and not count:
        raise failed[0]


def _concepts(
    rows: Iterator[Cells], stem: str, path: Path, options: ImportOptions, tally: ImportLog
) -> Iterator[ConceptAtLine]:
    """Yield the concepts of one table."""
    columns = _header(rows, path, options, tally)
    drafts: dict[str, _TableConceptDraft] = {}
    named = dict[str, str]()  # first term → id of the row without id that has it first
    for line, cells in rows:
        tally.read += 1
        if any(cell.strip() for cell in cells[len(columns) :]):
            tally.refuse_row(
                line,
                f"{len(cells)} cells under {len(columns)} headers",
                " ".join(cells),
                "put cells that contain the separator in quotes",
            )
            continue
        row = {key: unguarded(cell.strip()) for key, cell in zip(columns, cells, strict=False)}
        try:
            terms = list(_terms(row, columns, line, options, tally))
        except LexgraftError as error:
            tally.refuse_row(line, error.what, cure=error.cure)
            continue
        if terms:
            tally.kept += 1
            key = _key(row, terms, named, f"{stem}:{line}", line, tally)
            _add(drafts.setdefault(key, _TableConceptDraft(line)), row, terms, columns)
    for key, draft in drafts.items():
        terms = ranked_terms(draft.terms)
        concept = Concept(key, terms, draft.definitions, draft.field, source=path.name)
        yield draft.line, replace(concept, licence=draft.licence)


def _header(
    rows: Iterator[Cells], path: Path, options: ImportOptions, tally: ImportLog
) -> list[TableColumn]:
    """Return the columns: of the first row, or of an early one below a title."""
    failed: LexgraftError | None = None
    for line, cells in rows:
        try:
            columns = read_headers(cells, str(path), options.columns)
        except LexgraftError as error:
            failed = failed or error
            if line >= _PREAMBLE:
                break
            continue
        for column in columns:
            if not column.role and column.header.strip():
                tally.warn(line, f"the column `{column.header.strip()}` was not read")
        for header in options.columns:
            if header not in {cell.strip() for cell in cells}:
                tally.warn(line, f"there is no column `{header}`, named in `columns`")
        return columns
    raise failed or LexgraftError("an empty table", where=str(path))


def _key(
    row: Row, terms: list[Term], named: dict[str, str], new_id: str, line: int, tally: ImportLog
) -> str:
    """Return the id of the concept that a row belongs to."""
    if key := _cell(row, "id"):
        return key
    if any(column.role == "id" for column in row):
        tally.warn(line, "a row without an id is a concept of its own")
    return concept_id_of(terms, named, new_id)


def _add(
    draft: _TableConceptDraft, row: Row, terms: list[Term], columns: list[TableColumn]
) -> None:
    """Add one row's terms, field, licence and definitions to a concept."""
    draft.terms += terms
    draft.field = draft.field or _cell(row, "field")
    draft.licence = draft.licence or _cell(row, "licence")
    for column in columns:
        if column.role == "definition" and row.get(column):
            language = column.language or _row_language(row, columns)
            draft.definitions.setdefault(language, row[column])


def _terms(
    row: Row, columns: list[TableColumn], line: int, options: ImportOptions, tally: ImportLog
) -> Iterator[Term]:
    """Yield one row's terms; a row that is not yet approved has none.

    A status that names no language concerns, in a row with several languages, the translations: a
    forbidden one does not forbid the source term, which stands in the first column of terms.
    """
    states = {
        column.language: status_of(cell) for column, cell in row.items() if column.role == "status"
    }
    if PENDING in states.values():
        tally.skip_row(line, f"not yet approved ({_cell(row, 'status')})")
        return
    if not any(row.get(column) for column in columns if column.role in _MANY):
        tally.skip_row(line, "a row without a term")
        return
    row_language = _row_language(row, columns)
    for column in columns:
        cell = row.get(column, "")
        if cell and column.role == "reading":
            yield Term(cell, column.language, status="admitted")
        elif cell and column.role in _MANY:
            language = column.language or row_language
            status = _cell_status(column, language, columns, states)
            part_of_speech = part_of(_cell(row, "part_of_speech", language))
            note = _cell(row, "note", language)
            for text, rank in _texts(column, cell, status, line, options, tally):
                yield Term(text, language, part_of_speech, rank, note)


def _cell_status(
    column: TableColumn, language: str, columns: list[TableColumn], states: Mapping[str, str]
) -> str:
    """Return the status of a cell's terms: that of its language, else the row's.

    The row's status is not that of the source term where the row has translations.
    """
    terms = [column for column in columns if column.role == "term"]
    has_translations = len({term.language for term in terms}) > 1
    if has_translations and column == terms[0] and language not in states:
        return "preferred"
    return states.get(language, states.get("", "preferred"))


def _texts(
    column: TableColumn, cell: str, status: str, line: int, options: ImportOptions, tally: ImportLog
) -> Iterator[tuple[str, Status]]:
    """Yield a cell's terms with their statuses; a cell that looks like several is counted."""
    separator = options.separator or (_BETWEEN_SYNONYMS if column.role != "term" else "")
    texts = [text.strip() for text in cell.split(separator)] if separator else [cell]
    for index, text in enumerate(text for text in texts if text):
        marks = [mark for mark in _LOOK_LIKE_SEPARATORS if mark in text]
        if marks:
            tally.warn(line, f"a cell that looks like several terms ({marks[0]!r})")
        if column.role == "forbidden" or status == "forbidden":
            yield text, "forbidden"
        elif index or column.role == "synonyms" or status == "admitted":
            yield text, "admitted"
        else:
            yield text, "preferred"


def _row_language(row: Row, columns: Iterable[TableColumn]) -> str:
    """Return the language a row names, else that of the first column of terms."""
    first = next(column.language for column in columns if column.role == "term")
    return language_tag(_cell(row, "language")) or first


def _cell(row: Row, role: str, language: str = "") -> str:
    """Return the first cell of a role: of the language, or of none."""
    cells = [
        (column.language != language, text)
        for column, text in row.items()
        if column.role == role and text and column.language in {language, ""}
    ]
    return min(cells)[1] if cells else ""
