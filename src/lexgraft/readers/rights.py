"""What the licences of a term base ask of those who hand on what is made of it."""

import re
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from lexgraft.records import Concept

Kind = Literal["restricted", "share-alike", "free", "unknown", "not stated"]
_KINDS: tuple[tuple[str, Kind], ...] = (
    (r"snomed|umls|meddra|affiliate|proprietary|confidential|社外秘", "restricted"),
    (r"by-nc|non-?commercial|all rights reserved|research only|非営利", "restricted"),
    (r"by-sa|share-?alike|\ba?gpl|gfdl|edrdg", "share-alike"),
    (r"\bcc0|public domain|\bmit\b|\bbsd|apache|\bcc[ -]?by\b|by[ -]4|wordnet|\bmesh\b", "free"),
)
_SAYS: dict[Kind, str] = {
    "restricted": "must not be handed on, nor test sets, exports and adapters made of them",
    "share-alike": "ask that what is made of them and handed on has the same licence",
    "unknown": "have a licence that is not recognised: read it before handing anything on",
    "not stated": "name no licence: state it with --licence if you know it",
}


class Right(Struct, frozen=True):
    """One licence, what it allows, and how many concepts have it."""

    licence: str
    kind: Kind
    concepts: int


class Rights:
    """The licences of concepts that go by; notes each, and says what they ask."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def note(self, concept: Concept) -> Concept:
        """Count a concept under each of its licences, and return it."""
        for licence in concept.licence.split(" + "):
            self._counts[licence] = self._counts.get(licence, 0) + 1
        return concept

    def found(self) -> tuple[Right, ...]:
        """Return the licences, in the order in which they were met."""
        return tuple(
            Right(licence, kind_of(licence), count) for licence, count in self._counts.items()
        )

    def notice(self) -> bytes:
        """Return the content of the file that stands beside what is made of the concepts."""
        rows = [
            f"- {one.licence or 'no licence stated'} ({one.kind}): {one.concepts} concepts"
            for one in self.found()
        ]
        said = [f"* {text}." for text in self.warnings()] or ["Nothing is asked that is known of."]
        lines = ["# Licences of the terms in this", "", *rows, "", *said, ""]
        return "\n".join(lines).encode()

    def warnings(self) -> list[str]:
        """Return what to know before anything that is made of the concepts is handed on."""
        found = self.found()
        said = [
            f"{one.concepts} concepts under `{one.licence}` {_SAYS[one.kind]}"
            if one.licence
            else f"{one.concepts} concepts {_SAYS[one.kind]}"
            for one in found
            if one.kind in _SAYS
        ]
        kinds = {one.kind for one in found}
        if {"restricted", "share-alike"} <= kinds:
            said.append(
                "share-alike and restricted sources are mixed: what is made of both can be handed "
                "on under neither licence"
            )
        return said


def kind_of(licence: str) -> Kind:
    """Return what a licence's text allows; one that is not recognised may forbid anything."""
    if not licence.strip():
        return "not stated"
    for pattern, kind in _KINDS:
        if re.search(pattern, licence, re.IGNORECASE):
            return kind
    return "unknown"


def rights_of(concepts: Iterable[Concept]) -> Rights:
    """Return the licences of a term base."""
    rights = Rights()
    for concept in concepts:
        rights.note(concept)
    return rights
