"""Folded text on which the spellings of one term are the same: signs, kana, kanji, spaces.

What is folded here is folded in texts and terms alike, wherever it stands; whether two writings
with one key are one term says `written_alike`.
"""

import re

import numpy as np

from lexgraft.terms.text.character_tables import CharacterTable, code_points, text_of
from lexgraft.terms.text.normalize import Folded, folded_text
from lexgraft.terms.text.spelling_variants import new_kanji

DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043"
APOSTROPHES = "'\u2018\u2019\u201b\u02bc\u2032"
KATAKANA = "ァ-ヺ"
DENSE = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff々〆〇\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
"""Kana, kanji, Thai, Lao, Myanmar, Khmer: a line that ends between two of them parts no word."""
_HIRAGANA = (ord("ぁ"), ord("ゖ"))
_TO_KATAKANA = 0x60
LOANWORDS = dict(zip("ヂヅヶヵ", "ジズケカ", strict=True))
"""Kana that other kana are written for."""
GONE = "\ufffe"  # no character: the second half of ヴァ, which is バ; Arabic vowel signs
GREEK_ACCENTS = str.maketrans("άέήίόύώϊϋΐΰ", "αεηιουωιυιυ")
"""Accents that capitals go without."""
_VOWEL_SIGNS = re.compile("[\u0640\u064b-\u0652\u0670]")  # of Arabic, and what stretches a word
_VU = {"ヴァ": "バ" + GONE, "ヴィ": "ビ" + GONE, "ヴェ": "ベ" + GONE, "ヴォ": "ボ" + GONE}
_DROPPED = re.compile(
    f"[ー{GONE}]"
    rf"|[・゠=\-](?<=[{KATAKANA}ー].)(?=[{KATAKANA}])"
    rf"|\x20(?:(?<=[{DENSE}].)|(?=[{DENSE}]))"
)
_SIGNS_DROPPED = f"ー・ -゠={GONE}"
_HYPHEN = re.compile(rf"-(?<=[^\W_{DENSE}].)(?=[^\W_{DENSE}])")  # t-cell, t cell
_LONG_MARKS = re.compile(f"[ー{GONE}]+")


def spelling_key(plain: str) -> str:
    """Return what all spellings of a folded text share; the text itself where it is no other.

    >>> spelling_key("データ・ベース") == spelling_key("でえた ﾍﾞｰｽ")
    False
    >>> spelling_key("保護メガネ") == spelling_key("保護めがね")
    True
    """
    key = plain if plain.isascii() else with_plain_loans(plain.translate(_SINGLES))
    key = _HYPHEN.sub(" ", key) if "-" in key else key
    key = key if key.isascii() else _DROPPED.sub("", key)
    return plain if key == plain else key


def fold_spelling(plain: str) -> Folded:
    """Return the key of a folded text, and where every character of it stood.

    A character goes on to the end of what is written behind it and says nothing: long marks.
    """
    if plain.isascii():
        text = _HYPHEN.sub(" ", plain) if "-" in plain else plain
        return Folded(text, range(len(plain)), range(1, len(plain) + 1))
    text = with_plain_loans(text_of(_singles(code_points(plain))))
    text = _HYPHEN.sub(" ", text) if "-" in text else text
    may_drop = any(sign in text for sign in _SIGNS_DROPPED)
    dropped = [match.start() for match in _DROPPED.finditer(text)] if may_drop else []
    if not dropped:
        return Folded(text, range(len(plain)), range(1, len(plain) + 1))
    keeps = np.ones(len(text), np.bool_)
    keeps[dropped] = False
    starts: list[int] = keeps.nonzero()[0].tolist()
    ends = np.arange(1, len(text) + 1)
    for match in _LONG_MARKS.finditer(text):
        ends[max(match.start() - 1, 0)] = match.end()
    return Folded(_DROPPED.sub("", text), starts, ends[keeps].tolist())


def term_key(term: str) -> str:
    """Return the key of a term."""
    return spelling_key(folded_text(term))


def with_plain_loans(text: str) -> str:
    """Return a text with ヴァ as バ, and a sign for what is gone: as long as it was."""
    if "ヴ" in text:
        for written, plain in _VU.items():
            text = text.replace(written, plain)
        text = text.replace("ヴ", "ブ")
    return text


class _Singles(dict[int, int]):
    """What every character of folded text becomes, filled as they are met."""

    def __missing__(self, point: int) -> int:
        character = chr(point)
        if character in DASHES:
            character = "-"
        elif character in APOSTROPHES:
            character = "'"
        elif character in "ıİ":
            character = "i"
        elif _HIRAGANA[0] <= point <= _HIRAGANA[1]:
            character = chr(point + _TO_KATAKANA)
        elif _VOWEL_SIGNS.match(character):
            character = GONE
        character = character.translate(GREEK_ACCENTS)
        character = LOANWORDS.get(character, character)
        self[point] = ord(new_kanji().get(ord(character), character))
        return self[point]


_SINGLES = _Singles()
_singles = CharacterTable(_SINGLES.__getitem__, np.uint32)
