"""What words in headers mean, as data: one file per language in `headers/`."""

import json
import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple
from unicodedata import combining, normalize

from lexgraft.terms.text.language_data import folded

ROLES = (
    "id",
    "term",
    "synonyms",
    "forbidden",
    "definition",
    "language",
    "status",
    "approved",
    "part_of_speech",
    "field",
    "note",
    "reading",
    "licence",
    "type",
    "broader",
    "same_as",
    "origin",
    "origin_version",
    "sentence",
    "rarity",
    "ignore",
)
"""What a column can hold; `ignore` is passed over."""

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_STROKES = str.maketrans({"ł": "l", "ß": "ss", "ø": "o"})
_NUMBER_BEHIND = re.compile(r"[\s_#(]*\d{1,2}[)]?$")
_HYPHENS = re.compile(r"[-_\s]+")


class HeaderWord(NamedTuple):
    """The role a word in a header names, and the language the word is of."""

    role: str
    language: str


def role_of(text: str) -> HeaderWord | None:
    """Return the role that a header's words name, whatever their case, width and hyphens."""
    return _words().get(_plain(text))


def languages_of_word(text: str) -> frozenset[str]:
    """Return the languages in which the words of a header, but for a number, are what it says."""
    plain = _plain(_NUMBER_BEHIND.sub("", text))
    return frozenset(language for word, language, _ in _all_words() if word == plain)


@cache
def _words() -> dict[str, HeaderWord]:
    """Return every word of every language; where two languages disagree the first stands."""
    words: dict[str, HeaderWord] = {}
    for word, language, role in _all_words():
        words.setdefault(word, HeaderWord(role, language))
    return words


@cache
def _all_words() -> tuple[tuple[str, str, str], ...]:
    """Return the words of every language, as they are compared, with language and role."""
    folder = files("lexgraft.terms.readers").joinpath("headers")
    words: list[tuple[str, str, str]] = []
    for name in ("en", "ja", "de", "fr", "es", "zh", "ko", "pt", "it", "pl", "ru", "nl"):
        data = json.loads(folder.joinpath(f"{name}.json").read_text(encoding="utf-8"))
        for role in ROLES:
            for word in data.get(role, ()):
                forms = (_plain(word), *_without_marks(_plain(word)))
                words += [(form, name, role) for form in forms]
    return tuple(words)


def _without_marks(word: str) -> tuple[str, ...]:
    """Return a word of Latin letters as it is written without accents and umlauts."""
    umlauts = word.translate(_UMLAUTS)
    plain = "".join(letter for letter in normalize("NFD", word) if not combining(letter)).translate(
        _STROKES
    )
    return tuple({umlauts, plain} - {word}) if plain.isascii() or umlauts.isascii() else ()


def _plain(text: str) -> str:
    return _HYPHENS.sub(" ", folded(text)).strip()
