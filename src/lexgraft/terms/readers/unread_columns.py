"""Columns that were not understood, or not as statuses: what their cells might say of the terms.

Whatever its header's language: a column that may forbid a term is never passed over in silence.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from lexgraft.terms.readers.cell_looks import (
    are_choices,
    are_codes,
    are_flags,
    forbids,
    may_be_terms,
    warns,
)
from lexgraft.terms.readers.column_headers import TERMS, ColumnMeaning
from lexgraft.terms.readers.column_language import SAID, guessed_language, languages_of
from lexgraft.terms.readers.header_words import is_concept
from lexgraft.terms.readers.raw_table import cell_at
from lexgraft.terms.readers.status_labels import flag_of, status_of
from lexgraft.terms.readers.table_account import Question, column_key, shortened
from lexgraft.terms.readers.table_layout import Layout, with_meanings
from lexgraft.terms.readers.text_tables import Cells
from lexgraft.terms.text.language_data import folded

_NO_STATUS = TERMS | {"status", "approved", "sentence", "reading", "language", "id"}
_SHOWN = 4  # values in a question
_DASHES = frozenset("-–—")  # which stand for nothing
_MOST_LATER = 5_000  # cells of a column
_FEW = 4  # values that are rather statuses than fields


def with_ids(layout: Layout) -> None:
    """Read as ids, in place, a column headed by a word for concept over codes, or in a long table.

    There, where a row is a term, it joins the rows of a concept.
    """
    roles = {column.role for column in layout.columns}
    for position, meaning in enumerate(layout.meanings if "id" not in roles else ()):
        header = layout.header[position] if layout.header else ""
        cells = layout.cells(position)
        if meaning.role or meaning.reason == SAID or not is_concept(header) or not cells:
            continue
        if "language" in roles or are_codes(cells):
            changed = ColumnMeaning("id", "", "a word for a concept, over what names it")
            with_meanings(layout, {position: changed})
            return


def unread_columns(layout: Layout, requested: Sequence[str]) -> Iterator[Question]:
    """Yield what may be statuses, flags or categories, the other language's terms, or ids.

    Args:
        layout: the table, whose columns have their meanings.
        requested: the languages that are asked for.
    """
    for position in _open_positions(layout):
        cells, meaning = layout.cells(position), layout.meanings[position]
        is_open = bool(cells) and meaning.reason == "no known word" and not meaning.doubt
        terms = list(_terms_or_ids(layout, position, cells, requested)) if is_open else []
        yield from terms or _choices(layout, position, cells, len(layout.entries))


class LaterCells:
    """The cells of columns that are not read, below the rows by which a table is understood."""

    def __init__(self, layout: Layout) -> None:
        """Note nothing yet."""
        self._layout = layout
        self._cells: dict[int, list[str]] = {position: [] for position in _open_positions(layout)}
        self._rows = len(layout.entries)

    def noting(self, rows: Iterable[Cells]) -> Iterator[Cells]:
        """Yield rows as they come, and note what stands in those columns."""
        for row in rows:
            self._rows += 1
            for position, cells in self._cells.items():
                if (cell := cell_at(row[1], position)) and len(cells) < _MOST_LATER:
                    cells.append(cell)
            yield row

    def questions(self) -> Iterator[Question]:
        """Yield what the rows say that the first ones did not."""
        for position, cells in self._cells.items():
            if cells:
                all_cells = [*self._layout.cells(position), *cells]
                yield from _choices(self._layout, position, all_cells, self._rows)


def _open_positions(layout: Layout) -> Iterator[int]:
    """Yield the columns of a table of terms that might say which are forbidden, and do not yet."""
    if layout.is_own or not any(column.role in TERMS for column in layout.columns):
        return
    for position, meaning in enumerate(layout.meanings):
        if meaning.role not in _NO_STATUS and meaning.reason != SAID:
            yield position


def _choices(layout: Layout, position: int, cells: Sequence[str], rows: int) -> Iterator[Question]:
    """Return what to ask of a column that may say which terms are forbidden or approved."""
    meaning = layout.meanings[position]
    cells = [cell for cell in cells if cell not in _DASHES]
    if not cells:
        return
    bad = list(filter(forbids if meaning.role == "definition" else warns, cells))
    header = layout.header[position].strip() if layout.header else ""
    key = column_key(layout.header, position + 1)
    values = Counter(folded(cell) for cell in cells)
    examples = ", ".join(shortened(value) for value in list(dict.fromkeys(cells))[:_SHOWN])
    named = f"the column `{header or position + 1}` ({examples})"
    if meaning.role:
        if not bad:
            return
        read = "is not read" if meaning.role == "ignore" else f"is read as {meaning.name}"
        what = f"{named} {read}, and `{bad[0]}` is the word for a status"
        yield Question(what, "column", f"{key}=status", (f"{key}={meaning.name}",))
        return
    if are_flags(cells):
        what = f"{named} is not known, and says yes or no: which terms are forbidden, or approved?"
        roles = _flag_roles(cells, rows, meaning, status_of(header))
    elif bad or are_choices(cells, rows):
        statuses = all(status_of(cell) for cell in cells)
        look = "looks like statuses" if statuses else "says one of a few things: a status, a field?"
        what = f"{named} is not known, and {look}"
        is_status = any(status_of(cell) for cell in cells) or len(values) <= _FEW
        roles = ["status", "field"] if is_status else ["field", "status"]
        if all(flag_of(cell) is None for cell in cells) and 2 * len(cells) <= rows:
            roles.append(f"synonyms {meaning.language or _first(layout)}".strip())
    else:
        return
    answers = [f"{key}={role}" for role in (*roles, "ignore")]
    yield Question(what, "column", answers[0], tuple(answers[1:]))


def _flag_roles(
    cells: Collection[str], rows: int, meaning: ColumnMeaning, headed: str | None
) -> list[str]:
    """Return what a column of flags can be, as its header says, or few terms being forbidden."""
    language = f" {meaning.language}" if meaning.language else ""
    roles = [f"forbidden{language}", f"approved{language}"]
    set_cells = sum(bool(flag_of(cell)) for cell in cells)
    likely = headed == "forbidden" or (2 * set_cells <= rows and headed != "preferred")
    return roles if likely else roles[::-1]


def _first(layout: Layout) -> str:
    return next(iter(languages_of(layout)), "")


def _terms_or_ids(
    layout: Layout, position: int, cells: Sequence[str], requested: Sequence[str]
) -> Iterator[Question]:
    """Yield what stands beside terms of one language alone: the other's, or the ids of rows."""
    is_long = any(column.role == "language" for column in layout.columns)
    if is_long and any(column.role == "id" for column in layout.columns):
        return
    languages = languages_of(layout)
    header = layout.header[position].strip()
    key = column_key(layout.header, position + 1)
    examples = f"the column `{header}` ({', '.join(cells[:2])}) is not known"
    if (
        is_long
        and not are_flags(cells)
        and not any(map(status_of, cells))
        and (len({*cells}) < len(cells) or len(cells) < len(layout.entries))
    ):
        what = f"{examples}, and nothing joins the rows of one concept"
        yield Question(what, "column", f"{key}=id", (f"{key}=ignore",))
    elif not is_long and len(languages) == 1 and may_be_terms(cells, len(layout.entries)):
        what = f"{examples}, and there are terms of one language only"
        language = guessed_language(cells, {*languages}, requested)
        yield Question(what, "column", f"{key}=term {language}", (f"{key}=ignore",))
