"""The CSV that `lexgraft terms export` writes: its header, and how it holds lists in a cell."""

import re
from collections.abc import Iterable

HEADER = (
    "id",
    "language",
    "term",
    "status",
    "part of speech",
    "usage note",
    "field",
    "definition",
    "type of concept",
    "broader",
    "same as",
    "origin",
    "origin version",
    "licence",
    "sentence",
    "rarity",
)
"""A table with this header is read as it stands: no cell of it is odd."""

_BETWEEN = re.compile(r"(?<!\\)\|")


def joined(texts: Iterable[str]) -> str:
    r"""Return texts as one cell.

    Example:
        >>> joined(["a", "b|c"]), split(joined(["a", "b|c"]))
        ('a|b\\|c', ('a', 'b|c'))
    """
    return "|".join(text.replace("\\", "\\\\").replace("|", "\\|") for text in texts)


def split(cell: str) -> tuple[str, ...]:
    """Return the texts that were joined."""
    if not cell:
        return ()
    return tuple(
        text.replace("\\|", "|").replace("\\\\", "\\")
        for part in _BETWEEN.split(cell)
        if (text := part.strip())
    )
