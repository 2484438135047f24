"""Text folded for comparison: width, case and white space, with the way back to the original."""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np
from msgspec import Struct

from lexgraft.terms.text.character_tables import CharacterTable, code_points, text_of

IGNORED = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")  # soft hyphen, zero widths
_MANY = "\uffff"  # no character: stands for one that does not fold to exactly one
_CLUSTERS = re.compile(f"[^{_MANY}]?{_MANY}+")
_SPACES = re.compile("  +")


class Folded(Struct, frozen=True):
    """Folded text; per character of it where its original starts and ends."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    @property
    def is_straight(self) -> bool:
        """Tell that every character is where it was, so that every span is whole."""
        return isinstance(self.starts, range)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where a span of the folded text stands in the original."""
        return self.starts[start], self.ends[end - 1]

    def is_whole(self, start: int, end: int) -> bool:
        """Tell whether a span of the folded text is a span of the original: no half ligature."""
        starts_whole = start == 0 or self.starts[start] != self.starts[start - 1]
        return starts_whole and (end == len(self.text) or self.starts[end] != self.starts[end - 1])


class _Singles(dict[int, int]):
    """What every character that folds to one character folds to, filled as they are met."""

    def __missing__(self, point: int) -> int:
        character = chr(point)
        plain = _fold_cluster(character)
        single = len(plain) == 1 and not _combines(character)
        self[point] = ord(plain if single else _MANY)
        return self[point]


def fold(text: str) -> Folded:
    """Return the text in NFKC and without case, white space runs as one space."""
    if text.isascii():
        plain = text.encode("ascii").translate(_ASCII).decode("ascii")
    else:
        plain = text_of(_singles(code_points(text)))
    starts: Sequence[int] = range(len(plain))
    ends: Sequence[int] = range(1, len(plain) + 1)
    if _MANY in plain:
        plain, starts, ends = _fold_clusters(text, plain)
    if "  " in plain or plain[:1] == " " or plain[-1:] == " ":
        plain, starts, ends = _fold_spaces(plain, starts, ends)
    return Folded(plain, starts, ends)


def folded_text(text: str) -> str:
    """Return only the text of `fold`; the text itself where nothing is folded."""
    if text.isascii():
        folded = " ".join(text.lower().split())
    else:
        plain = text.translate(_SINGLES)
        folded = fold(text).text if _MANY in plain else " ".join(plain.split())
    return text if folded == text else folded


def comparison_key(text: str) -> str:
    """Return a text without differences of width, letter case and spacing.

    Unlike `folded_text` it keeps soft hyphens and zero widths, and casefold's output as it is: the
    choice of a test set's concepts and items hangs on it.
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _fold_clusters(text: str, plain: str) -> tuple[str, list[int], list[int]]:
    """Return the folded text and its places where characters combine, vanish or multiply."""
    folded: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    for region in _CLUSTERS.finditer(plain):
        first, last = region.span()
        folded.append(plain[done:first])
        starts.extend(range(done, first))
        ends.extend(range(done + 1, first + 1))
        for start, end in _clusters(text, first, last):
            cluster = _fold_cluster(text[start:end])
            folded.append(cluster)
            starts.extend([start] * len(cluster))
            ends.extend([end] * len(cluster))
        done = last
    folded.append(plain[done:])
    starts.extend(range(done, len(plain)))
    ends.extend(range(done + 1, len(plain) + 1))
    return "".join(folded), starts, ends


def _fold_spaces(
    text: str, starts: Sequence[int], ends: Sequence[int]
) -> tuple[str, list[int], list[int]]:
    """Return the text with one space for a run of them (the first), and none at its ends."""
    first = len(text) - len(text.lstrip(" "))
    last = len(text.rstrip(" "))
    spans: list[slice] = []
    for run in _SPACES.finditer(text, first, last):
        spans.append(slice(first, run.start() + 1))
        first = run.end()
    spans.append(slice(first, last))
    return (
        "".join(text[span] for span in spans),
        [position for span in spans for position in starts[span]],
        [position for span in spans for position in ends[span]],
    )


def _clusters(text: str, first: int, last: int) -> list[tuple[int, int]]:
    """Return the spans that are folded on their own: a character and what combines with it."""
    spans: list[tuple[int, int]] = []
    for position in range(first, last):
        if spans and _combines(text[position]):
            spans[-1] = (spans[-1][0], position + 1)
        else:
            spans.append((position, position + 1))
    return spans


@cache
def _combines(character: str) -> bool:
    """Tell a mark, or a Hangul vowel or final consonant, that NFKC may join to what precedes."""
    first = unicodedata.normalize("NFKC", character)[:1]
    return bool(first) and (unicodedata.combining(first) != 0 or "\u1160" <= first <= "\u11ff")


@lru_cache(maxsize=1 << 16)
def _fold_cluster(cluster: str) -> str:
    """Return one cluster folded: empty when it is ignored."""
    if cluster.isspace():
        return " "
    visible = "".join(character for character in cluster if character not in IGNORED)
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", visible).casefold())
    plain = plain.replace("i\u0307", "i")  # what casefold makes of the Turkish İ
    return plain.strip() or plain[:1]


_SINGLES = _Singles()
_singles = CharacterTable(_SINGLES.__getitem__, np.uint32)  # for long texts
_ASCII = bytes(map(_SINGLES.__getitem__, range(128))) + bytes(128)
