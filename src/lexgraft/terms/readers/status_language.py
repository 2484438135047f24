"""Whose a status is that names no language: told by the rows of one concept, else asked about."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from lexgraft.terms.readers.column_language import languages_of
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.raw_table import cell_at
from lexgraft.terms.readers.status_labels import flag_of, status_of
from lexgraft.terms.readers.table_account import SOME_LANGUAGE, Question, shortened
from lexgraft.terms.readers.table_layout import Column, Layout
from lexgraft.terms.readers.text_tables import Cells
from lexgraft.terms.text.language_data import folded

_SEPARATORS = re.compile(r"[;|；、/／\n]")  # between terms of one cell, named or not
_TARGETS = ("target", "ziel", "cible")  # begin the header of a pair's second side


class _Row(Struct, frozen=True):
    """What one row says: its id, its terms by language, and the word that forbids or admits one."""

    identifier: str
    terms: dict[str, tuple[str, ...]]
    word: str  # of its status
    forbids: bool


class StatusOwners:
    """Decides which language's terms a status without a language is of.

    It is of the languages in which rows of one concept differ while they share a term of another;
    of the only one that the rows with such a status have terms of; of the target of a pair, or the
    last language asked for. Nothing else tells: where a row of several languages is forbidden it
    is asked for.
    """

    def __init__(self, layout: Layout, options: ImportOptions) -> None:
        """Look at the head of the table, and note in the layout and its account what it says."""
        self._layout, self._options = layout, options
        self._languages = languages_of(layout)
        self._columns = [column for column in layout.columns if _is_general(column)]
        is_long = any(column.role == "language" for column in layout.columns)
        self._matters = (
            len(self._languages) > 1 and bool(self._columns) and not (is_long or layout.is_own)
        )
        self._blocks = layout.blocks()
        self._open: _Row | None = None  # a forbidden one of which nothing is told
        self._is_told = False
        if self._matters:
            self._decide()

    def questions(self) -> Iterator[Question]:
        """Yield the question whose a status is, where a term is forbidden and nothing tells."""
        if self._open is None or self._is_told:
            return
        column = self._columns[0]
        pairs = [f"`{' | '.join(texts)}` ({tag})" for tag, texts in self._open.terms.items()]
        what = (
            f"the column `{column.header or column.key}` ({shortened(self._open.word)}) names no "
            f"language, and nothing tells which term it is of: {' or '.join(pairs)}"
        )
        answer = f"{column.key}={column.role}"
        answers = tuple(f"{answer} {tag}" for tag in self._languages)
        yield Question(what, "column", f"{answer} {SOME_LANGUAGE}", answers)

    def noting(self, rows: Iterable[Cells]) -> Iterator[Cells]:
        """Yield rows as they come, and note the first that would have to be asked about."""
        for row in rows:
            if self._matters and self._open is None and not self._is_told:
                undecided = (
                    entry for entry in self._rows([row]) if entry.forbids and len(entry.terms) > 1
                )
                self._open = next(undecided, None)
            yield row

    def _decide(self) -> None:
        """Note whose a status is and how that is told: the translations' where nothing is."""
        rows = list(self._rows(self._layout.entries))
        owners, reason = self._told_by_rows(rows)
        if not owners:
            owners, reason = self._told_by_order()
        self._is_told = bool(owners)
        self._layout.owners = owners or frozenset(self._languages[1:])
        named = ", ".join(f"`{tag}`" for tag in self._languages if tag in self._layout.owners)
        positions = {column.position for column in self._columns}
        self._layout.accounts = tuple(
            replace(account, reason=f"{account.reason}; of the terms in {named}{reason}")
            if account.number - 1 in positions
            else account
            for account in self._layout.accounts
        )

    def _told_by_rows(self, rows: Sequence[_Row]) -> tuple[frozenset[str], str]:
        """Return the languages in which rows of one concept differ; none where they disagree."""
        beside = _rows_beside(rows)
        differing: set[frozenset[str]] = set()
        singles: set[frozenset[str]] = set()
        for row in (entry for entry in rows if entry.word):
            votes = {vote for neighbour in beside(row) if (vote := _differing(row, neighbour))}
            if len(row.terms) == 1:
                singles.add(frozenset(row.terms))
            elif len(votes) == 1:
                differing |= votes
            elif row.forbids and self._open is None:
                self._open = row
        if len(differing) == 1:
            return differing.pop(), ", in which rows of one concept differ"
        if len(singles) == 1 and not differing:
            return singles.pop(), ", which rows with a status of their own are in"
        if differing and self._open is None:  # one group says this, another that
            self._open = next(row for row in rows if row.word and len(row.terms) > 1)
        return frozenset(), ""

    def _told_by_order(self) -> tuple[frozenset[str], str]:
        for column in self._layout.columns:
            of_pair = self._layout.meanings[column.position].reason.endswith("of a pair")
            if of_pair and folded(column.header).startswith(_TARGETS):
                return frozenset({column.language}), ", the target"
        ordered = [tag for tag in self._options.languages if tag in self._languages]
        if len(ordered) > 1:
            return frozenset({ordered[-1]}), ", the last language asked for"
        return frozenset(), ""

    def _rows(self, rows: Iterable[Cells]) -> Iterator[_Row]:
        for _, cells in rows:
            for block in self._blocks:
                row = {
                    column: text for column in block if (text := cell_at(cells, column.position))
                }
                yield self._row(row)

    def _row(self, row: Mapping[Column, str]) -> _Row:
        terms: dict[str, tuple[str, ...]] = {}
        identifier, word, forbids = "", "", False
        for column, cell in row.items():
            if column.role == "term":
                pieces = (piece.strip() for piece in _SEPARATORS.split(cell))
                terms[column.language] = (*terms.get(column.language, ()), *filter(None, pieces))
            elif column.role == "id":
                identifier = cell
            elif _is_general(column):
                status = self._status(column, cell)
                forbids = forbids or status == "forbidden"
                word = cell if status in {"forbidden", "admitted"} else word
        return _Row(identifier, terms, word, forbids)

    def _status(self, column: Column, cell: str) -> str | None:
        if column.is_flag and cell not in self._options.status:
            return "forbidden" if flag_of(cell) else None
        return status_of(cell, self._options.status)


def _is_general(column: Column) -> bool:
    """Tell a column that may forbid terms and does not say of which language."""
    says = column.role == "status" or (column.role, column.is_flag) in {
        ("approved", False),
        ("forbidden", True),
    }
    return says and not column.language


def _rows_beside(rows: Sequence[_Row]) -> Callable[[_Row], list[_Row]]:
    """Return what gives the rows of a row's concept: of its id, else those that share a term."""
    by_id: dict[str, list[_Row]] = {}
    by_term: dict[tuple[str, str], list[_Row]] = {}
    for row in rows:
        if row.identifier:
            by_id.setdefault(row.identifier, []).append(row)
        for item in _single_terms(row):
            by_term.setdefault(item, []).append(row)

    def beside(row: _Row) -> list[_Row]:
        same = by_id.get(row.identifier, []) if row.identifier else []
        if len(same) > 1:
            return [entry for entry in same if entry is not row]
        sharing = (entry for item in _single_terms(row) for entry in by_term[item])
        return [entry for entry in sharing if entry is not row]

    return beside


def _differing(row: _Row, neighbour: _Row) -> frozenset[str]:
    """Return the languages in which a row of the same concept has another term; none if all do."""
    differing = {
        tag
        for tag, texts in row.terms.items()
        if tag in neighbour.terms and not {*texts} & {*neighbour.terms[tag]}
    }
    return frozenset(differing) if len(differing) < len(row.terms) else frozenset()


def _single_terms(row: _Row) -> Iterator[tuple[str, str]]:
    """Yield each term of a row with its language."""
    return ((tag, text) for tag, texts in row.terms.items() for text in texts)
