"""Links two term bases: by id, cross-reference, term or spelling; the ambiguous are listed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from lexgraft.records import Concept
from lexgraft.terms.readers.status_labels import settled
from lexgraft.terms.text.spelling_variants import kinds_of_variant, variant_key

How = Literal["id", "cross-reference", "shared reference", "term", "synonym", "spelling"]
CONFIDENCE: dict[How, float] = {
    "id": 1.0,
    "cross-reference": 0.95,
    "shared reference": 0.9,
    "term": 0.8,
    "synonym": 0.6,
    "spelling": 0.5,
}
"""How far a kind of link is trusted: an order, stated so that it can be argued with."""
_PREFIXES = {
    "snomedct_us": "snomedct",
    "sctid": "snomedct",
    "sct": "snomedct",
    "snomed": "snomedct",
    "umls_cui": "umls",
    "msh": "mesh",
    "icd-10": "icd10",
    "icd10cm": "icd-10-cm",
}
_SHORTEST = 3  # Latin letters from which on a synonym is no abbreviation of many things


class TermLink(Struct, frozen=True):
    """One concept of the first base that is one of the second, how known, and by which text."""

    one: str
    other: str
    how: How
    confidence: float
    by: str


class LinkResult(Struct, frozen=True):
    """The joined concepts, their links, and what could be linked in more ways than one."""

    concepts: tuple[Concept, ...]
    links: tuple[TermLink, ...]
    ambiguous: tuple[TermLink, ...]
    unlinked: int


def link(
    first: Sequence[Concept], second: Sequence[Concept], *, keep_unlinked: bool = False
) -> LinkResult:
    """Return the first base's concepts joined with those of the second that mean the same.

    Kinds of evidence are tried in the order of `CONFIDENCE`; a kind decides for the concepts that
    it links to exactly one other, which is linked to no further one. Those it links to several are
    listed as ambiguous and left alone by the weaker kinds.
    """
    links: list[TermLink] = []
    ambiguous: list[TermLink] = []
    left, right = {one.id: one for one in first}, {one.id: one for one in second}
    for how in CONFIDENCE:
        found = list(_links(how, list(left.values()), list(right.values())))
        clear, unclear = _divided(found)
        links += clear
        ambiguous += unclear
        for one in found:
            left.pop(one.one, None)
            right.pop(one.other, None)
    partner = {link.one: link for link in links}
    others = {one.id: one for one in second}
    concepts = tuple(
        _joined(concept, others[partner[concept.id].other]) if concept.id in partner else concept
        for concept in first
        if keep_unlinked or concept.id in partner
    )
    return LinkResult(concepts, tuple(links), tuple(ambiguous), len(first) - len(links))


def _divided(found: Sequence[TermLink]) -> tuple[list[TermLink], list[TermLink]]:
    """Return the links whose two ends have no other, and the rest."""
    ends: dict[tuple[str, str], set[str]] = {}
    for one in found:
        ends.setdefault(("one", one.one), set()).add(one.other)
        ends.setdefault(("other", one.other), set()).add(one.one)
    clear = [
        one
        for one in found
        if len(ends["one", one.one]) == 1 and len(ends["other", one.other]) == 1
    ]
    kept = {one.one: one for one in reversed(clear)}
    return list(reversed(kept.values())), [one for one in found if one.one not in kept]


def _links(how: How, first: Sequence[Concept], second: Sequence[Concept]) -> Iterator[TermLink]:
    """Yield all links of one kind."""
    seen: set[tuple[str, str]] = set()
    for keys, others in _KEYS[how]:
        index: dict[str, list[tuple[str, str]]] = {}
        for concept in second:
            for key, text in others(concept):
                index.setdefault(key, []).append((concept.id, text))
        for concept in first:
            for key, text in keys(concept):
                for identifier, other in index.get(key, ()):
                    ends = concept.id, identifier
                    if ends not in seen and (how != "spelling" or _is_variant(text, other)):
                        seen.add(ends)
                        by = text if text == other else f"{text} = {other}"
                        yield TermLink(*ends, how, CONFIDENCE[how], by)


def _is_variant(one: str, other: str) -> bool:
    """Tell whether two texts with one key are spellings of one term."""
    one, other = one.partition(":")[2], other.partition(":")[2]
    return one == other or bool(kinds_of_variant(one, other))


Keys = Callable[[Concept], Iterable[tuple[str, str]]]


def _own(concept: Concept) -> Iterator[tuple[str, str]]:
    yield _reference(concept.id), concept.id


def _references(concept: Concept) -> Iterator[tuple[str, str]]:
    for reference in concept.same_as:
        yield _reference(reference), reference


def _preferred(concept: Concept) -> Iterator[tuple[str, str]]:
    for term in concept.terms:
        if term.status == "preferred" and "-" not in term.language:
            yield f"{term.language}:{term.text}", f"{term.language}:{term.text}"


def _names(concept: Concept) -> Iterator[tuple[str, str]]:
    for language, text in _usable(concept):
        yield f"{language}:{text}", f"{language}:{text}"


def _spellings(concept: Concept) -> Iterator[tuple[str, str]]:
    for language, text in _usable(concept):
        yield f"{language}:{variant_key(text)}", f"{language}:{text}"


def _usable(concept: Concept) -> Iterator[tuple[str, str]]:
    """Yield (language, text) of terms that mean one thing: no kana readings, no short letters."""
    for term in concept.terms:
        short = term.text.isascii() and (len(term.text) < _SHORTEST or term.text.isupper())
        if term.status != "forbidden" and "-" not in term.language and not short:
            yield term.language, term.text


_KEYS: dict[How, tuple[tuple[Keys, Keys], ...]] = {
    "id": ((_own, _own),),
    "cross-reference": ((_own, _references), (_references, _own)),
    "shared reference": ((_references, _references),),
    "term": ((_preferred, _preferred),),
    "synonym": ((_names, _names),),
    "spelling": ((_spellings, _spellings),),
}
"""Kind of link → what a concept of the first base and one of the second must have in common."""


def _reference(identifier: str) -> str:
    """Return an id with the usual name of its source, e.g. `snomedct:1` for `SNOMEDCT_US:1`."""
    prefix, colon, number = identifier.partition(":")
    prefix = prefix.casefold()
    return f"{_PREFIXES.get(prefix, prefix)}{colon}{number}"


def _joined(one: Concept, other: Concept) -> Concept:
    """Return the first concept with the terms, definitions, references and origin of both."""
    return replace(
        one,
        terms=settled((*one.terms, *other.terms)),
        definitions={**other.definitions, **one.definitions},
        field=one.field or other.field,
        same_as=tuple(dict.fromkeys((*one.same_as, other.id, *other.same_as))),
        source=_both(one.source, f"{other.source} {other.id}".strip()),
        source_version=_both(one.source_version, other.source_version),
        licence=_both(one.licence, other.licence),
    )


def _both(*texts: str) -> str:
    return " + ".join(dict.fromkeys(text for text in texts if text))
