"""What verbs print: the one door to the terminal, where text is text whoever wrote it."""

import json
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from lexgraft.errors import LexgraftError

if TYPE_CHECKING:
    from rich.console import Console

WIDE = 160  # columns where there is no terminal to ask
_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls but TAB and line feed; escape sequences begin so
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks that turn the direction of text
    "\u2028\u2029\ufff9-\ufffb"  # further ends of lines, annotations
    "\ud800-\udfff\U000e0000-\U000e007f]"  # halves of characters, invisible tags
)
"""What a terminal would obey or hide instead of showing it."""


def printable(text: str) -> str:
    r"""Return text as one line that a terminal shows and does not obey.

    Example:
        >>> print(printable("a\x1b[2Jb\nc"))
        a\u001b[2Jb\nc
    """
    return _shown(text).replace("\n", "\\n")


def print_line(text: object, *, errors: bool = False) -> None:
    """Print one line; whatever is in it, it stays one."""
    _write(printable(str(text)) + "\n", errors=errors)


def print_text(text: str, *, errors: bool = False) -> None:
    """Print text of several lines as it is laid out."""
    _write(_shown(text) + "\n", errors=errors)


def print_content(text: str) -> None:
    """Print what is to be piped into a program as it is; on a terminal as text is shown."""
    if sys.stdout.isatty():
        print_text(text)
    else:
        sys.stdout.write(text + "\n")


def print_mistake(error: LexgraftError) -> None:
    """Print what is wrong, where, and what to do; further lines of a part are indented."""
    where = f"{printable(error.where)}: " if error.where else ""
    what = "\n    ".join(map(printable, error.what.split("\n")))
    print_text(f"lexgraft: {where}{what}", errors=True)
    if error.cure:
        cure = "\n    ".join(map(printable, error.cure.split("\n")))
        print_text(f"  → {cure}", errors=True)


def print_json(record: object) -> int:
    """Print a record as JSON and return exit status 0."""
    try:
        text = msgspec.json.format(msgspec.json.encode(record, enc_hook=str), indent=1).decode()
    except UnicodeEncodeError:  # the name of a file that is no text
        text = json.dumps(msgspec.to_builtins(record, enc_hook=str), indent=1)
    print_text(text)
    return 0


def print_json_line(record: object, *, errors: bool = False) -> None:
    """Print a record as JSON on one line, at once."""
    print_text(json.dumps(record, ensure_ascii=False), errors=errors)
    (sys.stderr if errors else sys.stdout).flush()


def print_table(title: str, rows: Sequence[Sequence[str]]) -> None:
    """Print rows as a table; the first is the header."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(printable(title)), title_justify="left")
    for number, name in enumerate(rows[0]):
        table.add_column(Text(printable(name)), justify="left" if number == 0 else "right")
    for row in rows[1:]:
        table.add_row(*(Text(printable(cell)) for cell in row))
    screen = console()
    if not screen.is_terminal:
        screen.width = WIDE
    screen.print(table)


def console(*, errors: bool = False) -> "Console":
    """Return the terminal for tables and bars; `[…]` and `:…:` in a text are text."""
    from rich.console import Console

    return Console(stderr=errors, markup=False, emoji=False, highlight=False)


def bear_any_encoding() -> None:
    """Let a terminal that cannot show a character show its number."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _shown(text: str) -> str:
    """Return text with what a terminal would obey as escapes, which JSON reads alike."""
    return _OBEYED.sub(lambda found: json.dumps(found[0])[1:-1], text)


def _write(text: str, *, errors: bool) -> None:
    stream = sys.stderr if errors else sys.stdout
    stream.write(text)
