"""A second opinion on Japanese matches: the edges of Sudachi's words, as a flag; its one door."""

from functools import cache
from typing import Any

from lexgraft.errors import LexgraftError

_LINE = 8000  # characters given to the tokenizer at once: it takes 48 KiB


def word_edges(text: str) -> frozenset[int]:
    """Return where Sudachi's shortest words (mode A) begin and end in a text.

    Raises:
        LexgraftError: SudachiPy or its small dictionary is not installed.
    """
    edges = {0}
    for start, line in _lines(text):
        for word in _tokenizer().tokenize(line):
            edges |= {start + word.begin(), start + word.end()}
    return frozenset(edges)


@cache
def _tokenizer() -> Any:
    try:
        from sudachipy import Dictionary, SplitMode

        return Dictionary(dict="small").tokenizer(mode=SplitMode.A)
    except (ImportError, ModuleNotFoundError) as error:
        raise LexgraftError(
            "word edges need SudachiPy and its small dictionary",
            cure="pip install 'lexgraft[japanese]'",
        ) from error


def _lines(text: str) -> list[tuple[int, str]]:
    """Return the lines with the places where they begin."""
    lines: list[tuple[int, str]] = []
    start = 0
    for line in text.splitlines(keepends=True):
        lines += [
            (start + first, line[first : first + _LINE]) for first in range(0, len(line), _LINE)
        ]
        start += len(line)
    return lines
