"""What a form of export cannot hold, concept by concept."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from lexgraft.records import Concept

_WHOLE = ("field", "type", "broader", "same_as", "source", "source_version", "licence")
_BY_LANGUAGE = ("definitions", "sentences", "rarity")
_OF_TERMS = ("part of speech", "usage note")
_HELD: dict[str, frozenset[str]] = {
    "csv": frozenset({*_WHOLE, *_BY_LANGUAGE, *_OF_TERMS, "pending", "forbidden", "languages"}),
    "tbx": frozenset({*_WHOLE, *_BY_LANGUAGE, *_OF_TERMS, "pending", "forbidden", "languages"}),
    "skos": frozenset({"broader", "same_as", "definitions", "source", "licence", "languages"}),
    "utx": frozenset({"part of speech", "forbidden", "licence"}),
}
"""What each form holds beside terms; a service's holds nothing else."""


class Loss(Struct, frozen=True):
    """What of a concept is not in an export, because its form has no place for it."""

    concept: str
    what: tuple[str, ...]


def losses(concepts: Sequence[Concept], form: str, pair: Sequence[str]) -> tuple[Loss, ...]:
    """Return, for each concept that loses something, what it loses.

    Args:
        concepts: those that are exported.
        form: the form's name.
        pair: the two languages of a form that has a direction.
    """
    held = _HELD.get(form, frozenset())
    lost = (
        Loss(concept.id, tuple(what for what in _filled(concept, pair) if what not in held))
        for concept in concepts
    )
    return tuple(loss for loss in lost if loss.what)


def _filled(concept: Concept, pair: Sequence[str]) -> Iterator[str]:
    """Yield what a concept has beside usable terms."""
    for name in (*_WHOLE, *_BY_LANGUAGE):
        if getattr(concept, name):
            yield name
    if any(term.part_of_speech != "unknown" for term in concept.terms):
        yield "part of speech"
    if any(term.note for term in concept.terms):
        yield "usage note"
    for status in ("pending", "forbidden"):
        if any(term.status == status for term in concept.terms):
            yield status
    if pair and any(term.language not in pair for term in concept.terms):
        yield "languages"
