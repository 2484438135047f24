"""Options of `terms import` that say how tables are read; and asking for them on a terminal."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from lexgraft.cli.output import print_line
from lexgraft.cli.verb_parser import VerbParser
from lexgraft.errors import LexgraftError

if TYPE_CHECKING:
    from lexgraft.files.table_settings import TableSettings
    from lexgraft.terms.readers import ImportOptions
    from lexgraft.terms.readers.table_account import Question, UnclearTableError

T = TypeVar("T")


def table_arguments(parser: VerbParser) -> None:
    """Add how tables are read where a guess would not be safe."""
    add = parser.add_argument
    add(
        "--column",
        action="append",
        default=[],
        metavar="HEADER=MEANING",
        help="what a column holds, by header or number: '訳=term en', 'x=ignore', '1=term ja'",
    )
    add(
        "--header-rows",
        default="",
        metavar="LINES",
        help="the line the header stands in, or lines: 4 or 4,5",
    )
    add("--no-header", action="store_true", help="the first row is data; columns go by number")
    add(
        "--sheet",
        action="append",
        default=[],
        metavar="NAME",
        help="read this sheet of a workbook (may be repeated; default: all that are visible)",
    )
    add("--encoding", default="", help="of text files, e.g. cp932, gb18030, cp1252")
    add(
        "--status",
        action="append",
        default=[],
        metavar="WRITTEN=STATUS",
        help="what a status in the file means, e.g. '済=approved', '保留=pending'",
    )
    add(
        "--separator",
        action="append",
        default=[],
        metavar="MARK",
        help="between several terms of one cell (may be repeated: --separator / --separator ／)",
    )
    add(
        "--cells",
        action="append",
        default=[],
        metavar="KIND=CHOICE",
        help="what is done with odd cells, e.g. lines=terms, struck=take, brackets=take",
    )


def table_settings(
    arguments: argparse.Namespace, project: "TableSettings | None"
) -> dict[str, object]:
    """Return the options of a reader: what the command line says, else what the project says.

    Raises:
        LexgraftError: an option without its `=`, or lines that are no numbers.
    """
    import msgspec

    from lexgraft.files.table_settings import TableSettings

    answer_given = TableSettings(
        columns=_pairs("--column", arguments.column, "HEADER=term ja"),
        separators=tuple(
            mark.replace("\\n", "\n").replace("\\t", "\t") for mark in arguments.separator
        ),
        header_rows=_lines(arguments.header_rows),
        no_header=arguments.no_header,
        sheets=tuple(arguments.sheet),
        encoding=arguments.encoding,
        status=_pairs("--status", arguments.status, "済=approved"),
        cells=_pairs("--cells", arguments.cells, "struck=take"),
    )
    settings = msgspec.structs.asdict(project or TableSettings())
    for name, value in msgspec.structs.asdict(answer_given).items():
        earlier = settings[name]
        joined = {**earlier, **value} if isinstance(value, dict) else value or earlier
        settings[name] = joined
    return settings


def _pairs(option: str, texts: Sequence[str], example: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.rpartition("=")
        if not equals:
            raise LexgraftError(f"{option} {text!r} has no `=`", cure=f"write {option} '{example}'")
        pairs[name.strip()] = value.strip()
    return pairs


def _lines(text: str) -> tuple[int, ...]:
    numbers = text.replace("-", ",").split(",") if text else []
    if not all(number.isdecimal() and int(number) for number in numbers):
        raise LexgraftError(f"--header-rows {text!r} names no lines", cure="write 4, or 4,5")
    return tuple(map(int, numbers))


def until_clear(
    read: Callable[["ImportOptions"], T], options: "ImportOptions", *, may_ask: bool
) -> T:
    """Return what `read` returns, once everything that a table does not say was answered.

    An answer that cannot be is told and asked for again.

    Raises:
        UnclearTableError: there is no terminal to ask on, or no answer came.
        LexgraftError: what the table says otherwise, or too many answers that cannot be.
    """
    from lexgraft.terms.readers.table_account import UnclearTableError

    unclear: UnclearTableError | None = None
    before = options
    for remaining in range(ASKED_AGAIN, -1, -1):
        while True:
            try:
                return read(options)
            except UnclearTableError as error:
                unclear, before = error, options
            except LexgraftError as error:
                if unclear is None or not remaining:
                    raise
                print_line(str(error))
                options = before
                break  # by an answer: the same is asked again
            if not (may_ask and sys.stdin.isatty() and sys.stdout.isatty()):
                raise unclear
            options = _answering(unclear, options)
    raise AssertionError("the last round returns or raises")


ASKED_AGAIN = 3
"""How often a question is asked again after an answer that cannot be."""


def _answering(unclear: "UnclearTableError", options: "ImportOptions") -> "ImportOptions":
    """Return options with an answer to each question.

    Raises:
        UnclearTableError: no answer came.
        LexgraftError: too many answers that cannot be.
    """
    from lexgraft.terms.readers.term_table import check_answers

    for question in unclear.questions:
        for remaining in range(ASKED_AGAIN, -1, -1):
            answer = _answered(question)
            if not answer:
                raise unclear
            try:
                answered = _with(options, *answer)
                check_answers(answered)
            except LexgraftError as error:
                if not remaining:
                    raise
                print_line(str(error))
                continue
            options = answered
            break
    return options


def _answered(question: "Question") -> tuple[str, str] | None:
    """Ask one question; None where no answer comes."""
    answers = [
        (alternative[2:], "") if alternative.startswith("--") else (question.option, alternative)
        for alternative in dict.fromkeys((question.answer, *question.others))
    ]
    print_line(question.text)
    for number, (option, value) in enumerate(answers, 1):
        print_line(f"  {number}  --{option} {value}".rstrip())
    print_line(f"number, another value for --{question.option}, or nothing to stop:")
    try:
        answer_given = input().strip()
    except EOFError:
        return None
    if answer_given.isdecimal() and 0 < int(answer_given) <= len(answers):
        option, value = answers[int(answer_given) - 1]
        return option, _with_language(value)
    return (question.option, answer_given) if answer_given else None


def _with_language(value: str) -> str:
    """Return an answer with the language that only the user knows, once it was asked for."""
    from lexgraft.terms.readers.table_account import SOME_LANGUAGE

    if SOME_LANGUAGE not in value:
        return value
    print_line("the tag of its language, e.g. de:")
    try:
        return value.replace(SOME_LANGUAGE, input().strip() or SOME_LANGUAGE)
    except EOFError:
        return value


def _with(options: "ImportOptions", option: str, value: str) -> "ImportOptions":
    """Return options with one more."""
    from msgspec.structs import replace

    if option == "no-header":
        return replace(options, no_header=True)
    if option == "header-rows":
        return replace(options, header_rows=_lines(value))
    if option == "encoding":
        return replace(options, encoding=value)
    if option == "column":
        pair = _pairs("--column", [value], "HEADER=term ja")
        return replace(options, columns={**options.columns, **pair})
    if option == "status":
        return replace(options, status={**options.status, **_pairs("--status", [value], "")})
    return replace(options, cells={**options.cells, **_pairs("--cells", [value], "lines=one")})
