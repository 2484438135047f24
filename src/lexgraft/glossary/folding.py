"""Text folded for comparison: width, case and white space, with the way back to the original."""

import unicodedata
from functools import cache

from msgspec import Struct

IGNORED = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")  # soft hyphen, zero widths
UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "BOPOMOFO", "YI ")


class Folded(Struct, frozen=True):
    """Folded text; per character of it where its original starts and ends."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def is_whole(self, start: int, end: int) -> bool:
        """Tell whether a span of the folded text is a span of the original: no half ligature."""
        left = start == 0 or self.starts[start] != self.starts[start - 1]
        return left and (end == len(self.text) or self.starts[end] != self.starts[end - 1])


def fold(text: str) -> Folded:
    """Return the text in NFKC and without case, white space runs as one space."""
    folded: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _clusters(text):
        plain = _fold_cluster(text[start:end])
        if plain == " " and (not folded or folded[-1] == " "):
            continue
        folded.extend(plain)
        starts.extend([start] * len(plain))
        ends.extend([end] * len(plain))
    if folded[-1:] == [" "]:
        del folded[-1], starts[-1], ends[-1]
    return Folded("".join(folded), tuple(starts), tuple(ends))


def folded_text(text: str) -> str:
    """Return only the text of `fold`."""
    return fold(text).text


@cache
def script(character: str) -> str:
    """Return `spaced`, `unspaced` or `hangul` for letters, digits and marks, else nothing."""
    name = unicodedata.name(character, "")
    if unicodedata.category(character)[0] not in "LNM":
        return ""
    if name.startswith("HANGUL"):
        return "hangul"
    return "unspaced" if name.startswith(UNSPACED) or character in "々〆〇ー" else "spaced"


def _clusters(text: str) -> list[tuple[int, int]]:
    """Return the spans that are folded on their own: a character and what combines with it."""
    spans: list[tuple[int, int]] = []
    for position, character in enumerate(text):
        if spans and _combines(character):
            spans[-1] = (spans[-1][0], position + 1)
        else:
            spans.append((position, position + 1))
    return spans


@cache
def _combines(character: str) -> bool:
    """Tell a mark, or a Hangul vowel or final consonant, that NFKC may join to what precedes."""
    first = unicodedata.normalize("NFKC", character)[:1]
    return bool(first) and (unicodedata.combining(first) != 0 or "\u1160" <= first <= "\u11ff")


@cache
def _fold_cluster(cluster: str) -> str:
    """Return one cluster folded: empty when it is ignored."""
    if cluster.isspace():
        return " "
    kept = "".join(character for character in cluster if character not in IGNORED)
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", kept).casefold())
    return plain.strip() or plain[:1]
