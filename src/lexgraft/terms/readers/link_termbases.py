"""Links two term bases: by id, cross-reference, term or spelling; the ambiguous are listed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from lexgraft.records import Concept
from lexgraft.terms.readers.status_labels import ranked_terms
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
    second_by_id = {concept.id: concept for concept in second}
    open_first = {concept.id: concept for concept in first}
    open_second = dict(second_by_id)
    for how in CONFIDENCE:
        candidates = list(_links(how, list(open_first.values()), list(open_second.values())))
        clear, unclear = _divided(candidates)
        links += clear
        ambiguous += unclear
        # what stronger evidence speaks of, clearly or not, weaker evidence may not decide
        for candidate in candidates:
            open_first.pop(candidate.one, None)
            open_second.pop(candidate.other, None)
    partner = {link.one: second_by_id[link.other] for link in links}
    concepts = tuple(
        _joined(concept, partner[concept.id]) if concept.id in partner else concept
        for concept in first
        if keep_unlinked or concept.id in partner
    )
    return LinkResult(concepts, tuple(links), tuple(ambiguous), len(first) - len(links))


def _divided(candidates: Sequence[TermLink]) -> tuple[list[TermLink], list[TermLink]]:
    """Return the links whose two ends have no other, and the ambiguous ones."""
    of_first: dict[str, set[str]] = {}
    of_second: dict[str, set[str]] = {}
    for link in candidates:
        of_first.setdefault(link.one, set()).add(link.other)
        of_second.setdefault(link.other, set()).add(link.one)
    clear: dict[str, TermLink] = {}
    for link in candidates:
        if len(of_first[link.one]) == 1 and len(of_second[link.other]) == 1:
            clear.setdefault(link.one, link)  # the first text that shows it
    return list(clear.values()), [link for link in candidates if link.one not in clear]


def _links(how: How, first: Sequence[Concept], second: Sequence[Concept]) -> Iterator[TermLink]:
    """Yield all links of one kind."""
    linked: set[tuple[str, str]] = set()
    for first_keys, second_keys in _KEYS[how]:
        index: dict[str, list[tuple[str, str]]] = {}
        for concept in second:
            for key, first_text in second_keys(concept):
                index.setdefault(key, []).append((concept.id, first_text))
        for concept in first:
            for key, first_text in first_keys(concept):
                for identifier, second_text in index.get(key, ()):
                    ends = concept.id, identifier
                    if ends not in linked and (
                        how != "spelling" or _is_variant(first_text, second_text)
                    ):
                        linked.add(ends)
                        by = (
                            first_text
                            if first_text == second_text
                            else f"{first_text} = {second_text}"
                        )
                        yield TermLink(*ends, how, CONFIDENCE[how], by)


def _is_variant(first: str, second: str) -> bool:
    """Tell whether two texts with one key are spellings of one term."""
    first, second = first.partition(":")[2], second.partition(":")[2]
    return first == second or bool(kinds_of_variant(first, second))


Keys = Callable[[Concept], Iterable[tuple[str, str]]]


def _identifier(concept: Concept) -> Iterator[tuple[str, str]]:
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
    "id": ((_identifier, _identifier),),
    "cross-reference": ((_identifier, _references), (_references, _identifier)),
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


def _joined(first: Concept, second: Concept) -> Concept:
    """Return the first concept with the terms, definitions, references and origin of both."""
    return replace(
        first,
        terms=ranked_terms((*first.terms, *second.terms)),
        definitions={**second.definitions, **first.definitions},
        field=first.field or second.field,
        same_as=tuple(dict.fromkeys((*first.same_as, second.id, *second.same_as))),
        source=_both(first.source, f"{second.source} {second.id}".strip()),
        source_version=_both(first.source_version, second.source_version),
        licence=_both(first.licence, second.licence),
    )


def _both(*texts: str) -> str:
    return " + ".join(dict.fromkeys(text for text in texts if text))
