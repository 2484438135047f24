"""Sound: how alike two texts sound, from Latin letters and kana in one rough spelling."""

import re
from collections.abc import Sequence
from functools import cache
from unicodedata import combining, normalize

_ROWS = {
    "": "アイウエオ",
    "k": "カキクケコ",
    "s": "サシスセソ",
    "t": "タチツテト",
    "n": "ナニヌネノ",
    "h": "ハヒフヘホ",
    "m": "マミムメモ",
    "y": "ヤ ユ ヨ",
    "r": "ラリルレロ",
    "w": "ワヰ ヱヲ",
    "g": "ガギグゲゴ",
    "z": "ザジズゼゾ",
    "d": "ダヂヅデド",
    "b": "バビブベボ",
    "p": "パピプペポ",
}
_KANA = {
    kana: consonant + vowel
    for consonant, row in _ROWS.items()
    for kana, vowel in zip(row, "aiueo", strict=True)
    if kana.strip()
} | {"ン": "n", "ヴ": "v", "ッ": "", "ー": ""}
_SMALL = dict(zip("ァィゥェォャュョ", "aiueoauo", strict=True))
_ALIKE = (
    ("tch", "t"),
    ("sch", "s"),
    ("ch", "k"),
    ("sh", "s"),
    ("pf", "f"),
    ("ph", "f"),
    ("th", "t"),
    ("qu", "k"),
    ("ck", "k"),
    ("x", "ks"),
    ("f", "h"),
    ("v", "b"),
    ("c", "k"),
    ("l", "r"),
    ("j", "z"),
    ("y", "i"),
    ("ae", "e"),
    ("oe", "e"),
    ("ue", "u"),
)
_WORD = re.compile(r"[a-z]+")
_HIRAGANA = (0x3041, 0x3096)
_TO_KATAKANA = 0x60


@cache
def phonetic_words(text: str) -> tuple[str, ...]:
    """Return a text's words as they sound: Latin letters and kana; kanji have no sound here."""
    plain = "".join(
        character for character in normalize("NFKD", text.casefold()) if not combining(character)
    )
    latin = "".join(_latin(normalize("NFKC", text.casefold()), plain))
    for old, new in _ALIKE:
        latin = latin.replace(old, new)
    return tuple(re.sub(r"(.)\1+", r"\1", word) for word in _WORD.findall(latin))


def sound_similarity(first: str, second: str) -> float:
    """Return 0 to 1: how far the words of the second text sound like some of the first.

    The mean, over the second's words, of the best Dice coefficient of letter pairs (Dice, Ecology
    26, 1945, p. 298) with a word of the first, or that of both as wholes, whichever is larger.
    """
    first_words, second_words = phonetic_words(first), phonetic_words(second)
    if not first_words or not second_words:
        return 0.0
    by_word = [max(_dice(word, candidate) for candidate in first_words) for word in second_words]
    as_wholes = _dice("".join(first_words), "".join(second_words))
    return max(as_wholes, sum(by_word) / len(by_word))


def sound_similarities(question: str, options: Sequence[str]) -> list[float]:
    """Return how much each option sounds like the question."""
    return [sound_similarity(question, option) for option in options]


def _latin(composed: str, plain: str) -> list[str]:
    """Return a text's letters with kana spelt out; what has neither ends a word."""
    if composed.isascii():
        return [composed]
    letters: list[str] = []
    for sign in composed if any(_is_kana(character) for character in composed) else plain:
        kana = chr(ord(sign) + _TO_KATAKANA) if _is_hiragana(sign) else sign
        if kana in _SMALL:
            letters[-1:] = [letters[-1][:-1] if letters and len(letters[-1]) > 1 else ""]
            letters.append(_SMALL[kana])
        else:
            letters.append(_KANA.get(kana, kana))
    return letters


def _is_hiragana(sign: str) -> bool:
    return _HIRAGANA[0] <= ord(sign) <= _HIRAGANA[1]


def _is_kana(sign: str) -> bool:
    return sign in _KANA or sign in _SMALL or _is_hiragana(sign)


@cache
def _pairs(word: str) -> frozenset[str]:
    padded = f"^{word}$"
    return frozenset(padded[start : start + 2] for start in range(len(padded) - 1))


def _dice(first: str, second: str) -> float:
    first_pairs, second_pairs = _pairs(first), _pairs(second)
    return 2 * len(first_pairs & second_pairs) / (len(first_pairs) + len(second_pairs))
