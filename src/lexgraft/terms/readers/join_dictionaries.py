"""Joins an ontology with dictionaries: its definitions meet their terms of another language."""

from collections.abc import Iterable, Mapping, Sequence
from unicodedata import normalize

import msgspec

from lexgraft.records import Concept, Term
from lexgraft.terms.text.spelling_keys import english_key

Rank = tuple[int, int, int, int, str]
"""Sorts the matches of one term: field, dictionary, place among the glosses, sense, id."""


def join(
    ontology: Sequence[Concept],
    dictionaries: Sequence[Sequence[Concept]],
    *,
    shared: str,
    added: str,
    fields: frozenset[str],
) -> list[Concept]:
    """Return the ontology's concepts that a dictionary names in the `added` language, in id order.

    A dictionary entry matches when one of its `shared` terms is, spelling variants, plural -s and
    letter case aside, a term of the concept. An entry marked with another field never matches, an
    unmarked one only by the concept's own name and with a leading gloss of its first sense.

    Of several matches one is taken: by the concept's own name before a synonym; of the `fields`;
    in the earlier dictionary; with the earlier gloss; of the earlier sense; of the smaller id. The
    terms of the other entries of the fields are admitted. When two concepts end up with one
    preferred term, the one matched by its own name keeps it, else the smaller id.
    """
    index = _index(dictionaries, shared, added, fields)
    joined: list[tuple[int, Concept]] = []
    for concept in sorted(ontology, key=lambda concept: concept.id):
        name_rank, entries = _best(concept.names(shared), index)
        if entries:
            joined.append((name_rank, _joined(concept, entries, added, fields)))
    owners: dict[str, str] = {}
    for _, concept in sorted(joined, key=lambda pair: (pair[0] > 0, pair[1].id)):
        owners.setdefault(concept.names(added)[0], concept.id)
    return [concept for _, concept in joined if owners[concept.names(added)[0]] == concept.id]


def _index(
    dictionaries: Sequence[Sequence[Concept]], shared: str, added: str, fields: frozenset[str]
) -> Mapping[str, list[tuple[Rank, Concept]]]:
    """Return spelling key → entries, best first."""
    index: dict[str, list[tuple[Rank, Concept]]] = {}
    for number, entries in enumerate(dictionaries):
        for entry in entries:
            if _is_usable(entry, added, fields):
                off_field = int(entry.field not in fields)
                for gloss_rank, gloss in enumerate(entry.names(shared)):
                    rank = (off_field, number, gloss_rank, _sense(entry.id), entry.id)
                    index.setdefault(english_key(gloss), []).append((rank, entry))
    for matches in index.values():
        matches.sort(key=lambda match: match[0])
    return index


def _is_usable(entry: Concept, added: str, fields: frozenset[str]) -> bool:
    """Tell a noun or adjective of the field, or of no marked field, with a term to add."""
    parts_of_speech = {term.part_of_speech for term in entry.terms if term.language == added}
    return bool(parts_of_speech) and "other" not in parts_of_speech and entry.field in fields | {""}


def _sense(identifier: str) -> int:
    """Return the sense number at the end of an id such as `JMdict:1017940-2`, else 0."""
    ending = identifier.rpartition("-")[2]
    return int(ending) if ending != identifier and ending.isdecimal() else 0


def _best(
    names: Iterable[str], index: Mapping[str, list[tuple[Rank, Concept]]]
) -> tuple[int, list[Concept]]:
    """Return the place of the first name that matches (0: the concept's own) and its entries."""
    for position, name in enumerate(names):
        matches = [] if _is_abbreviation(name) else index.get(english_key(name), [])
        entries = [
            entry
            for rank, entry in matches
            if rank[0] == 0 or (position == 0 and _is_leading(rank))
        ]
        if entries:
            return position, entries
    return 0, []


def _is_leading(rank: Rank) -> bool:
    """Tell one of the first two glosses of a first (or only) sense."""
    _, _, gloss, sense, _ = rank
    return gloss <= 1 and sense <= 1


def _is_abbreviation(name: str) -> bool:
    """Tell a name such as `CHD`, which means many things."""
    return len(name) <= 6 and name.upper() == name


def _joined(
    concept: Concept, entries: Sequence[Concept], added: str, fields: frozenset[str]
) -> Concept:
    """Return the concept with the first entry's terms, and those of others of the field."""
    first, *further = entries
    used = [first, *(entry for entry in further if entry.field in fields)]
    texts = dict.fromkeys(normalize("NFKC", text) for entry in used for text in entry.names(added))
    part_of_speech = first.terms[0].part_of_speech if first.terms[0].language == added else "noun"
    names = tuple(
        Term(text, added, part_of_speech, "admitted" if index else "preferred")
        for index, text in enumerate(texts)
    )
    concept_terms = tuple(
        msgspec.structs.replace(term, part_of_speech=part_of_speech) for term in concept.terms
    )
    return msgspec.structs.replace(
        concept,
        terms=(*concept_terms, *names),
        source=" + ".join(_distinct(concept.source, *(entry.id for entry in used))),
        source_version=" + ".join(
            _distinct(*(origin.source_version for origin in (concept, *used)))
        ),
        licence=" + ".join(_distinct(*(origin.licence for origin in (concept, *used)))),
    )


def _distinct(*texts: str) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))
