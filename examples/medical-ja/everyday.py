"""Everyday concepts for general ability: frequent English nouns and frequent Japanese words."""

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from lexgraft.records import Concept, Term, digest
from lexgraft.terms.testset.rarity import word_zipf

FREQUENT = (3.5, 5.0)  # Zipf: some 3 to 100 times in a million words
COUNT = 1200  # concepts per language
WORDS = range(5, 26)  # of a definition
_OLD = re.compile(
    r"\[(?:Obs|R|Archaic|Scot|Prov)|\b(?:See|Same as|Alt\.|one who or that)\b", re.IGNORECASE
)


def english_nouns(
    dictionary: Path, words: Sequence[Concept], origin: tuple[str, str]
) -> list[Concept]:
    """Return frequent nouns with their first definition in Webster 1913 (an SQLite table).

    Only nouns that are the first gloss of a frequent Japanese noun in `words`, so that given names
    and dated words stay out; `origin` is the source and its licence.
    """
    query = "SELECT word, definition FROM entries WHERE wordtype = 'n.' ORDER BY rowid"
    with closing(sqlite3.connect(f"file:{dictionary}?mode=ro", uri=True)) as database:
        rows: list[tuple[str, str]] = database.execute(query).fetchall()
    first: dict[str, str] = {}
    for word, definition in rows:
        first.setdefault(word.strip(), " ".join((definition or "").split()))
    current = {concept.names("en")[0] for concept in words if _is_plain_noun(concept)}
    kept = [
        Concept(
            id=f"webster:{word}",
            terms=(Term(word, "en", "noun"),),
            definitions={"en": text},
            field="everyday",
            rarity={"en": word_zipf(word, "en")},
            source=origin[0],
            licence=origin[1],
        )
        for word, text in first.items()
        if word in current and _is_frequent(word, "en") and _is_clear(text)
    ]
    return _some(kept)


def japanese_words(words: Sequence[Concept]) -> list[Concept]:
    """Return frequent Japanese nouns of several characters with their English glosses.

    Only the first sense of a word, unmarked by a field, whose first gloss is a frequent word too;
    the glosses stand as its English definition. A gloss or word met before is not taken again.
    """
    kept: list[Concept] = []
    seen: set[str] = set()
    for concept in words:
        if _is_plain_noun(concept):
            word, glosses = concept.names("ja")[0], concept.names("en")
            if _is_frequent(glosses[0], "en") and not seen & {word, glosses[0]}:
                seen.update((word, glosses[0]))
                kept.append(_everyday(concept, word, glosses))
    return _some(kept)


def _is_plain_noun(concept: Concept) -> bool:
    """Tell the first, unmarked sense of a frequent Japanese noun with a one-word first gloss."""
    names, glosses = concept.names("ja"), concept.names("en")
    if not concept.id.endswith("-1") or concept.field or not names or not glosses[0].isalpha():
        return False
    noun = concept.terms[0].part_of_speech == "noun"
    return noun and len(names[0]) > 1 and _is_frequent(names[0], "ja") and glosses[0].isascii()


def _everyday(concept: Concept, word: str, glosses: Sequence[str]) -> Concept:
    return msgspec.structs.replace(
        concept,
        terms=(Term(word, "ja", "noun"), Term(glosses[0], "en", "noun")),
        definitions={"en": "; ".join(glosses[:4])},
        field="everyday",
        rarity={"ja": word_zipf(word, "ja"), "en": word_zipf(glosses[0], "en")},
    )


def _is_frequent(word: str, language: str) -> bool:
    return FREQUENT[0] <= word_zipf(word, language) <= FREQUENT[1]


def _is_clear(definition: str) -> bool:
    return len(definition.split()) in WORDS and not _OLD.search(definition)


def _some(concepts: Sequence[Concept]) -> list[Concept]:
    """Return at most COUNT concepts, chosen by the digest of their id, in id order."""
    chosen = sorted(concepts, key=lambda one: digest("everyday", one.id))[:COUNT]
    return sorted(chosen, key=lambda one: one.id)
