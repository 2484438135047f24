"""Lines that a mailer or an editor broke at a width, put together as the paragraphs they were."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise

_NARROWEST = 36  # columns: what is broken is broken at this width or a greater one
_LOOSE = 4  # columns that a line of a script without spaces may be short of it: signs hang together
_LOOSE_WORDS = 12  # the same of scripts whose words are not spaced and not broken: Thai, Lao, Khmer
_SENTENCE_END = re.compile(r"[.!?…:;。．！？：；।॥؟۔]['\"’”»)\]）」』】〉》]*$")
_GOES_ON = re.compile(r"(?:[,、，،‚]|[\u3040-\u30ff\u3400-\u9fff](?<=[はがをにでとへ]))$")
_ITEM = re.compile(
    r"\s*(?:[-*+•‣◦・●○■□◆◇※→#>|=~_]|\(?(?:\d{1,3}|[a-zA-Z])[.)]\s|[①-⑳㈠-㈩]|[（(]\d{1,3}[)）]|$)"
)
_DENSE = re.compile("[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")  # Han, kana, signs
_SOUTHEAST = re.compile("[\u0e00-\u0eff\u1780-\u17ff\u1000-\u109f]")


def unbroken(lines: Sequence[str]) -> Iterator[list[str]]:
    """Yield the lines of a text, those together that are one paragraph broken at a width.

    A line goes on in the next one where its sentence does not end and its next word would not have
    fitted beside it, by the longest line of the paragraph; where it ends with a comma or a
    Japanese particle; and where the next begins with a small letter. Lists stay apart.

    Example:
        >>> list(unbroken(["Open it only after the pressure", "has fallen.", "Then wait."]))
        [['Open it only after the pressure', 'has fallen.'], ['Then wait.']]
    """
    together: list[str] = []
    for paragraph in _paragraphs(lines):
        width = max(map(_columns, paragraph))
        for line, following in pairwise([*paragraph, ""]):
            together.append(line)
            if not _goes_on(line, following, width):
                yield together
                together = []


def _paragraphs(lines: Sequence[str]) -> Iterator[list[str]]:
    """Yield the lines up to every empty one, and that one."""
    paragraph: list[str] = []
    for line in lines:
        paragraph.append(line)
        if not line.strip():
            yield paragraph
            paragraph = []
    if paragraph:
        yield paragraph


def _goes_on(line: str, following: str, width: int) -> bool:
    """Tell whether a sentence goes on from a line to the next."""
    written, columns = line.rstrip(), _columns(line)
    if (
        not written
        or columns < _NARROWEST * 2 // 3
        or _ITEM.match(following)
        or _SENTENCE_END.search(written)
    ):
        return False
    if _GOES_ON.search(written) or following.lstrip()[:1].islower():
        return True
    return width >= _NARROWEST and columns + _next_columns(following) > width


def _next_columns(line: str) -> int:
    """Return how wide what comes first in a line is, with the space before it, and how loosely."""
    word = (line.split(maxsplit=1) or [""])[0]
    if _SOUTHEAST.match(word):
        return _LOOSE_WORDS
    if _DENSE.match(word):
        return 2 + _LOOSE
    return 1 + _columns(word)


def _columns(text: str) -> int:
    """Return how wide a text is: characters of East Asia are two columns, marks none."""
    if text.isascii():
        return len(text.rstrip())
    return sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in {"W", "F"})
        for sign in text.rstrip()
    )
