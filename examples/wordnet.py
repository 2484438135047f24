"""WordNet (dictd form): what English nouns of a single meaning mean."""

import gzip
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from lexgraft.records import Concept
from lexgraft.terms.text.spelling_keys import english_key

LICENCE = "WordNet licence"
_FIRST = re.compile(r"n 1: (.+)")
_FURTHER = re.compile(r"\s(?:[2-9]|\d\d): |\s(?:v|adj|adv) 1: ")
_NOISE = re.compile(r"\[(?:syn|ant): .*|^\([^)]*\) *")
_CLAUSES = re.compile(r"; | \(|\"")
_WORDS = range(3, 41)  # of a definition


def single_meanings(packed: Path) -> dict[str, str]:
    """Return the definitions of nouns that WordNet gives one meaning, by spelling.

    A word of several meanings is left out: which of them is meant would be a guess.
    """
    found: dict[str, str] = {}
    for word, text in _entries(packed):
        first = _FIRST.fullmatch(text)
        definition = "" if not first or _FURTHER.search(text) else _definition(first[1])
        if definition:
            found.setdefault(english_key(word), definition)
    return found


def defined(
    concepts: Iterable[Concept], meanings: Mapping[str, str], version: str
) -> Iterator[Concept]:
    """Yield the concepts, with a definition where there was none and the name has one meaning."""
    for concept in concepts:
        name = next(iter(concept.names("en")), "")
        text = "" if concept.definitions else meanings.get(english_key(name), "")
        yield (
            msgspec.structs.replace(
                concept,
                definitions={"en": text},
                source=f"{concept.source} + WordNet",
                source_version=f"{concept.source_version} + {version}",
                licence=f"{concept.licence} + {LICENCE}",
            )
            if text
            else concept
        )


def _entries(packed: Path) -> Iterator[tuple[str, str]]:
    """Yield headwords, which stand at the margin, and their texts on one line."""
    word, lines = "", list[str]()
    with gzip.open(packed, "rt", encoding="utf-8", errors="replace") as file:
        for raw in file:
            if raw.strip() and not raw[0].isspace():
                yield word, " ".join(lines)
                word, lines = raw.strip(), []
            else:
                lines.append(raw.strip())
    yield word, " ".join(lines)


def _definition(text: str) -> str:
    """Return the first clause of a gloss as a sentence, empty when it tells too little."""
    first = _CLAUSES.split(_NOISE.sub("", text).strip(), maxsplit=1)[0].strip(" ,;:")
    return f"{first[0].upper()}{first[1:]}." if len(first.split()) in _WORDS else ""
