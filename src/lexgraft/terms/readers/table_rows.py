"""The rows of a table whose columns are understood, as concepts with their lines."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, tee

from lexgraft.errors import LexgraftError
from lexgraft.records import Term, TermStatus
from lexgraft.terms.readers.cell_rules import (
    CHOICES,
    checked_choices,
    read_cell,
    split_lines,
)
from lexgraft.terms.readers.column_headers import READING, TERMS
from lexgraft.terms.readers.column_language import languages_of
from lexgraft.terms.readers.header_rows import names_languages
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.raw_table import RawTable, cell_at
from lexgraft.terms.readers.row_terms import first_cell, status_in, with_brackets_read
from lexgraft.terms.readers.spreadsheet import NO_VALUE, RECALCULATE
from lexgraft.terms.readers.status_labels import (
    PENDING,
    concept_id_of,
    flag_of,
    is_cross,
    named_status,
    part_of,
    status_of,
)
from lexgraft.terms.readers.table_concept import TableConcept
from lexgraft.terms.readers.table_layout import Column, Layout, is_comment
from lexgraft.terms.readers.text_language import languages_fitting, reads_like
from lexgraft.terms.readers.text_tables import Cells
from lexgraft.terms.text.formula_guard import unguarded
from lexgraft.terms.text.language_tags import known_language

_BETWEEN_SYNONYMS = "|"  # without being named
_LOOK_LIKE_SEPARATORS = (";", "|", "；", "、", "/", "／")
_BY_LANGUAGE = frozenset({"definition", "sentence", "rarity"})
_OF_ROWS = frozenset({"id", "language", "status", "approved", "part_of_speech", "note", "reading"})
_PROSE = frozenset({"definition", "note", "sentence"})
_STRENGTH: dict[TermStatus, int] = {"preferred": 0, "admitted": 1, "pending": 2, "forbidden": 3}


@dataclass
class TableRows:
    """Reads the rows of one table; what becomes of each is counted in the log."""

    table: RawTable
    layout: Layout
    options: ImportOptions
    tally: ImportLog
    stem: str  # begins the ids of concepts without one
    concepts: dict[str, TableConcept] = field(default_factory=dict[str, TableConcept])
    named: dict[str, str] = field(default_factory=dict[str, str])
    above: dict[int, str] = field(default_factory=dict[int, str])  # cells of the row before
    keys: dict[tuple[int, int], str] = field(default_factory=dict[tuple[int, int], str])
    states: dict[str, TermStatus] = field(default_factory=dict[str, TermStatus])  # of the row

    def __post_init__(self) -> None:
        """Look up what is the same for all rows."""
        as_it_is = {kind: "take" for kind, choices in CHOICES.items() if "take" in choices}
        said = as_it_is if self.layout.is_own else self.options.cells
        self.choices = checked_choices(said)
        self.blocks = self.layout.blocks()
        self.width = max(len(self.layout.meanings), 1)

    def read(self, rows: Iterable[Cells]) -> list[TableConcept]:
        """Return the concepts of the rows below the header, in the order of their first rows."""
        following: Iterator[Cells | None]
        all_rows, following = tee(chain(self.layout.data, rows))
        next(following, None)
        for (line, cells), below in zip(all_rows, chain(following, [None]), strict=False):
            self.tally.read += 1
            if reason := self._reason_apart(line, cells, below[1] if below else []):
                self.tally.skip_row(line, reason)
            elif self._is_row(line, cells):
                before = self.tally.refusals
                taken = [self._block(line, cells, number) for number in range(len(self.blocks))]
                if any(taken):
                    self.tally.kept += self.tally.refusals == before
                elif self.tally.refusals == before:
                    self.tally.skip_row(line, "a row without a term")
        return list(self.concepts.values())

    def _reason_apart(self, line: int, cells: Sequence[str], below: Sequence[str]) -> str:
        """Return why a row is no entry, by itself and the row below it; nothing where it is one."""
        wide = len(_filled(self.layout.header)) > 1
        if wide and len(_filled(cells)) == 1 and self._is_header(below):
            return "a title above the header again"
        return self.layout.apart.reason(line, cells, below) if self.layout.apart else ""

    def _is_row(self, line: int, cells: Sequence[str]) -> bool:
        """Tell a row that is to be read; what becomes of any other is counted.

        Raises:
            LexgraftError: it is the header of another table: what follows is in other columns.
        """
        if self._is_header(cells):
            self.tally.skip_row(line, "the header again")
            return False
        if self.layout.header and names_languages(cells):
            shown = " | ".join(_filled(cells))
            raise LexgraftError(
                f"another table begins here, with a header of its own: {shown[:80]}",
                where=f"{self.tally.where}:{line}",
                cure="give each table a sheet or a file of its own",
            )
        if not self.layout.header and is_comment(cells):
            self.tally.skip_row(line, "a comment")
            return False
        if any(cell.strip() for cell in cells[self.width :]):
            self.tally.refuse_row(
                line,
                f"{len(cells)} cells under {self.width} headers",
                " ".join(cells),
                "put cells that contain the separator in quotes",
            )
            return False
        if line in self.table.hidden:
            if self.choices["hidden"] == "leave-out":
                self.tally.skip_row(line, "a hidden row (--cells hidden=take)")
                return False
            self.tally.warn(line, "a hidden row, taken (--cells hidden=leave-out)")
        return True

    def _is_header(self, cells: Sequence[str]) -> bool:
        return _filled(cells) == _filled(self.layout.header)

    def _block(self, line: int, cells: Sequence[str], number: int) -> bool:
        """Read a row of one of the tables side by side; tell whether it has a concept."""
        columns = self.blocks[number]
        empty = [
            column
            for column in columns
            if (line, column.position) in self.table.empty_formulas and column.role not in _PROSE
        ]
        if empty:
            where = f"{NO_VALUE} in `{empty[0].header or empty[0].key}`"
            text = next((cell.strip() for cell in cells if cell.strip()), "")
            self.tally.refuse_row(line, where, text, RECALCULATE)
            return False
        row = {column: self._text(line, cells, column) for column in columns}
        try:
            filled = [column for column in columns if cell_at(cells, column.position)]
            read = self._terms(line, row, filled)
            terms = list(with_brackets_read(read, line, self.tally, self.choices))
        except LexgraftError as error:
            self.tally.refuse_row(line, error.what, cure=error.cure, concept=first_cell(row, "id"))
            return False
        concept = self._concept(line, row, terms, number)
        if concept is None:
            return False
        concept.terms += terms
        self._add_texts(concept, row)
        return True

    def _text(self, line: int, cells: Sequence[str], column: Column) -> str:
        """Return a cell without what is no text of its own."""
        cell = unguarded(cell_at(cells, column.position))
        if not cell or column.is_flag or column.role in {"id", "status", "approved", "rarity"}:
            return cell
        if (line, column.position) in self.table.struck:
            choice = self.choices["struck"]
            self.tally.warn(
                line,
                "a cell that is struck through, taken (--cells struck=leave-out)"
                if choice == "take"
                else "a cell that is struck through, left out (--cells struck=take)",
            )
            if choice == "leave-out":
                return ""
        above = self.above.get(column.position, "")
        read = read_cell(cell, above, self.choices, prose=column.role in _PROSE)
        for remark in read.remarks:
            self.tally.warn(line, remark)
        self.above[column.position] = read.text
        return read.text

    def _terms(
        self, line: int, row: Mapping[Column, str], filled: Sequence[Column]
    ) -> Iterator[Term]:
        """Yield one row's terms; `filled` are columns whose cell has a text, used or left out.

        A status that names no language concerns, in a row with several languages, the terms of
        those that `StatusOwners` tells. A pending row is pending in all its languages.
        """
        states = self.states = self._states(line, row)
        row_language = self._row_language(row)
        for column, cell in row.items():
            if not cell or column.is_flag:
                continue
            if column.role == "reading":
                yield Term(cell, READING, status="admitted")
            elif column.role in TERMS:
                language = column.language or row_language
                status = status_in(language, filled, states, self.layout.owners)
                piece = part_of(first_cell(row, "part_of_speech", language))
                note = first_cell(row, "note", language)
                for text, rank in self._texts(line, column, cell, status):
                    yield Term(text, language, piece, rank, note)

    def _states(self, line: int, row: Mapping[Column, str]) -> dict[str, TermStatus]:
        """Return the status a row states for each language, and for "" in general."""
        states: dict[str, TermStatus] = {}
        for column, cell in row.items():
            status: TermStatus | None = None
            if column.role == "forbidden" and column.is_flag:
                status = "forbidden" if self._is_set(column, cell) else None
            elif column.role == "approved" and column.is_flag and not self.options.status:
                status = None if self._is_set(column, cell) else PENDING
            elif column.role in {"status", "approved"}:
                status = named_status(cell, line, self.options.status, self.tally)
            if status is not None:
                earlier = states.get(column.language, "preferred")
                states[column.language] = max(earlier, status, key=_STRENGTH.__getitem__)
        return states

    def _is_set(self, column: Column, cell: str) -> bool:
        """Tell a flag that is set.

        Raises:
            LexgraftError: it says neither yes nor no.
        """
        if meaning := self.options.status.get(cell) if cell else None:
            return status_of(meaning) == "forbidden"
        flag = flag_of(cell) and not (column.crosses_deny and is_cross(cell))
        if flag is None:
            raise LexgraftError(
                f"`{cell[:40]}` in `{column.header}` says neither yes nor no",
                cure=f"mend it, or say what the column holds: --column '{column.key}=…'",
            )
        return flag

    def _texts(
        self, line: int, column: Column, cell: str, status: TermStatus
    ) -> Iterator[tuple[str, TermStatus]]:
        """Yield a cell's terms with their statuses; a cell that looks like several is counted."""
        pieces = [
            piece for text in self._separated(column, cell) for piece in self._lines(line, text)
        ]
        for index, text in enumerate(piece for piece in pieces if piece):
            usual = (
                _LOOK_LIKE_SEPARATORS if column.role == "term" else (*_LOOK_LIKE_SEPARATORS, ",")
            )
            marks = [mark for mark in usual if mark in text]
            if marks:
                mark = marks[0]
                self.tally.warn(
                    line, f"a cell that looks like several terms (--separator {mark!r})"
                )
            rank: TermStatus = status
            if column.role == "forbidden":
                rank = "forbidden"
            elif status == "preferred" and (index or column.role == "synonyms"):
                rank = "admitted"
            yield text, rank

    def _separated(self, column: Column, cell: str) -> list[str]:
        separators = self.options.separators
        if not separators and column.role != "term":
            separators = (_BETWEEN_SYNONYMS,)
        texts = [cell]
        for separator in separators:
            texts = [piece for text in texts for piece in text.split(separator)]
        return [text.strip() for text in texts]

    def _lines(self, line: int, text: str) -> list[str]:
        if "\n" not in text:
            return [text]
        lines = split_lines(text, self.choices)
        how = "a term each" if len(lines) > 1 else "one term"
        self.tally.warn(
            line, f"a cell with several lines: {how} (--cells lines=terms or lines=one)"
        )
        return lines

    def _row_language(self, row: Mapping[Column, str]) -> str:
        """Return the language a row names, else that of the first column of terms.

        Raises:
            LexgraftError: it names none that is known.
        """
        named = first_cell(row, "language")
        if not named:
            return next((column.language for column in row if column.role == "term"), "")
        tag = known_language(named)
        if not tag:
            raise LexgraftError(f"unknown language `{named}`", cure="write its tag, e.g. `ja`")
        return tag

    def _concept(
        self, line: int, row: Mapping[Column, str], terms: Sequence[Term], number: int
    ) -> TableConcept | None:
        """Return the concept a row belongs to; none for a row that has no term."""
        identifier = first_cell(row, "id")
        if not terms and not (identifier in self.concepts and any(row.values())):
            return None
        above = self._merged_with(line, number)
        if not identifier and any(column.role == "id" for column in row) and above is None:
            self.tally.warn(line, "a row without an id is a concept of its own")
        suffix = f".{number + 1}" if number else ""
        new = f"{self.stem}:{line}{suffix}"
        again = not identifier and bool(terms) and terms[0].text in self.named
        key = identifier or above or concept_id_of(terms, self.named, new)
        if again and key == new:
            self.tally.warn(
                line, "a first term that a row above has too: another meaning (or say its status)"
            )
        concept = self.concepts.get(key)
        if (
            concept is not None
            and identifier
            and above is None
            and self._is_another(concept, terms)
        ):
            self.tally.refuse_row(
                line,
                f"the id stands for `{concept.terms[0].text}` (line {concept.line}) already",
                terms[0].text,
                "give it an id of its own, or state that it is a synonym (a column of statuses)",
                identifier,
            )
            return None
        self.keys[line, number] = key
        return self.concepts.setdefault(key, TableConcept(key, line, bool(identifier)))

    def _merged_with(self, line: int, number: int) -> str | None:
        """Return the concept of the row above that this row's id or first term is merged with."""
        columns = self.blocks[number]
        names = [column for column in columns if column.role == "id"]
        names += [column for column in columns if column.role == "term"][:1]
        for column in names:
            if first := self.table.continued.get((line, column.position)):
                return self.keys.get((first, number))
        return None

    def _is_another(self, concept: TableConcept, terms: Sequence[Term]) -> bool:
        """Tell terms that cannot be of a concept, though they have its id.

        In a table with a column per language: preferred ones of a language that the concept has a
        preferred one of, where no term is shared and the row does not say that it adds synonyms or
        forbidden terms. Elsewhere a row is a term, and an id joins them.
        """
        columns = [column.language for column in self.blocks[0] if column.role == "term"]
        if len(columns) < 2 or {*self.states.values()} & {"admitted", "forbidden"}:
            return False
        texts = {(term.language, term.text) for term in concept.terms}
        if any((term.language, term.text) in texts for term in terms):
            return False
        preferred = {term.language for term in concept.terms if term.status == "preferred"}
        return any(term.status == "preferred" and term.language in preferred for term in terms)

    def _add_texts(self, concept: TableConcept, row: Mapping[Column, str]) -> None:
        """Add one row's field, licence, definitions, … to a concept; the first of each stands."""
        for column, cell in row.items():
            if not cell or column.role in TERMS or column.role in _OF_ROWS:
                continue
            if column.role not in _BY_LANGUAGE:
                concept.texts.setdefault(column.role, cell)
                continue
            language = column.language or self._language_of(cell, row)
            if not language:
                what = f"a {column.role} whose language nobody can tell, left out"
                self.tally.warn(concept.line, f"{what} (--column '{column.key}={column.role} …')")
                continue
            if column.role in _PROSE and (seeming := reads_like(cell, language)):
                self.tally.warn(
                    concept.line, f"a {column.role} in `{language}` reads like `{seeming}`"
                )
            if column.role == "definition":
                if concept.definitions.setdefault(language, cell) != cell:
                    self.tally.warn(concept.line, "a second definition, not taken")
            elif column.role == "sentence":
                concept.sentences.setdefault(language, cell)
            else:
                with suppress(ValueError):
                    concept.rarity.setdefault(language, float(cell))

    def _language_of(self, cell: str, row: Mapping[Column, str]) -> str:
        """Return the language of a text whose header names none: the row's, or its script's."""
        if named := first_cell(row, "language"):
            return known_language(named)
        fitting = languages_fitting(cell, languages_of(self.layout))
        return fitting[0] if len(fitting) == 1 else ""


def _filled(cells: Sequence[str]) -> list[str]:
    return [text for cell in cells if (text := cell.strip())]
