"""Does an answer use the terms it must, and none it must not?"""

from collections.abc import Sequence

from msgspec import Struct

from lexgraft.terms.glossary import GlossaryEntry
from lexgraft.terms.glossary.term_matcher import Lemma, Matcher
from lexgraft.terms.text.letter_case import CaseRule


class VerifiedText(Struct, frozen=True):
    """Which required terms an answer has, which it misses, and which forbidden ones it has."""

    used: tuple[GlossaryEntry, ...]
    missed: tuple[GlossaryEntry, ...]
    forbidden: tuple[str, ...]
    wrong: tuple[GlossaryEntry, ...] = ()  # those that are missed or whose forbidden form is there
    allowed: tuple[GlossaryEntry, ...] = ()  # of those used: by an allowed synonym alone

    @property
    def faults(self) -> int:
        """Return how many terms are missed and forbidden ones are there."""
        return len(self.missed) + len(self.forbidden)


def verify(
    answer: str,
    entries: Sequence[GlossaryEntry],
    lemma: Lemma | None = None,
    case: CaseRule = "auto",
) -> VerifiedText:
    """Return which target terms of the entries an answer uses, misses, or has as forbidden forms.

    A forbidden term inside a longer required one is not held against it; an allowed synonym is as
    good as the preferred term. With `lemma` terms are found in any form.
    """
    forms = [
        (text, (text, is_good))
        for entry in entries
        for texts, is_good in (((entry.target, *entry.allowed), True), (entry.forbidden, False))
        for text in texts
    ]
    hits = [match.values for match in Matcher(forms, lemma, case=case).find(answer)]
    present = {text for values in hits for text, is_good in values if is_good}
    bad = dict.fromkeys(
        text for values in hits if not any(good for _, good in values) for text, _ in values
    )
    used = tuple(entry for entry in entries if not present.isdisjoint(_good(entry)))
    missed = tuple(entry for entry in entries if present.isdisjoint(_good(entry)))
    return VerifiedText(
        used=used,
        missed=missed,
        forbidden=tuple(bad),
        wrong=tuple(
            entry
            for entry in entries
            if present.isdisjoint(_good(entry)) or not bad.keys().isdisjoint(entry.forbidden)
        ),
        allowed=tuple(entry for entry in used if entry.target not in present),
    )


def _good(entry: GlossaryEntry) -> tuple[str, ...]:
    return entry.target, *entry.allowed
