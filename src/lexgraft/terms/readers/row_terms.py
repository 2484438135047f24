"""Terms of one row: those in brackets beside them, and which status is whose."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from lexgraft.records import Term, TermStatus
from lexgraft.terms.readers.cell_rules import Bracketed, bracketed
from lexgraft.terms.readers.column_headers import READING
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.status_labels import PENDING
from lexgraft.terms.readers.table_layout import Column
from lexgraft.terms.readers.text_language import is_in_another_script

_CLOSING = (")", "）", "]", "］")
_LONG = 200  # characters that no text is likely to have as one term


def with_brackets_read(
    terms: Iterable[Term], line: int, tally: ImportLog, choices: Mapping[str, str]
) -> Iterator[Term]:
    """Yield terms, those in their brackets beside them: readings, and abbreviations as synonyms."""
    for term in terms:
        if not any(letter.isalpha() for letter in term.text):
            tally.warn(line, "a term without a letter: a number or date a spreadsheet made of it?")
        if is_in_another_script(term.text, term.language):
            tally.warn(line, f"a term in a script that `{term.language}` is not written in")
        inside = bracketed(term.text, term.language)
        if choices["brackets"] == "take" or inside == Bracketed(term.text):
            if choices["brackets"] != "take" and term.text.endswith(_CLOSING):
                tally.warn(line, "brackets behind a term stay part of it: no text has it so")
            if len(term.text) > _LONG:
                tally.warn(line, f"a term of more than {_LONG} characters")
            yield term
            continue
        what = "a reading" if inside.reading else "a synonym"
        tally.warn(line, f"brackets behind a term, read as {what} (--cells brackets=take)")
        yield Term(inside.text, term.language, term.part_of_speech, term.status, term.note)
        if inside.reading:
            yield Term(inside.reading, READING, status="admitted")
        else:
            status: TermStatus = "admitted" if term.status == "preferred" else term.status
            yield Term(inside.synonym, term.language, term.part_of_speech, status, term.note)


def status_in(
    language: str,
    columns: Sequence[Column],
    states: Mapping[str, TermStatus],
    owners: Collection[str],
) -> TermStatus:
    """Return the status of a cell's terms: that of its language, else the row's.

    Where the row has terms of several languages its status is that of the owners' alone, unless
    the whole row is pending.
    """
    general = states.get("", "preferred")
    filled = {column.language for column in columns if column.role == "term"}
    is_owned = len(filled) < 2 or language in owners or not filled & {*owners}
    return states.get(language, general if is_owned or general == PENDING else "preferred")


def first_cell(row: Mapping[Column, str], role: str, language: str = "") -> str:
    """Return the first cell of a role: of the language, or of none."""
    cells = [
        (column.language != language, column.position, text)
        for column, text in row.items()
        if column.role == role and text and column.language in {language, ""}
    ]
    return min(cells)[2] if cells else ""
