"""Finds glossary terms in a text: longest match, leftmost first, boundaries by script.

    text ──hide──► language ──fold──► folded text ──key──► ──TermFilter──► spans that may be terms
      ▲    (placeholders, code)       (knows the way back)                          │
      └── Match(start, end, values) ◄── as it is written there? ◄── TermIndex ◄─────┘

With a lemmatiser the same is done over the text's lemmas, and the hits are joined. The drawing with
an example stands in docs/glossary.md.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from lexgraft.terms.glossary import GlossaryEntry
from lexgraft.terms.glossary.term_index import Match, TermIndex
from lexgraft.terms.text.character_tables import spacings
from lexgraft.terms.text.letter_case import CaseRule, case_pattern
from lexgraft.terms.text.normalize import Folded, fold, folded_text
from lexgraft.terms.text.protected_spans import without_protected

Value = TypeVar("Value")
Lemma = Callable[[str], str]
_WORDS = re.compile("s+")


class Matcher(Generic[Value]):
    """A dictionary of terms, made once, that finds them in any text.

    Scripts written with spaces need something else on both sides of a term; Han, kana, Thai and
    their like need nothing; Hangul needs it on the left only, because particles follow a word
    directly. Spellings that differ by convention are one term; `case` says when its case matters.
    With `lemma` words are found in any form of which it returns the same; `compiled` finds the same
    places faster, where numba is installed.
    """

    def __init__(
        self,
        terms: Iterable[tuple[str, Value]],
        lemma: Lemma | None = None,
        *,
        compiled: bool = False,
        case: CaseRule = "auto",
    ) -> None:
        self._lemma = lemma
        listed = list(terms) if lemma else terms
        self._surface = TermIndex(listed, compiled=compiled, case=case)
        lemmas = self._lemma_terms(listed, case)
        self._lemmas = TermIndex(lemmas, compiled=compiled, case="fold") if lemma else None

    def find(self, text: str) -> list[Match[Value]]:
        """Return the matches in the order of the text; none overlaps another."""
        folded = fold(without_protected(text))
        matches = self._surface.find(folded, text)
        if self._lemma and self._lemmas:
            matches += self._lemmas.find(_lemmatised(folded, self._lemma), text)
            matches = _without_overlaps(matches)
        return matches

    def _lemma_terms(
        self, terms: Iterable[tuple[str, Value]], case: CaseRule
    ) -> Iterator[tuple[str, Value]]:
        """Yield the terms of which other forms are looked for: whose case says nothing."""
        assert self._lemma
        for term, value in terms:
            if not case_pattern(term, case):
                yield _lemmatised(fold(term), self._lemma).text, value


def match_entries(text: str, matcher: Matcher[GlossaryEntry]) -> list[GlossaryEntry]:
    """Return the entries whose source stands in the text, in its order, each once."""
    return list(dict.fromkeys(entry for match in matcher.find(text) for entry in match.values))


def entry_matcher(
    entries: Sequence[GlossaryEntry], lemma: Lemma | None = None
) -> Matcher[GlossaryEntry]:
    """Return a matcher over the sources of the entries."""
    return Matcher(((entry.source, entry) for entry in entries), lemma)


def _lemmatised(folded: Folded, lemma: Lemma) -> Folded:
    """Return a folded text with the lemma of every word of a spaced script in its place."""
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    for word in _WORDS.finditer(spacings(folded.text)):
        first, last = word.span()
        pieces.append(folded.text[done:first])
        starts.extend(folded.starts[done:first])
        ends.extend(folded.ends[done:first])
        replacement = folded_text(lemma(folded.text[first:last])) or folded.text[first:last]
        pieces.append(replacement)
        starts.extend([folded.starts[first]] * len(replacement))
        ends.extend([folded.ends[last - 1]] * len(replacement))
        done = last
    pieces.append(folded.text[done:])
    starts.extend(folded.starts[done:])
    ends.extend(folded.ends[done:])
    return Folded("".join(pieces), starts, ends)


def _without_overlaps(matches: Sequence[Match[Value]]) -> list[Match[Value]]:
    """Return the matches that remain when the leftmost, the longest of these, goes first."""
    separate: list[Match[Value]] = []
    for match in sorted(matches, key=lambda match: (match.start, -match.end)):
        if not separate or match.start >= separate[-1].end:
            separate.append(match)
    return separate
