"""Tables: CSV, TSV and workbooks of terms, a row per concept (wide) or per term (long)."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from lexgraft.errors import LexgraftError, nearest
from lexgraft.terms.readers.cell_rules import checked_choices
from lexgraft.terms.readers.column_headers import given_meanings
from lexgraft.terms.readers.column_language import with_languages
from lexgraft.terms.readers.file_start import FileStart
from lexgraft.terms.readers.header_rows import LOOKED_AT
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.not_tables import refuse_other_texts
from lexgraft.terms.readers.raw_table import RawTable, head_and_rest
from lexgraft.terms.readers.reader_registry import ConceptAtLine, reader
from lexgraft.terms.readers.spreadsheet import recognise_workbook, sheets
from lexgraft.terms.readers.status_labels import given_statuses
from lexgraft.terms.readers.status_language import StatusOwners
from lexgraft.terms.readers.table_account import (
    ASKED_AT_ONCE,
    Question,
    TableAccount,
    UnclearTableError,
    column_key,
    command_of,
)
from lexgraft.terms.readers.table_concept import TableConcept
from lexgraft.terms.readers.table_doubts import (
    doubts,
    with_flags,
    with_statuses,
)
from lexgraft.terms.readers.table_layout import Layout, lay_out
from lexgraft.terms.readers.table_rows import TableRows
from lexgraft.terms.readers.text_tables import decoded_file, separator_of, split_rows
from lexgraft.terms.readers.unread_columns import LaterCells, with_ids
from lexgraft.terms.text.language_tags import without_region

_NAMES = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars"}


def _recognise(start: FileStart) -> str:
    if start.names or not start.text or start.text.lstrip().startswith("<"):
        return ""
    return f"text with cells between {_NAMES[separator_of(start.text)]}: a table"


@reader("table", _recognise, unique=True, local_ids=True, fallback=True)
def read_table(path: Path, options: ImportOptions, tally: ImportLog) -> Iterator[ConceptAtLine]:
    """Yield the concepts of a CSV or TSV file, in the order of their first row.

    What was understood of it stands in `tally.tables`. Every cell is text: `NA` and `null` are
    terms. A cell holds several terms only if a separator is named; in columns of synonyms it is
    `|` without being named.

    Raises:
        UnclearTableError: what the file says leaves a choice, with the options that make it.
        LexgraftError: a broken row.
    """
    check_answers(options)
    text = decoded_file(path, options.encoding)
    refuse_other_texts(text.text, str(path))
    mark = separator_of(text.text)
    table = RawTable(
        split_rows(text.text, str(path), mark),
        encoding=text.encoding,
        encoding_reason=text.reason,
        rivals=text.rivals,
        separator=mark,
    )
    for concept in _read(table, path, options, tally, path.stem):
        yield concept.line, concept.concept(path.name)


@reader("workbook", recognise_workbook, unique=True, local_ids=True)
def read_workbook(path: Path, options: ImportOptions, tally: ImportLog) -> Iterator[ConceptAtLine]:
    """Yield the concepts of a workbook: all visible sheets that are tables of terms.

    Ids that count from one in each sheet are led by the sheet's name, from the second on.

    Raises:
        UnclearTableError: see `read_table`.
        LexgraftError: a sheet that is asked for and not there; none that is a table of terms.
    """
    check_answers(options)
    concepts_by_id: dict[str, TableConcept] = {}
    failed: list[UnclearTableError] = []
    tables = sheets(path, options.sheets)
    for table in tables:
        tally.sheet = table.sheet if len(tables) > 1 else ""
        stem = f"{path.stem}:{table.sheet}" if concepts_by_id else path.stem
        try:
            concepts = _read(table, path, options, tally, stem, may_be_none=len(tables) > 1)
        except UnreadTableError as error:
            failed.append(error)
            tally.warn(1, f"not read: {error.questions[0].text}")
            continue
        for concept in _with_own_ids(concepts, concepts_by_id, table.sheet, tally):
            concept.sheet = tally.sheet
            concepts_by_id[concept.id] = concept
    tally.sheet = ""
    if failed and not concepts_by_id:
        raise failed[0]
    for concept in concepts_by_id.values():
        tally.sheet = concept.sheet  # for what is found in its texts
        yield concept.line, concept.concept(path.name)
    tally.sheet = ""


class UnreadTableError(UnclearTableError):
    """A sheet that is no table of terms, as far as one can see."""


def check_answers(options: ImportOptions) -> None:
    """Raise for what the user says of tables and nobody can mean, before anything is read.

    Raises:
        LexgraftError: a meaning, language, status or choice that is not known.
    """
    given_meanings(options.columns)
    given_statuses(options.status)
    checked_choices(options.cells)


def _read(
    table: RawTable,
    path: Path,
    options: ImportOptions,
    tally: ImportLog,
    stem: str,
    *,
    may_be_none: bool = False,
) -> list[TableConcept]:
    """Return the concepts of one table, and note what was understood of it.

    Raises:
        UnclearTableError: something is not clear.
        LexgraftError: a choice on rows or cells that the file's format does not let one see.
    """
    if table.has_texts_alone and (said := {"hidden", "struck"} & options.cells.keys()):
        raise LexgraftError(
            f"`{min(said)}` says nothing of a workbook of which only texts are read (XLS, ODS)",
            where=str(path),
            cure="save it as XLSX",
        )
    for note in table.notes:
        tally.warn(1, note)
    head, rest = head_and_rest(table, LOOKED_AT)
    layout = lay_out(table, head, options)
    with_ids(layout)
    with_languages(layout)
    with_statuses(layout)
    with_flags(layout)
    owners = StatusOwners(layout, options)
    questions = [] if layout.is_own else [*doubts(table, layout, options), *owners.questions()]
    account = _account(table, layout, path, options)
    if questions:
        error = UnreadTableError if layout.unread and may_be_none else UnclearTableError
        raise _unclear(questions, table, layout, path, options, error)
    tally.keeps_regions = tally.keeps_regions or layout.is_own
    before = replace(tally)
    rows = TableRows(table, layout, options, tally, stem)
    later = LaterCells(layout)
    concepts = rows.read(owners.noting(later.noting(rest)))
    if questions := [*later.questions(), *owners.questions()]:
        raise _unclear(questions, table, layout, path, options)
    _note(layout, concepts, tally)
    tally.tables.append(_counted(account, before, tally, concepts))
    return concepts


def _unclear(
    questions: Sequence[Question],
    table: RawTable,
    layout: Layout,
    path: Path,
    options: ImportOptions,
    error: type[UnclearTableError] = UnclearTableError,
) -> UnclearTableError:
    """Return the refusal of a table of which something is not clear, with the line that says it."""
    where = f"{path}, sheet `{table.sheet}`" if table.sheet else str(path)
    asked = questions[:ASKED_AT_ONCE]
    command = command_of(str(path), _answers(options, asked))
    remarks = [*table.notes, *_named_and_not_there(layout, options)]
    return error(asked, where, command, len(questions) - len(asked), remarks)


def _named_and_not_there(layout: Layout, options: ImportOptions) -> list[str]:
    """Return what is to be said of columns that the user names and this table has not."""
    if not layout.header:
        return []
    headers = [header.strip() for header in layout.header if header.strip()]
    numbers = {str(number) for number in range(1, len(layout.header) + 1)}
    return [
        f"no column is called `{name}`; {nearest(name, headers)}"
        for name in options.columns
        if name.strip() not in {*headers, *numbers}
    ]


def _note(layout: Layout, concepts: Sequence[TableConcept], tally: ImportLog) -> None:
    """Count what was not read, and concepts that no translation is known of."""
    line = layout.header_rows[0] if layout.header_rows else 1
    for column in layout.accounts:
        if column.meaning == "ignore" and column.header:
            tally.warn(line, f"the column `{column.header}` was not read ({column.reason})")
    languages = {column.language for column in layout.columns if column.role == "term"}
    tally.apart += [
        plain
        for plain in sorted({without_region(tag) for tag in languages})
        if sum(without_region(tag) == plain for tag in languages) > 1
    ]
    if len(languages) > 1:
        for concept in concepts:
            if len({term.language for term in concept.terms} & languages) < 2:
                tally.warn(concept.line, "a concept with terms in one language only")


def _with_own_ids(
    concepts: Sequence[TableConcept],
    concepts_by_id: dict[str, TableConcept],
    sheet: str,
    tally: ImportLog,
) -> list[TableConcept]:
    """Return a sheet's concepts under ids that are no other's, led by its name where need be."""
    if any(concept.id in concepts_by_id for concept in concepts):
        first = next(concept for concept in concepts if concept.id in concepts_by_id)
        tally.warn(
            first.line,
            f"its ids are other concepts' in sheets before it: they are led by `{sheet}:`",
        )
        for concept in concepts:
            if concept.has_own_id:
                concept.id = f"{sheet}:{concept.id}"
    return list(concepts)


def _account(table: RawTable, layout: Layout, path: Path, options: ImportOptions) -> TableAccount:
    options_said = [("encoding", table.encoding)] if table.encoding else []
    options_said += [("sheet", table.sheet)] if table.sheet else []
    rows = ",".join(map(str, layout.header_rows))
    options_said += [("header-rows", rows)] if rows else [("no-header", "")]
    by_number = {column.position: column for column in layout.columns}
    for column in layout.accounts:
        read = by_number.get(column.number - 1)
        key = read.key if read else column_key(layout.header, column.number)
        options_said.append(("column", f"{key}={column.meaning}"))
    options_said += [("separator", mark) for mark in options.separators]
    options_said += [("status", f"{name}={status}") for name, status in options.status.items()]
    options_said += [("cells", f"{kind}={choice}") for kind, choice in options.cells.items()]
    return TableAccount(
        table.sheet,
        table.encoding,
        table.encoding_reason,
        table.separator,
        layout.header_rows,
        layout.title_rows,
        layout.accounts,
        command=command_of(str(path), options_said),
    )


def _answers(options: ImportOptions, questions: Sequence[Question]) -> list[tuple[str, str]]:
    """Return the options that were given and the first answer to each question."""
    options_said = [("encoding", options.encoding)] if options.encoding else []
    options_said += [("sheet", sheet) for sheet in options.sheets]
    options_said += [("column", f"{key}={meaning}") for key, meaning in options.columns.items()]
    options_said += [("status", f"{name}={status}") for name, status in options.status.items()]
    options_said += [("cells", f"{kind}={choice}") for kind, choice in options.cells.items()]
    options_said += [("separator", mark) for mark in options.separators]
    if options.header_rows:
        options_said.append(("header-rows", ",".join(map(str, options.header_rows))))
    if options.no_header:
        options_said.append(("no-header", ""))
    return [*options_said, *((question.option, question.answer) for question in questions)]


def _counted(
    account: TableAccount,
    before: ImportLog,
    after: ImportLog,
    concepts: Sequence[TableConcept],
) -> TableAccount:
    """Return an account with what became of the rows."""
    terms = [term for concept in concepts for term in concept.terms]
    rows, kept = after.read - before.read, after.kept - before.kept
    refused = after.refusals - before.refusals
    return replace(
        account,
        rows=rows,
        kept=kept,
        refused=refused,
        left_out=rows - kept - refused,
        forbidden=sum(term.status == "forbidden" for term in terms),
        pending=sum(term.status == "pending" for term in terms),
    )
