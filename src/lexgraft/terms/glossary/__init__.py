"""Glossary in the prompt: open · match · lint · prompt · verify and repair."""

from collections.abc import Sequence

from msgspec import Struct

from lexgraft.records import Concept


class GlossaryEntry(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of a glossary: what a text says, what an answer must say, what it must not."""

    source: str
    target: str
    definition: str = ""
    forbidden: tuple[str, ...] = ()
    id: str = ""
    allowed: tuple[str, ...] = ()  # further targets that an answer may have


def entries_from_concepts(
    concepts: Sequence[Concept], source_language: str, target_language: str
) -> list[GlossaryEntry]:
    """Return an entry for every usable term of the source language, in the concepts' order.

    The target is the preferred term; concepts without terms in both languages are left out. Where
    the source says when each of several targets is used, that stands in place of the definition.
    """
    entries: list[GlossaryEntry] = []
    for concept in concepts:
        targets = concept.names(target_language)
        if not targets:
            continue
        forbidden = tuple(
            term.text
            for term in concept.terms
            if term.language == target_language and term.status == "forbidden"
        )
        definitions = concept.definitions
        definition = definitions.get(target_language) or definitions.get(source_language, "")
        uses = [
            f"{term.text}: {term.note}"
            for term in concept.terms
            if term.language == target_language and term.note
        ]
        definition = "; ".join(uses) or definition
        entries.extend(
            GlossaryEntry(source, targets[0], definition, forbidden)
            for source in dict.fromkeys(concept.names(source_language))
        )
    return entries
