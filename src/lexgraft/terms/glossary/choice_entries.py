"""Entries for a question with options: with the answer alone before it, choosing is copying."""

from collections.abc import Sequence

from lexgraft.records import digest
from lexgraft.terms.glossary import GlossaryEntry
from lexgraft.terms.glossary.prompt_block import random_entries
from lexgraft.terms.glossary.term_matcher import Matcher, entry_matcher, match_entries
from lexgraft.terms.text.normalize import folded_text


def entries_for_choice(
    question: str,
    options: Sequence[str],
    entries: Sequence[GlossaryEntry],
    seed: int,
    matcher: Matcher[GlossaryEntry] | None = None,
) -> list[GlossaryEntry]:
    """Return the entries that a question's text matches, and one for each of its options.

    With them in a block every option can be read there, so that only the entry of what is asked
    tells which is right. Their order is by chance, keyed by the question: it tells nothing. An
    option that no entry has as its target gets none. `matcher` is that of the entries, where it
    is at hand.

    >>> entries = [GlossaryEntry("eyelid", "眼瞼"), GlossaryEntry("eye", "眼")]
    >>> [e.target for e in entries_for_choice("eyelid:", ["眼瞼", "眼"], entries, seed=1)]
    ['眼瞼', '眼']
    """
    chosen = dict.fromkeys(match_entries(question, matcher or entry_matcher(entries)))
    by_target: dict[str, GlossaryEntry] = {}
    for entry in [*chosen, *entries]:
        by_target.setdefault(folded_text(entry.target), entry)
    for option in options:
        if entry := by_target.get(folded_text(option)):
            chosen[entry] = None
    return sorted(chosen, key=lambda entry: digest("choice", seed, question, entry))


def entries_for_control(
    question: str,
    options: Sequence[str],
    entries: Sequence[GlossaryEntry],
    seed: int,
    matcher: Matcher[GlossaryEntry] | None = None,
) -> list[GlossaryEntry]:
    """Return as many entries that have nothing to do with the question or any of its options."""
    proper = entries_for_choice(question, options, entries, seed, matcher)
    taken = {folded_text(side) for entry in proper for side in (entry.source, entry.target)}
    others = [
        entry
        for entry in entries
        if folded_text(entry.source) not in taken and folded_text(entry.target) not in taken
    ]
    return random_entries(question, len(proper), others, seed)
