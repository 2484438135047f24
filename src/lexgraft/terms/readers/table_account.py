"""What was understood of a table: columns, header, encoding, rows; and how to say otherwise."""

import shlex
from collections.abc import Iterable, Sequence

from msgspec import Struct

from lexgraft.errors import LexgraftError

SOME_LANGUAGE = "LANGUAGE"
"""Stands in an answer for a tag that only the user knows: taken literally it is refused."""
_SHOWN = 40  # characters of an example


class ColumnAccount(Struct, frozen=True):
    """One column: what it was taken to hold, why, and how its cells look."""

    number: int  # from 1 on
    header: str
    meaning: str  # as `--column` takes it
    reason: str
    examples: tuple[str, ...] = ()  # two cells


class TableAccount(Struct):
    """One table of a file: what was understood, and what became of its rows."""

    sheet: str = ""
    encoding: str = ""
    encoding_reason: str = ""
    separator: str = ""  # between cells
    header_rows: tuple[int, ...] = ()
    title_rows: tuple[int, ...] = ()  # above the header, not read
    columns: tuple[ColumnAccount, ...] = ()
    rows: int = 0
    kept: int = 0
    left_out: int = 0
    refused: int = 0
    forbidden: int = 0  # terms
    pending: int = 0  # terms
    command: str = ""  # says all of this; to be changed where it is wrong


class Question(Struct, frozen=True):
    """Something that a table does not say: what, which option answers it, and with what."""

    text: str
    option: str  # e.g. "column"
    answer: str  # what the option takes, e.g. "MT=term mt"
    others: tuple[str, ...] = ()  # further answers, those to another option with its name


class UnclearTableError(LexgraftError):
    """A table of which a guess would not be safe; what else is not clear is asked once more."""

    def __init__(
        self,
        questions: Sequence[Question],
        where: str,
        command: str,
        further: int = 0,
        remarks: Sequence[str] = (),
    ) -> None:
        self.questions = tuple(questions)
        lines = ["not clear, so nothing is taken:", *map(_asked, questions), *remarks]
        what = "\n".join([*lines, *(f"(and {n} more, asked then)" for n in [further] if n)])
        tag = _to_replace(questions) if SOME_LANGUAGE in command else ""
        super().__init__(what, where=where, cure=f"say it, e.g.\n{command}\n{tag}{_KEYS}")


def _to_replace(questions: Sequence[Question]) -> str:
    """Return which word of a line only the user can fill in, and for which columns."""
    answers = [question.answer for question in questions if SOME_LANGUAGE in question.answer]
    keys = ", ".join(f"`{answer.rpartition('=')[0]}`" for answer in answers)
    each = "each " if len(answers) > 1 else ""
    return (
        f"replace {each}{SOME_LANGUAGE} by the language of the column ({keys}): `de`, `pt-BR`, …\n"
    )


ASKED_AT_ONCE = 12  # questions on one table
LONGEST_KEY = 80  # characters of a header that names its column
_KEYS = "(in a project, the same names under `terms.tables`)"


def _asked(question: Question) -> str:
    answers = [
        answer if answer.startswith("--") else _option(question.option, answer)
        for answer in dict.fromkeys((question.answer, *question.others))
    ]
    return f"{question.text}: {' or '.join(answers)}"


def _option(name: str, value: str) -> str:
    return f"--{name} {shlex.quote(value)}" if value else f"--{name}"


def command_of(path: str, said: Iterable[tuple[str, str]]) -> str:
    """Return the command line that reads a file as some options and values say."""
    options = " ".join(_option(name, value) for name, value in dict.fromkeys(said))
    return f"lexgraft terms import {shlex.quote(path)} {options} -o terms.jsonl"


def column_key(headers: Sequence[str], number: int) -> str:
    """Return what names a column: its header, or its number where that is not its own."""
    header = headers[number - 1].strip() if number <= len(headers) else ""
    short = len(header) <= LONGEST_KEY and "\n" not in header
    own = header and short and [text.strip() for text in headers].count(header) == 1
    return header if own else str(number)


def shortened(text: str) -> str:
    """Return a cell as an example of a column, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
