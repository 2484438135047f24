"""Stems that tell a word: its first letters, or characters in a row of unspaced scripts."""

import re
from functools import cache

from lexgraft.terms.text.scripts import KANJI, UNSPACED

LETTERS = re.compile(r"[^\W\d_]+")
_STEM = 5  # letters of a word's start that give it away
_UNSPACED_STEM = 2  # kanji in a row that give a Japanese or Chinese word away
_KANA_STEM = 4  # the same of kana only


@cache
def stems(folded: str) -> frozenset[str]:
    """Return what gives a folded text away: starts of words, and kanji or kana in a row.

    >>> sorted(stems("acute pancreatitis"))
    ['acute', 'pancr']
    >>> sorted(stems("大腸炎"))
    ['大腸', '腸炎']
    """
    starts: set[str] = set()
    for word in LETTERS.findall(UNSPACED.sub(" ", folded)):
        if len(word) >= _STEM:
            starts.add(word[:_STEM])
    for run in UNSPACED.findall(folded):
        has_kanji = KANJI.search(run)
        if not has_kanji and len(run) <= _UNSPACED_STEM:
            continue  # particles and endings
        size = _UNSPACED_STEM if has_kanji else _KANA_STEM
        starts.update(run[offset : offset + size] for offset in range(max(1, len(run) - size + 1)))
    return frozenset(starts)
