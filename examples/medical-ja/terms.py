"""The medical term base: rare terms of HPO, defined in English, with Japanese terms."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from lexgraft.records import Concept
from lexgraft.terms.readers.icd10 import read_icd10
from lexgraft.terms.readers.join_dictionaries import join
from lexgraft.terms.readers.obo import read_obo
from lexgraft.terms.testset.rarity import zipf

FIELDS = frozenset({"med", "anat", "physiol", "pharm", "biol"})  # JMdict's marks for medicine
ROOT = "HP:0000118"  # Phenotypic abnormality; its siblings are modifiers such as "Mild"
TOP = frozenset({ROOT, "HP:0000001"})  # above every concept: says nothing
RARE = 3.0  # Zipf: less than once in a million words


def medical_concepts(
    hpo: Path, words: Sequence[Concept], diseases: Path, translation: Path, icd10_version: str
) -> list[Concept]:
    """Return HPO concepts with an English definition, a Japanese term and their rarity, by id."""
    ontology = read_obo(hpo)
    parents = {concept.id: concept.broader for concept in ontology}
    defined = [
        msgspec.structs.replace(
            concept, field="medicine", broader=tuple(one for one in above if one not in TOP)
        )
        for concept in ontology
        if concept.definitions and ROOT in (above := list(_above(concept.id, parents)))
    ]
    codes = read_icd10(diseases, translation, "ja", icd10_version)
    joined = join(defined, [words, codes], shared="en", added="ja", fields=FIELDS)
    return [_with_rarity(concept) for concept in joined]


def rare(concepts: Sequence[Concept]) -> list[Concept]:
    """Return the concepts whose English name is rare; Japanese compounds bound it too loosely."""
    return [concept for concept in concepts if concept.rarity["en"] < RARE]


def _above(identifier: str, parents: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Yield all broader ids, the nearest first, each once."""
    waiting, seen = [*parents.get(identifier, ())], set[str]()
    while waiting:
        one = waiting.pop(0)
        if one not in seen:
            seen.add(one)
            yield one
            waiting += parents.get(one, ())


def _with_rarity(concept: Concept) -> Concept:
    rarity = {language: zipf(concept.names(language)[0], language) for language in ("en", "ja")}
    return msgspec.structs.replace(concept, rarity=rarity)
