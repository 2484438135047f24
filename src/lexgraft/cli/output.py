"""What verbs print: tables, JSON, lines."""

import json
from collections.abc import Sequence

import msgspec

WIDE = 160  # columns where there is no terminal to ask


def lines(rows: Sequence[object]) -> str:
    """Return rows as lines: text as it is, anything else as JSON."""
    return "\n".join(
        row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows
    )


def print_json(record: object) -> int:
    """Print a record as JSON and return exit status 0."""
    print(msgspec.json.format(msgspec.json.encode(record, enc_hook=str), indent=1).decode())
    return 0


def print_table(title: str, rows: Sequence[Sequence[str]]) -> None:
    """Print rows as a table; the first is the header."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for number, name in enumerate(rows[0]):
        table.add_column(name, justify="left" if number == 0 else "right")
    for row in rows[1:]:
        table.add_row(*row)
    console = Console(markup=False, emoji=False)  # `[…]` in a term is text
    if not console.is_terminal:
        console.width = WIDE
    console.print(table)
