"""Wordings filled in: texts as they are, sentences closed, particles by the word before (pure)."""

import re
import unicodedata
from collections.abc import Mapping

from lexgraft.terms.wordings.korean_particles import with_particles
from lexgraft.terms.wordings.language_file import file_of

_SLOT = re.compile(r"(\{[a-z_]+\})")
_OPEN = frozenset("„“«‹「『（(《〈【[‚‘")
_STOPS = {
    "hi": "।", "bn": "।", "mr": "।", "ne": "।", "pa": "।", "as": "।", "or": "।", "sa": "।",
    "ur": "۔", "am": "።", "ti": "።", "hy": "։", "my": "။", "km": "។",
    "th": "", "lo": "", "bo": "།",
}  # fmt: skip
"""What closes a sentence in languages without a file; a full stop in all others."""
_CLOSING = frozenset(".!?…:;。．！？：；؟۔।॥።։။។།｡")
_SPACED = "HANGUL"


def filled(wording: str, values: Mapping[str, str]) -> str:
    """Return a wording with its places filled; braces and brackets in the texts stay as they are.

    >>> filled("'{question}'[은/는] {x}", {"question": "밸브", "x": "{question}"})
    "'밸브'는 {question}"
    """
    text = ""
    for piece in _SLOT.split(wording):
        slot = _SLOT.fullmatch(piece)
        text += values[piece[1:-1]] if slot else with_particles(text, piece)
    return text


def closed(text: str, language: str) -> str:
    """Return a text that something else follows, ended as its language ends a sentence.

    >>> closed("a part that shuts a pipe", "en"), closed("配管を閉じる部品", "ja"), closed("", "en")
    ('a part that shuts a pipe.', '配管を閉じる部品。', '')
    """
    inner = text.rstrip().rstrip("\"'”’»)）」』】›")
    if not inner or inner[-1] in _CLOSING:
        return text
    spoken = file_of(language)
    stop = spoken.stop if spoken else _STOPS.get(language.partition("-")[0].lower(), ".")
    return text.rstrip() + stop


def seam(context: str) -> str:
    """Return what stands between a context and an option: a space, where its script has some.

    >>> seam("The word is"), seam("La palabra é"), seam("言葉は「"), seam("이 단어는")
    (' ', ' ', '', ' ')
    """
    last = context[-1:]
    if last in _OPEN:
        return ""
    wide = unicodedata.east_asian_width(last) in "WF" if last else False
    return "" if wide and not unicodedata.name(last, "").startswith(_SPACED) else " "
