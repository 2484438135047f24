"""Characters as numbers: how their scripts are spaced, and tables by code point."""

import unicodedata
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lexgraft.terms.text.span_hash import HANGUL, OTHER, SPACE, SPACED

UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "BOPOMOFO", "YI ")
_UNICODE = 0x110000

Points = NDArray[np.uint32]


class CharacterTable:
    """A table from code points to numbers, filled by a function as characters are first met.

    0 means not yet known: a function that returns it is called again. There is room for all of
    Unicode; pages that are never touched take no memory.
    """

    def __init__(self, ask: Callable[[int], int], kind: type[np.unsignedinteger]) -> None:
        self._known: NDArray[np.unsignedinteger] = np.zeros(_UNICODE, kind)
        self._ask = ask

    def __call__(self, points: Points) -> NDArray[np.unsignedinteger]:
        """Return the number of each character."""
        places = points.astype(np.intp)  # twice as fast to take by
        numbers = self._known.take(places)
        if np.count_nonzero(numbers) < len(numbers):
            for point in np.unique(points[numbers == 0]).tolist():
                self._known[point] = self._ask(point)
            numbers = self._known.take(places)
        return numbers


def code_points(text: str) -> Points:
    """Return the code points of a text."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def text_of(points: NDArray[np.unsignedinteger]) -> str:
    """Return the text of code points of 32 bits."""
    return points.tobytes().decode("utf-32-le", "surrogatepass")


def spacings(text: str) -> str:
    """Return a letter per character: `s` a spaced script, `h` Hangul, ` ` space, `-` the rest."""
    return kinds_of(text).decode("ascii")


@cache
def spacing_of(character: str) -> str:
    """Return `spaced`, `unspaced` or `hangul` for letters, digits and marks, else nothing."""
    name = unicodedata.name(character, "")
    if unicodedata.category(character)[0] not in "LNM":
        return ""
    if name.startswith("HANGUL"):
        return "hangul"
    return "unspaced" if name.startswith(UNSPACED) or character in "々〆〇ー" else "spaced"


def _kind(point: int) -> int:
    """Return the letter of `spacings` for a code point."""
    if point == SPACE:
        return SPACE
    return {"spaced": SPACED, "hangul": HANGUL}.get(spacing_of(chr(point)), OTHER)


kinds = CharacterTable(_kind, np.uint8)
"""The letters of `spacings` as numbers."""


def kinds_of(text: str) -> bytes:
    """Return the letters of `spacings` as bytes."""
    if text.isascii():
        return text.encode("ascii").translate(_ascii_kinds())
    return kinds(code_points(text)).tobytes()


@cache
def _ascii_kinds() -> bytes:
    return bytes(map(_kind, range(256)))
