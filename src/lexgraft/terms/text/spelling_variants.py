"""Spelling variants: forms that two writings of one term share, in English and Japanese."""

import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from unicodedata import normalize

from lexgraft.terms.text.spelling_keys import english_key

_KATAKANA = r"[ァ-ヺー]"
_LONG_VOWEL = re.compile(rf"({_KATAKANA}{{3,}})ー(?!{_KATAKANA})")  # JIS Z 8301: from three sounds
_DOT = re.compile(r"[・゠=]|(?<=[ァ-ヺー])[ \-](?=[ァ-ヺ])")
_HAN = r"[\u3400-\u9fff\uf900-\ufaff々〆]"
_OKURIGANA = re.compile(rf"({_HAN})([ぁ-ゖ]*)")
_COMPOUND = 2  # kanji from which on endings are a matter of house style
Step = tuple[str, Callable[[str], str]]
Steps = tuple[Step, ...]
"""What is folded, with the kind of difference that it takes away."""
_SMALL = str.maketrans({"ヴ": "ブ", "ヂ": "ジ", "ヅ": "ズ", "ヶ": "ケ", "ヵ": "カ"})
_BU = re.compile(r"ヴ([ァィェォ])")
_BU_OF = dict(zip("ァィェォ", "バビベボ", strict=True))


def variant_key(text: str) -> str:
    """Return a form that all spellings of a term share; also shared by some that are none.

    English as in `english_key`; Japanese without final long vowels, dots between loanwords, old
    and variant kanji, and the kana after kanji: compare those with `variants_of`.
    """
    key = _folded(text, _STEPS)
    return _without_kana(key) if _is_compound(key) else key


def kinds_of_variant(first: str, second: str) -> tuple[str, ...]:
    """Return in what two texts differ, if only in spelling; nothing if they are equal or unlike."""
    if first == second:
        return ()
    for end in range(len(_STEPS) + 1):
        steps = _STEPS[:end]
        if _are_same(first, second, steps):
            needed = [step for step in steps if not _are_same(first, second, _without(steps, step))]
            ending = _folded(first, steps) != _folded(second, steps)
            return (*(kind for kind, _ in needed), *(("送り仮名",) if ending else ()))
    return ()


def _are_same(first: str, second: str, steps: Steps) -> bool:
    first_key, second_key = _folded(first, steps), _folded(second, steps)
    return first_key == second_key or _is_okurigana(first_key, second_key)


def _folded(text: str, steps: Steps) -> str:
    for _, fold in steps:
        text = fold(text)
    return text


def _without(steps: Steps, left_out: Step) -> Steps:
    return tuple(step for step in steps if step is not left_out)


def _fold_width(text: str) -> str:
    return normalize("NFKC", text)


def _fold_kanji(text: str) -> str:
    return text.translate(new_kanji())


def _drop_long_vowels(text: str) -> str:
    return _LONG_VOWEL.sub(r"\1", text)


def _drop_dots(text: str) -> str:
    return _DOT.sub("", text)


def _fold_loanwords(text: str) -> str:
    return _BU.sub(lambda match: _BU_OF[match[1]], text).translate(_SMALL)


_STEPS: Steps = (
    ("width", _fold_width),
    ("kanji", _fold_kanji),
    ("loanword", _fold_loanwords),
    ("long vowel", _drop_long_vowels),
    ("中黒", _drop_dots),
    ("spelling", english_key),
)


@cache
def new_kanji() -> dict[int, str]:
    """Return old or variant kanji → the kanji in use now."""
    text = (files("lexgraft.terms.text") / "kanji.txt").read_text(encoding="utf-8")
    pairs = [pair for line in text.splitlines() if line[:1] != "#" for pair in line.split()]
    return {ord(old): pair[0] for pair in pairs for old in pair[1:]}


def _without_kana(text: str) -> str:
    """Return a text without the kana after its kanji."""
    return _OKURIGANA.sub(r"\1", text)


def _is_compound(key: str) -> bool:
    return len(re.findall(_HAN, key)) >= _COMPOUND


def _is_okurigana(first: str, second: str) -> bool:
    """Tell whether two texts differ only in that one writes fewer of the kana after kanji."""
    if _without_kana(first) != _without_kana(second) or not _is_compound(first):
        return False
    first_runs, second_runs = _OKURIGANA.findall(first), _OKURIGANA.findall(second)
    gaps = [(a[1], b[1]) for a, b in zip(first_runs, second_runs, strict=True)]
    return all(_leaves_out(a, b) for a, b in gaps) or all(_leaves_out(b, a) for a, b in gaps)


def _leaves_out(short: str, long: str) -> bool:
    """Tell whether a run of kana is another with some of its beginning left out."""
    return long.endswith(short)
