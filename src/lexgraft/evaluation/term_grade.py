"""A generated term against its concept: exact, variant, wrong, other language or empty."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal

TermGrade = Literal["exact", "variant", "wrong", "other language", "empty"]

_GREEK = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "epsilon",
    "ζ": "zeta",
    "η": "eta",
    "θ": "theta",
    "ι": "iota",
    "κ": "kappa",
    "λ": "lambda",
    "μ": "mu",
    "ν": "nu",
    "ξ": "xi",
    "ο": "omicron",
    "π": "pi",
    "ρ": "rho",
    "σ": "sigma",
    "ς": "sigma",
    "τ": "tau",
    "υ": "upsilon",
    "φ": "phi",
    "χ": "chi",
    "ψ": "psi",
    "ω": "omega",
}
_KATAKANA_GREEK = {  # the names that do not also occur inside other words, as ニュー in ニューロン
    "アルファ": "alpha",
    "ベータ": "beta",
    "ガンマ": "gamma",
    "デルタ": "delta",
    "イプシロン": "epsilon",
    "カッパ": "kappa",
    "ラムダ": "lambda",
    "シグマ": "sigma",
    "オメガ": "omega",
}
_LETTERS = str.maketrans(_GREEK)
_KATAKANA_NAMES = re.compile("|".join(_KATAKANA_GREEK))
_BAR_AS_LONG_MARK = re.compile(r"(?<=[ァ-ヺー])[—―─]")
_FINAL_LONG_MARK = re.compile(r"(?<=[ァ-ヺー]{2}[ァ-ヺ])ー(?![ァ-ヺー])")
_HYPHENS = re.compile(r"[‐‑‒–—−﹣－]")
_JOINTS = re.compile(r"(?<=\w)[-\s・·]+(?=\w)")
_EDGES = " \t\r\n\u3000.,;:!?。、．，；：！？「」『』（）()[]【】《》〈〉\"'“”‘’*_`…"
_ARTICLE = re.compile(r"^(?:an?|the)\s+")
_TO_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}


def grade_term(text: str, names: Iterable[str], elsewhere: Iterable[str] = ()) -> TermGrade:
    """Return how a generated answer relates to a concept's names in the language asked for.

    `elsewhere` are its names in other languages. Only the first line that is not blank counts.
    """
    said = _first_line(text)
    if not said:
        return "empty"
    names = tuple(names)
    if said in {unicodedata.normalize("NFC", name) for name in names}:
        return "exact"
    key = spelling_key(said)
    if key in {spelling_key(name) for name in names}:
        return "variant"
    return "other language" if key in {spelling_key(name) for name in elsewhere} else "wrong"


def spelling_key(text: str) -> str:
    """Return a form that is equal for spellings of one term that differ only by convention.

    Width, case, hyphens and minus signs, spaces and middle dots between letters, Greek letters and
    their names, hiragana and katakana, a final long mark (コンピュータ, コンピューター), an English
    article, punctuation around. Kanji and their reading stay different: list both as terms.
    """
    key = unicodedata.normalize("NFKC", text).casefold().strip(_EDGES)
    key = _ARTICLE.sub("", key)
    key = _BAR_AS_LONG_MARK.sub("ー", key)
    key = _HYPHENS.sub("-", key)
    key = _KATAKANA_NAMES.sub(lambda match: _KATAKANA_GREEK[match[0]], key).translate(_LETTERS)
    key = _FINAL_LONG_MARK.sub("", key)
    return _JOINTS.sub("", key).translate(_TO_HIRAGANA)


def _first_line(text: str) -> str:
    lines = (unicodedata.normalize("NFC", line).strip(_EDGES) for line in text.split("\n"))
    return next((line for line in lines if line), "")
