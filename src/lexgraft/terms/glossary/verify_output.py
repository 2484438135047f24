"""Does an answer use the terms it must, and none it must not?"""

from collections.abc import Sequence

from msgspec import Struct

from lexgraft.terms.glossary import GlossaryEntry
from lexgraft.terms.glossary.term_matcher import Matcher


class VerifiedText(Struct, frozen=True):
    """Which required terms an answer has, which it misses, and which forbidden ones it has."""

    used: tuple[GlossaryEntry, ...]
    missed: tuple[GlossaryEntry, ...]
    forbidden: tuple[str, ...]
    wrong: tuple[GlossaryEntry, ...] = ()  # those that are missed or whose forbidden form is there

    @property
    def faults(self) -> int:
        """Return how many terms are missed and forbidden ones are there."""
        return len(self.missed) + len(self.forbidden)


def verify(answer: str, entries: Sequence[GlossaryEntry]) -> VerifiedText:
    """Return which target terms of the entries an answer uses, misses, or has as forbidden forms.

    A forbidden term inside a longer required one is not held against it.
    """
    required = [(entry.target, (entry.target, True)) for entry in entries]
    barred = [(text, (text, False)) for entry in entries for text in entry.forbidden]
    hits = [value for match in Matcher([*required, *barred]).find(answer) for value in match.values]
    present = {text for text, is_required in hits if is_required}
    bad = {text for text, is_required in hits if not is_required}
    return VerifiedText(
        used=tuple(entry for entry in entries if entry.target in present),
        missed=tuple(entry for entry in entries if entry.target not in present),
        forbidden=tuple(dict.fromkeys(text for text, is_required in hits if not is_required)),
        wrong=tuple(
            entry
            for entry in entries
            if entry.target not in present or not bad.isdisjoint(entry.forbidden)
        ),
    )
