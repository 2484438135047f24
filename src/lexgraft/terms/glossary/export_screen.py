"""What may go into any export: no character that a form would take as more than a value."""

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from lexgraft.records import Concept, Term
from lexgraft.terms.readers.refused_characters import refused_character

_SHOWN = 40  # characters of a text that is left out


class NotExported(Struct, frozen=True):
    """An entry that the form or the service cannot take, and why."""

    concept: str
    term: str
    reason: str


def screened(concepts: Sequence[Concept]) -> tuple[list[Concept], list[NotExported]]:
    """Return the concepts without what no form can hold as a plain value, and what that was.

    Controls, marks that turn the direction of text, halves of characters. White space in
    definitions, notes and names of sources becomes one space.
    """
    refused: list[NotExported] = []
    kept = [clean for concept in concepts for clean in _screened(concept, refused)]
    return kept, refused


def _screened(concept: Concept, refused: list[NotExported]) -> Iterator[Concept]:
    """Yield the concept with what may stay of it, if anything may."""

    def allowed(text: str, what: str) -> bool:
        fault = refused_character(text)
        if fault:
            refused.append(NotExported(concept.id, text[:_SHOWN], f"{fault} in {what}"))
        return not fault

    def plain(text: str, what: str) -> str:
        line = " ".join(text.split())
        return line if allowed(line, what) else ""

    if not allowed(concept.id, "the concept's id"):
        return
    terms = tuple(
        replace(term, note=plain(term.note, "a note"))
        for term in concept.terms
        if _is_allowed(term, concept.id, refused) and allowed(term.language, "a language")
    )
    definitions = {
        language: text
        for language, written in concept.definitions.items()
        if allowed(language, "a language") and (text := plain(written, "a definition"))
    }
    if terms:
        yield replace(
            concept,
            terms=terms,
            definitions=definitions,
            field=plain(concept.field, "the field"),
            source=plain(concept.source, "the source"),
            licence=plain(concept.licence, "the licence"),
            broader=tuple(name for name in concept.broader if allowed(name, "a broader concept")),
            same_as=tuple(name for name in concept.same_as if allowed(name, "a link")),
        )


def _is_allowed(term: Term, concept: str, refused: list[NotExported]) -> bool:
    """Return whether a term may stay; the reason is the character alone, as for services."""
    fault = refused_character(term.text)
    if fault:
        refused.append(NotExported(concept, term.text[:_SHOWN], fault))
    return not fault
