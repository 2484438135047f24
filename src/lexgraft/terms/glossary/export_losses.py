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
    held = _HELD.get(form, frozenset()) - _of_the_whole(concepts, form)
    lost = (
        Loss(
            concept.id,
            (
                *(what for what in _filled(concept, pair) if what not in held),
                *_in_direction(concept, form, pair),
            ),
        )
        for concept in concepts
    )
    return tuple(loss for loss in lost if loss.what)


def _of_the_whole(concepts: Sequence[Concept], form: str) -> frozenset[str]:
    """Return what a form states once for all its concepts, and these do not share."""
    name = {"skos": "source", "utx": "licence"}.get(form, "")
    differ = name and len({getattr(concept, name) for concept in concepts}) > 1
    return frozenset({name}) if differ else frozenset()


def _in_direction(concept: Concept, form: str, pair: Sequence[str]) -> Iterator[str]:
    """Yield what a form with a direction has no place for in one of its languages."""
    if form == "utx" and any(
        term.status == "forbidden" and term.language == pair[0] for term in concept.terms
    ):
        yield f"forbidden in `{pair[0]}`"
    if pair and form not in _HELD and len(concept.names(pair[1])) > 1:
        yield f"further terms in `{pair[1]}`"


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
