"""What the cells of a table say against what its headers say: questions, never guesses."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from msgspec.structs import replace

from lexgraft.errors import nearest
from lexgraft.terms.readers.cell_looks import are_choices, are_flags, is_no_term, is_prose, warns
from lexgraft.terms.readers.column_headers import PLAIN_CODES
from lexgraft.terms.readers.column_language import (
    SAID,
    guessed_language,
    languages_of,
    questions_of_prose,
    says_yes_or_no,
    seeming_language,
)
from lexgraft.terms.readers.garbled_columns import garbled_columns
from lexgraft.terms.readers.header_words import languages_of_word
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.raw_table import RawTable
from lexgraft.terms.readers.status_labels import is_flag, is_ring, status_of
from lexgraft.terms.readers.table_account import (
    SOME_LANGUAGE,
    Question,
    shortened,
)
from lexgraft.terms.readers.table_layout import (
    Column,
    Layout,
    language_by_script,
    term_columns,
    with_meanings,
)
from lexgraft.terms.readers.text_language import has_odd_letters, languages_fitting
from lexgraft.terms.readers.unread_columns import unread_columns
from lexgraft.terms.text.language_data import scripts_in, scripts_of_language

_FEW_CELLS = 3  # of which a foreign word or two are no wonder
_MANY = 5  # cells from which a column without any letter of its language is odd
_SHOWN = 5  # unknown statuses in a question


def doubts(table: RawTable, layout: Layout, options: ImportOptions) -> Iterator[Question]:
    """Yield what is not clear of a table whose columns have their meanings."""
    if table.rivals:
        names = (table.encoding, *table.rivals)
        what = f"the encoding: as {', '.join(names)} it is a text each time"
        yield Question(what, "encoding", names[0], names[1:])
    yield from layout.questions
    if not layout.columns and layout.questions:
        return
    requested = options.languages_requested
    unread = list(unread_columns(layout, requested))
    yield from garbled_columns(layout)
    yield from _of_headers(layout, {question.answer.rpartition("=")[0] for question in unread})
    yield from _of_languages(layout, requested)
    yield from questions_of_prose(layout)
    yield from _of_same(layout)
    yield from unread
    yield from _of_headings(layout, options)
    for column in term_columns(layout.columns):
        meaning = layout.meanings[column.position]
        if meaning.reason != SAID and not meaning.doubt:
            yield from _of_writing(layout, column)
        yield from _of_lines(layout, column, options)
    for column in layout.columns:
        if column.role in {"status", "approved", "forbidden"}:
            yield from _of_statuses(layout, column, options)


def _of_headers(layout: Layout, questioned: Collection[str]) -> Iterator[Question]:
    """Yield headers that may mean something else, but those that are asked about already."""
    certain = {
        column.language
        for column in layout.columns
        if column.role == "term" and not layout.meanings[column.position].doubt
    }
    for position, meaning in enumerate(layout.meanings):
        covered = not meaning.role and meaning.language in certain
        cells = layout.cells(position)
        if not meaning.doubt or covered or not cells:
            continue
        written = language_by_script(cells)
        fits = not written or written == meaning.language.partition("-")[0]
        language = (meaning.language if fits else written) or written or "en"
        header = layout.header[position].strip()
        key = next(
            (c.key for c in layout.columns if c.position == position), header or str(position + 1)
        )
        if key in questioned:
            continue
        what = f"the column `{header}` ({', '.join(cells[:2])}): {meaning.doubt}"
        answers = [f"{key}=term {language}", f"{key}=ignore"]
        is_no_language = all(map(is_no_term, cells))
        if len(header) == len("lit") or is_no_language:
            answers.reverse()
        if is_no_language and are_flags(cells):
            answers += [f"{key}=forbidden", f"{key}=approved"]
        elif is_no_language and are_choices(cells, len(layout.entries)):
            answers.append(f"{key}=status")
        yield Question(what, "column", answers[0], tuple(answers[1:]))


def _of_languages(layout: Layout, requested: Sequence[str]) -> Iterator[Question]:
    """Yield columns of terms that no language is known of."""
    if any(column.role == "language" for column in layout.columns):
        return
    unknown = [
        column
        for column in term_columns(layout.columns)
        if not column.language and not column.is_flag and layout.cells(column.position)
    ]
    latin = sum(
        column.role == "term" and not language_by_script(layout.cells(column.position))
        for column in unknown
    )
    taken = {*languages_of(layout)} | ({"en"} if latin > 1 else set[str]())
    terms: list[str] = []  # languages that are proposed for terms
    for column in sorted(unknown, key=lambda column: column.role != "term"):
        cells = layout.cells(column.position)
        if column.role == "term":
            languages = _proposed_for_terms(layout, column, taken, requested)
            terms.append(languages[0])
        else:
            named = languages_of_word(column.header) - {"en"}
            its_own = [*named] if len(named) == 1 and languages_fitting(cells[0], [*named]) else []
            others = languages_of(layout) or terms or [guessed_language(cells, taken, requested)]
            seeming = seeming_language(layout, column)
            languages = list(dict.fromkeys([*filter(None, [seeming]), *its_own, *others]))
        what = f"the column `{column.header}` ({', '.join(cells[:2])}) names no language"
        answers = [f"{column.key}={column.role} {language}" for language in languages]
        yield Question(what, "column", answers[0], (*answers[1:], f"{column.key}=ignore"))


def _proposed_for_terms(
    layout: Layout, column: Column, taken: Collection[str], requested: Sequence[str]
) -> list[str]:
    """Return the languages to propose for terms: of their script, of their header, or a guess."""
    cells = layout.cells(column.position)
    guess = guessed_language(cells, taken, requested)
    named = languages_of_word(column.header)
    if guess == "zh":  # or kanji alone
        is_japanese = "(ja)" in layout.meanings[column.position].reason
        return ["ja", "zh"] if is_japanese else ["zh", "ja"]
    is_free = len(named) == 1 and not named & {"en", *taken} and not language_by_script(cells)
    if is_free and languages_fitting(cells[0], [*named]):
        return [*named, guess]  # `Begriff` over Ventil
    return [guess]


def _of_same(layout: Layout) -> Iterator[Question]:
    """Yield columns that would hold the same, where they are no tables side by side."""
    if len(layout.blocks()) > 1:
        return
    first_of: dict[tuple[str, str], Column] = {}
    for column in layout.columns:
        first = first_of.setdefault((column.role, column.language), column)
        many = column.role in {"synonyms", "forbidden", "note", "sentence"}
        if first is column or many or (column.role == "term" and not column.language):
            continue
        same = f"{column.role} {column.language}".strip()
        what = f"the columns `{first.header}` and `{column.header}` both hold `{same}`"
        others = (f"{column.position + 1}=synonyms {column.language}",)
        yield Question(
            what,
            "column",
            f"{column.position + 1}=ignore",
            others if column.role == "term" else (),
        )


def _of_writing(layout: Layout, column: Column) -> Iterator[Question]:
    """Yield a column whose cells are in a script that its language is not written in."""
    cells = layout.cells(column.position)
    if not column.language or not cells or column.is_flag:
        return
    is_rare = column.language.partition("-")[0] not in PLAIN_CODES  # `DNT`, `No.`
    if is_rare and all(is_flag(cell) or not any(map(str.isalpha, cell)) for cell in cells):
        what = f"the column `{column.header}` ({', '.join(cells[:2])}): no cell has a word"
        answers = (f"{column.key}={column.role} {column.language}",)
        yield Question(what, "column", f"{column.key}=ignore", answers)
        return
    script_set = scripts_of_language(column.language)
    scripts = [scripts_in(cell) for cell in cells]
    foreign = sum(
        bool(letters) and not letters & script_set and letters != {"Latn"} for letters in scripts
    )
    none = (
        len(cells) >= _MANY
        and not any(letters & script_set for letters in scripts)
        and any(scripts)
    )
    where = f"the column `{column.header}` ({', '.join(cells[:2])})"
    if 2 * foreign > len(cells) or none:
        language = language_by_script(cells) or "en"
        what = f"{where}: most cells are in a script that `{column.language}` is not written in"
        answers = (f"{column.key}=ignore", f"{column.key}={column.role} {column.language}")
        yield Question(what, "column", f"{column.key}={column.role} {language}", answers)
    elif has_odd_letters(cells, column.language) and len(cells) > _FEW_CELLS:
        what = f"{where}: several have letters that `{column.language}` is not written with"
        answers = (f"{column.key}={column.role} {column.language}", f"{column.key}=ignore")
        answer = f"{column.key}={column.role} {SOME_LANGUAGE}"
        yield Question(what, "column", answer, answers)
    elif column.role == "term" and is_prose(cells):
        what = f"{where}: most cells are sentences"
        answers = (f"{column.key}=term {column.language}",)
        yield Question(what, "column", f"{column.key}=definition {column.language}", answers)


def _of_headings(layout: Layout, options: ImportOptions) -> Iterator[Question]:
    """Yield rows of one cell that begin a part, as headings do, but may be terms as well."""
    rows = layout.apart.part_headings(layout.entries) if layout.apart else []
    if rows and "heading" not in options.cells:
        examples = " · ".join(shortened(text) for text in rows[:3])
        what = f"{len(rows)} rows have one cell alone and begin a part ({examples})"
        yield Question(what, "cells", "heading=single", ("heading=take",))


def _of_lines(layout: Layout, column: Column, options: ImportOptions) -> Iterator[Question]:
    """Yield cells with several lines: several terms, or one that was wrapped."""
    cells = [cell for cell in layout.cells(column.position) if "\n" in cell]
    if cells and options.cells.get("lines", "ask") == "ask" and "\n" not in options.separators:
        first = cells[0].replace("\n", " / ")
        what = f"{len(cells)} cells of `{column.header}` have several lines ({first})"
        yield Question(what, "cells", "lines=terms", ("lines=one",))


def _of_statuses(layout: Layout, column: Column, options: ImportOptions) -> Iterator[Question]:
    """Yield a column of statuses most of which are not known, or flags that say nothing."""
    cells = layout.cells(column.position)
    if column.is_flag or not cells or column.role == "forbidden":
        if column.is_flag and column.role == "forbidden" and {*cells} == {"×"} - {*options.status}:
            yield Question(
                f"`×` in the column `{column.header}`: forbidden, or not",
                "status",
                "×=forbidden",
                ("×=approved",),
            )
        mixed = [cell for cell in cells if is_flag(cell)]
        if column.role == "forbidden" and not column.is_flag and 2 * len(mixed) > len(cells):
            what = f"the column `{column.header}` has {mixed[0]!r} as well as terms"
            yield Question(what, "column", f"{column.key}=ignore")
        return
    unknown = Counter(cell for cell in cells if status_of(cell, options.status) is None)
    if 2 * unknown.total() > len(cells):
        for name, count in unknown.most_common(_SHOWN):
            near = nearest(name, ("approved", "preferred", "admitted", "forbidden", "pending"))
            what = f"the column `{column.header}`: `{name}` ({count} ×) is no known status; {near}"
            likely, other = ("forbidden", "pending") if warns(name) else ("pending", "forbidden")
            others = (f"{name}={other}", f"{name}=approved")
            yield Question(what, "status", f"{name}={likely}", others)


def with_flags(layout: Layout) -> None:
    """Note, in place, which columns of forbidden or approved terms say yes or no."""
    columns = [
        replace(
            column,
            is_flag=says_yes_or_no(layout, column),
            crosses_deny=any(map(is_ring, layout.cells(column.position))),
        )
        if column.role in {"forbidden", "approved"}
        else column
        for column in layout.columns
    ]
    layout.columns = columns
    flags = {column.position for column in columns if column.is_flag}
    layout.accounts = tuple(
        replace(account, reason=f"{account.reason}; its cells say yes or no")
        if account.number - 1 in flags
        else account
        for account in layout.accounts
    )


def with_statuses(layout: Layout) -> None:
    """Read as statuses, in place, a column under a word that may mean them and whose cells do.

    `Usage`: preferred, deprecated; `区分`: 推奨, 禁止.
    """
    if any(column.role in {"status", "approved"} for column in layout.columns):
        return
    for column in layout.columns:
        meaning = layout.meanings[column.position]
        if column.role in {"note", "field", "type"} and meaning.reason != SAID:
            cells = layout.cells(column.position)
            kinds = {status_of(cell) for cell in cells}
            if None not in kinds and len(kinds) > 1:
                reason = f"{meaning.reason}; its cells are statuses"
                changed = replace(meaning, role="status", reason=reason)
                with_meanings(layout, {column.position: changed})
                return
