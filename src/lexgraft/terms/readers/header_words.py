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
_HYPHENS = re.compile(r"[-_\s]+")


class HeaderWord(NamedTuple):
    """The role a word in a header names, and the language the word is of."""

    role: str
    language: str


def role_of(text: str) -> HeaderWord | None:
    """Return the role that a header's words name, whatever their case, width and hyphens."""
    return _words().get(_plain(text))


@cache
def _words() -> dict[str, HeaderWord]:
    """Return every word of every language; where two languages disagree the first stands."""
    words: dict[str, HeaderWord] = {}
    folder = files("lexgraft.terms.readers").joinpath("headers")
    for name in ("en", "ja", "de", "fr", "es", "zh", "ko", "pt", "it", "pl", "ru", "nl"):
        data = json.loads(folder.joinpath(f"{name}.json").read_text(encoding="utf-8"))
        for role in ROLES:
            for word in data.get(role, ()):
                for written in (_plain(word), *_without_marks(_plain(word))):
                    words.setdefault(written, HeaderWord(role, name))
    return words


def _without_marks(word: str) -> tuple[str, ...]:
    """Return a word of Latin letters as it is written without accents and umlauts."""
    umlauts = word.translate(_UMLAUTS)
    plain = "".join(letter for letter in normalize("NFD", word) if not combining(letter)).translate(
        _STROKES
    )
    return tuple({umlauts, plain} - {word}) if plain.isascii() or umlauts.isascii() else ()


def _plain(text: str) -> str:
    return _HYPHENS.sub(" ", folded(text)).strip()
