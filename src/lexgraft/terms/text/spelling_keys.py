"""Spelling keys: texts with one key are one term, written by different conventions.

Two keys, for two questions. `english_key`: British and American spellings, plurals, as dictionaries
differ. `notation_key`: signs, widths and kana, as a generated answer may differ from its term.
Which spellings vary in Japanese, and by which kind of difference: `spelling_variants`.
"""

import re
from unicodedata import normalize

from lexgraft.terms.text.word_forms import without_plural_s

_ARTICLE = re.compile(r"^(?:the|an?)\s+")
EDGE_MARKS = " \t\r\n\u3000.,;:!?。、．，；：！？「」『』（）()[]【】《》〈〉\"'“”‘’*_`…"
_BRITISH = (
    ("ae", "e"),
    ("oe", "e"),
    ("aemia", "emia"),
    ("our", "or"),
    ("ph", "f"),
    ("-", " "),
    ("'s", ""),
)
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
_TO_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}


def english_key(text: str) -> str:
    """Return a form that British and American spellings, plurals and letter cases share.

    >>> english_key("the Haemorrhages")
    'hemorrhage'
    """
    key = normalize("NFKC", text).casefold().strip()
    key = _ARTICLE.sub("", key)
    for british, american in _BRITISH:
        key = key.replace(british, american)
    return " ".join(without_plural_s(word) for word in key.split())


def notation_key(text: str) -> str:
    """Return a form that is equal for spellings of one term that differ only by convention.

    Width, case, hyphens and minus signs, spaces and middle dots between letters, Greek letters and
    their names, hiragana and katakana, a final long mark (コンピュータ, コンピューター), an English
    article, punctuation around. Kanji and their reading stay different: list both as terms.
    """
    key = normalize("NFKC", text).casefold().strip(EDGE_MARKS)
    key = _ARTICLE.sub("", key)
    key = _BAR_AS_LONG_MARK.sub("ー", key)
    key = _HYPHENS.sub("-", key)
    key = _KATAKANA_NAMES.sub(lambda match: _KATAKANA_GREEK[match[0]], key).translate(_LETTERS)
    key = _FINAL_LONG_MARK.sub("", key)
    return _JOINTS.sub("", key).translate(_TO_HIRAGANA)
