"""What is wrong with a term base: duplicates, cycles, contradictions, variants, useless terms."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from lexgraft.records import Concept, Term
from lexgraft.terms.glossary.lint_glossary import (
    DEFINITION_LIMIT,
    TERM_LIMIT,
    faults_of_text,
    is_too_short,
)
from lexgraft.terms.text.language_tags import is_reading
from lexgraft.terms.text.normalize import folded_text
from lexgraft.terms.text.spelling_variants import kinds_of_variant, variant_key

Grade = Literal["error", "warning"]
TermUse = tuple[Concept, str]
"""A concept and one of its terms."""

_ERRORS = frozenset(
    {"cycle", "forbidden", "duplicate", "characters", "chat token", "length", "address"}
)


class TermFinding(Struct, frozen=True):
    """One thing wrong with one term of one concept."""

    grade: Grade
    concept: str
    language: str
    term: str
    problem: str
    detail: str
    place: str = ""  # file and line where the concept stands


def lint_concepts(
    concepts: Sequence[Concept],
    common: Collection[str] = (),
    places: Mapping[str, str] = MappingProxyType({}),
) -> list[TermFinding]:
    """Return the findings, concept by concept, then those about several concepts.

    Errors make a term base unfit for use; warnings are for a person to decide.

    Args:
        concepts: the term base.
        common: words that stand in any text, of which no term may consist.
        places: id → file and line, where it is known.
    """
    everyday = frozenset(folded_text(word) for word in common)
    findings = [finding for concept in concepts for finding in _in_concept(concept, everyday)]
    findings += _between(concepts)
    findings += _cycles(concepts)
    return [replace(finding, place=places.get(finding.concept, "")) for finding in findings]


def _finding(concept: Concept, language: str, term: str, problem: str, detail: str) -> TermFinding:
    grade: Grade = "error" if problem in _ERRORS else "warning"
    return TermFinding(grade, concept.id, language, term, problem, detail)


def _in_concept(concept: Concept, everyday: frozenset[str]) -> Iterator[TermFinding]:
    """Yield what is wrong with a concept by itself."""
    for term in concept.terms:
        for problem, detail in faults_of_text(term.text, TERM_LIMIT):
            yield _finding(concept, term.language, term.text, problem, detail)
    for language, text in concept.definitions.items():
        for problem, detail in faults_of_text(text, DEFINITION_LIMIT):
            if problem != "length":
                yield _finding(concept, language, text[:40], problem, f"definition: {detail}")
    yield from _in_usable(concept, everyday)


def _in_usable(concept: Concept, everyday: frozenset[str]) -> Iterator[TermFinding]:
    """Yield what is wrong with the terms that a concept asks for."""
    forbidden = contradicted(concept)
    usable = [term for term in concept.terms if term.is_usable]
    for index, term in enumerate(usable):
        folded = folded_text(term.text)
        if (term.language, term.text) in forbidden:
            yield _finding(concept, term.language, term.text, "forbidden", "also required")
        if fault := _useless(folded, everyday):
            yield _finding(concept, term.language, term.text, *fault)
        for earlier in usable[:index]:
            kinds = kinds_of_variant(earlier.text, term.text)
            if earlier.language == term.language and kinds:
                detail = f"{earlier.text} ({', '.join(kinds)})"
                yield _finding(concept, term.language, term.text, "variant", detail)


def _useless(folded: str, everyday: frozenset[str]) -> tuple[str, str] | None:
    """Return why a term would be found where it is not meant."""
    if not folded or is_too_short(folded):
        return "short", "would be found in any text"
    return ("common", "an everyday word") if folded in everyday else None


def contradicted(concept: Concept) -> tuple[tuple[str, str], ...]:
    """Return language and text of a concept's usable terms that it forbids as well."""
    forbidden = {(t.language, folded_text(t.text)) for t in concept.terms if _is_forbidden(t)}
    return tuple(
        (term.language, term.text)
        for term in (concept.terms if forbidden else ())
        if term.is_usable and (term.language, folded_text(term.text)) in forbidden
    )


def _is_forbidden(term: Term) -> bool:
    return term.status == "forbidden"


def _between(concepts: Sequence[Concept]) -> list[TermFinding]:
    """Return what is wrong between concepts: one term for two, required here and forbidden there.

    Two concepts with one term are duplicates if they share terms in all their common languages,
    else the term has two meanings.
    """
    usable: defaultdict[tuple[str, str], list[TermUse]] = defaultdict(list)
    forbidden: defaultdict[tuple[str, str], list[TermUse]] = defaultdict(list)
    for concept in concepts:
        for term in concept.terms:
            if not is_reading(term.language) and (term.is_usable or _is_forbidden(term)):
                group = forbidden if _is_forbidden(term) else usable
                group[term.language, variant_key(term.text)].append((concept, term.text))
    findings: list[TermFinding] = []
    reported: set[tuple[str, str]] = set()
    for (language, key), uses in usable.items():
        for concept, text in uses:
            for rival, banned in forbidden.get((language, key), ()):
                if rival is not concept and folded_text(text) == folded_text(banned):
                    findings.append(
                        _finding(concept, language, text, "forbidden", f"by {rival.id}")
                    )
        findings += _rivals(language, uses, reported)
    return findings


def _rivals(
    language: str, uses: Sequence[TermUse], reported: set[tuple[str, str]]
) -> Iterator[TermFinding]:
    """Yield duplicates, variants and ambiguities among concepts that share a term.

    Each is compared with the first of them, and a pair is reported once.
    """
    first, text = uses[0]
    for rival, again in uses[1:]:
        kinds = kinds_of_variant(text, again)
        if rival is first or (text != again and not kinds) or (first.id, rival.id) in reported:
            continue
        reported.add((first.id, rival.id))
        if _same_everywhere(first, rival):
            yield _finding(rival, language, again, "duplicate", f"of {first.id}")
        elif kinds:
            detail = f"{text} of {first.id} ({', '.join(kinds)})"
            yield _finding(rival, language, again, "variant", detail)
        else:
            yield _finding(rival, language, again, "ambiguous", f"also a term of {first.id}")


def _same_everywhere(first: Concept, second: Concept) -> bool:
    """Tell whether two concepts share a term in every language that both have."""
    languages = {term.language for term in first.terms} & {term.language for term in second.terms}
    return all(
        {variant_key(text) for text in first.names(language)}
        & {variant_key(text) for text in second.names(language)}
        for language in languages
        if not is_reading(language)
    )


def _cycles(concepts: Sequence[Concept]) -> Iterator[TermFinding]:
    """Yield one finding per cycle of broader concepts, at its first concept."""
    by_id = {concept.id: concept for concept in concepts}
    done: set[str] = set()
    for concept in concepts:
        path: dict[str, int] = {}
        stack = [(concept.id, 0)]
        while stack:
            identifier, depth = stack.pop()
            while len(path) > depth:
                path.popitem()
            if identifier in path:
                cycle = [*list(path)[path[identifier] :], identifier]
                yield _finding(by_id[identifier], "", "", "cycle", " → ".join(cycle))
            elif identifier in by_id and identifier not in done:
                done.add(identifier)
                path[identifier] = depth
                stack += [(parent, depth + 1) for parent in reversed(by_id[identifier].broader)]
