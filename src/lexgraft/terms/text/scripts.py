"""Scripts of texts: which of Latin letters, kanji and kana a text is written in."""

import re
from unicodedata import normalize

FIRST_DENSE = 0x2E80  # the first CJK block of Unicode: from there on, words stand without spaces
UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff々〆ー]+")
"""A run of kana and kanji."""
KANJI = re.compile("[\u3400-\u9fff\uf900-\ufaff々]")
HIRAGANA = re.compile("[\u3040-\u309fー]+")
_KANA = re.compile("[\u3040-\u30ff]")
_KATAKANA = re.compile("[\u30a1-\u30ff・\\s]+")
_LOAN = re.compile("[\u30a1-\u30fa\u30fc]{2}")


def script_of(text: str) -> str:
    """Return the script class of a text: `Latin`, `kanji`, `kana` or `mixed` (kanji and kana)."""
    if not KANJI.search(text):
        return "kana" if _KANA.search(text) else "Latin"
    return "mixed" if _KANA.search(text) else "kanji"


def writing_of(text: str) -> str:
    """Return the script class of a text, with `katakana` (loanwords) apart from other kana."""
    text = normalize("NFKC", text.strip())
    return "katakana" if _KATAKANA.fullmatch(text) else script_of(text)


def is_loanword(text: str) -> bool:
    """Tell a text with katakana in it: that part can be heard without being known."""
    return bool(_LOAN.search(normalize("NFKC", text)))


def is_dense(text: str) -> bool:
    """Tell a text with a character of a script without spaces between words."""
    return any(ord(character) >= FIRST_DENSE for character in text)
