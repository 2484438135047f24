"""Are two writings with one spelling key one term? What the key takes away is looked at here."""

import re

from lexgraft.terms.text.spelling_fold import (
    DENSE,
    GONE,
    GREEK_ACCENTS,
    KATAKANA,
    LOANWORDS,
    with_plain_loans,
)

_HAN = re.compile("[\u3400-\u9fff々]")
_KANA = re.compile(r"[ぁ-ゖァ-ヺー]")
_HIRAGANA_SIGN = re.compile("[ぁ-ゖ]")
_KATAKANA_SIGN = re.compile("[ァ-ヺ]")
_GREEK_ACCENTED = re.compile(f"[{''.join(map(chr, GREEK_ACCENTS))}]")
_ONLY_KANA = re.compile(r"[ぁ-ゖァ-ヺー・゠=\- ]+")
_FREE_LONG_MARK = re.compile(f"(?<=[{KATAKANA}ぁ-ゖー]{{3}})ー")  # JIS Z 8301: from three sounds
_JOINTS = re.compile(rf"[・゠=\- ](?<=[{KATAKANA}ー].)(?=[{KATAKANA}])")
_DENSE_SPACE = re.compile(rf"(?<=[{DENSE}])\s+(?=[{DENSE}])")
_BEFORE, _BEHIND = "はがをのにでともへや", "はがをのにでともへやかまよなだ"
"""Particles that may stand before a word, and the first signs of those behind it."""


def written_alike(written: str, span: str, original: str, before: str, after: str) -> bool:
    """Tell whether a place in a text is a term, the keys of which are the same.

    Args:
        written: the term, folded.
        span: the place, folded.
        original: the place as it stands in the text.
        before: the character before it, folded; nothing at the beginning.
        after: the character behind it.

    Long marks may be there or not from the third sound on (コンピュータ, but ビル is no ビール). A
    word of kana alone in the other kana needs something else on both sides, or a particle: マス is
    not in します. A dot or space that the term has not may not cut words in two: ゴミ is not in
    リンゴ・ミカン. Greek goes without accents in capitals only: νομός is no νόμος.
    """
    if _accents(written) != _accents(span) and not original.isupper():
        return False
    if not _KANA.search(written) and not _KANA.search(span):
        return _spaced_alike(written, span, original, before, after)
    return (
        _FREE_LONG_MARK.sub("", _without_joints(written))
        == _FREE_LONG_MARK.sub("", _without_joints(span))
        or _in_other_kana(written, span, before, after)
    ) and _spaced_alike(written, span, original, before, after)


def may_end_there(written: str, after: str) -> bool:
    """Tell whether a writing without its last kana is whole: 打ち合 is not in 打ち合い."""
    return not (_HAN.fullmatch(written[-1:]) and _goes_on(after, _BEHIND))


def _accents(text: str) -> list[int]:
    """Return where a text has Greek accents."""
    return [match.start() for match in _GREEK_ACCENTED.finditer(text)]


def _in_other_kana(written: str, span: str, before: str, after: str) -> bool:
    """Tell whether the writings differ in their kana, and may."""
    first, second = (
        _FREE_LONG_MARK.sub("", _without_joints(text).translate(_TO_KATAKANA))
        for text in (written, span)
    )
    if first != second:
        return False
    starts, ends = (bool(_KANA.fullmatch(sign)) for sign in (span[:1], span[-1:]))
    ends = ends and bool(_ONLY_KANA.fullmatch(span))  # behind kanji only one word can stand
    if _HIRAGANA_SIGN.search(span):
        return not ((starts and _goes_on(before, _BEFORE)) or (ends and _goes_on(after, _BEHIND)))
    return not ((starts and _is_katakana(before)) or (ends and _is_katakana(after)))


def _goes_on(sign: str, particles: str) -> bool:
    """Tell a hiragana sign that is no particle: the word may go on with it."""
    return bool(_HIRAGANA_SIGN.fullmatch(sign)) and sign not in particles


def _is_katakana(sign: str) -> bool:
    return bool(_KATAKANA_SIGN.fullmatch(sign)) or sign == "ー"


def _spaced_alike(written: str, span: str, original: str, before: str, after: str) -> bool:
    """Tell whether signs within the place that the term has not may be passed over."""
    if _JOINTS.search(span) and not _JOINTS.search(written):
        return not (_is_katakana(before) or _is_katakana(after))
    spaces = _DENSE_SPACE.findall(original)
    if not spaces or _DENSE_SPACE.search(written) or _JOINTS.search(span):
        return True
    return all(space.count("\n") == 1 for space in spaces)  # a line that was broken


def _without_joints(text: str) -> str:
    plain = _JOINTS.sub("", text).translate(_LOANS).replace(" ", "")
    return with_plain_loans(plain).replace(GONE, "")


_LOANS = str.maketrans(LOANWORDS)
_TO_KATAKANA = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}
