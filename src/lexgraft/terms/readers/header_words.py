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

_LANGUAGES = (
    *("en", "ja", "de", "fr", "es", "zh", "ko", "pt", "it", "pl", "ru", "nl", "cs", "sk", "sv"),
    *("da", "nb", "fi", "hu", "el", "tr", "uk", "bg", "hr", "sr", "sl", "ro", "lt", "lv", "et"),
    *("vi", "th", "id", "ar", "he", "fa", "hi", "ca"),
)
"""Where two disagree on a word, the first stands."""
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_STROKES = str.maketrans({"ł": "l", "ß": "ss", "ø": "o"})
_LEAST = 4  # letters of a word that is one without its accents too
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


def is_concept(text: str) -> bool:
    """Tell a header that means a concept: what stands below may be its id, or its name."""
    return _plain(text) in _concepts()


@cache
def _concepts() -> frozenset[str]:
    return frozenset(_plain(word) for name in _LANGUAGES for word in _data(name).get("concept", ()))


@cache
def _data(language: str) -> dict[str, list[str]]:
    folder = files("lexgraft.terms.readers").joinpath("headers")
    data: dict[str, list[str]] = json.loads(
        folder.joinpath(f"{language}.json").read_text(encoding="utf-8")
    )
    return data


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
    words: list[tuple[str, str, str]] = []
    for name in _LANGUAGES:
        for role in ROLES:
            for word in _data(name).get(role, ()):
                forms = (_plain(word), *_without_marks(_plain(word)))
                words += [(form, name, role) for form in forms]
    return tuple(words)


def _without_marks(word: str) -> tuple[str, ...]:
    """Return a word of Latin letters as it is written without accents and umlauts."""
    umlauts = word.translate(_UMLAUTS)
    plain = "".join(letter for letter in normalize("NFD", word) if not combining(letter)).translate(
        _STROKES
    )
    is_latin = plain.isascii() or umlauts.isascii()
    return tuple({umlauts, plain} - {word}) if is_latin and len(word) >= _LEAST else ()


def _plain(text: str) -> str:
    return _HYPHENS.sub(" ", folded(text)).strip()
