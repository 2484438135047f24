"""Occurrences of candidates in texts: how often, in which tokens, which pairs are theirs alone."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from lexgraft.weights.tokenizer.tokenizer_engine import TokenizedText, TokenizerEngine
from lexgraft.weights.vocabulary.candidates import CandidateToken

Pair = tuple[int, int]
VARIANTS = 4  # ways of cutting one unit that are followed up


@dataclass
class Occurrences:
    """What texts show of candidates, by the candidates' positions."""

    counts: Counter[int] = field(default_factory=Counter[int])
    cuts: dict[int, Counter[tuple[int, ...]]] = field(
        default_factory=dict[int, Counter[tuple[int, ...]]]
    )
    tokens: int = 0

    def variants(self, candidate: int, plain: tuple[int, ...]) -> list[tuple[int, ...]]:
        """Return how a candidate is cut: by itself, and the ways that texts show most often."""
        cuts = self.cuts.get(candidate, Counter())
        order = sorted(cuts.items(), key=lambda item: (-item[1], item[0]))
        return list(dict.fromkeys([plain, *(cut for cut, _ in order[:VARIANTS])]))


class OccurrenceFinder:
    """Finds candidates in texts that are cut by the base."""

    def __init__(self, engine: TokenizerEngine, candidates: Sequence[CandidateToken]) -> None:
        self._raw = engine.raw
        self._order = sorted(range(len(candidates)), key=lambda number: candidates[number].raw)
        self._sorted = [candidates[number].raw for number in self._order]
        self._starts: dict[int, bool] = {}

    def matches(self, cut: TokenizedText, *, nested: bool) -> Iterator[tuple[int, int, int]]:
        """Yield (candidate, start, end) in tokens; the longest leftmost ones, or all of them."""
        ids = cut.ids
        for begin, end in zip(cut.starts, cut.starts[1:], strict=False):
            position = begin
            while position < end - 1:
                hits = list(self._at(ids, position, end)) if self._may_start(ids[position]) else []
                if hits and not nested:
                    yield hits[-1][0], position, hits[-1][1]
                    position = hits[-1][1]
                    continue
                yield from ((candidate, position, stop) for candidate, stop in hits)
                position += 1

    def _at(self, ids: Sequence[int], start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the candidates that begin at a token, the shortest first, and where they end."""
        text, low = b"", 0
        for position in range(start, end):
            text += self._raw[ids[position]]
            low = bisect_left(self._sorted, text, low)
            if low == len(self._sorted) or not self._sorted[low].startswith(text):
                return
            if position > start and self._sorted[low] == text:
                yield self._order[low], position + 1

    def _may_start(self, number: int) -> bool:
        """Return whether some candidate begins with a token."""
        may_start = self._starts.get(number)
        if may_start is None:
            raw = self._raw[number]
            index = bisect_left(self._sorted, raw)
            may_start = (
                bool(raw) and index < len(self._sorted) and self._sorted[index].startswith(raw)
            )
            self._starts[number] = may_start
        return may_start


def count_occurrences(
    engine: TokenizerEngine, candidates: Sequence[CandidateToken], texts: Sequence[str]
) -> Occurrences:
    """Return how often candidates stand in texts, longest first, and how they are cut there."""
    finder, occurrences = OccurrenceFinder(engine, candidates), Occurrences()
    for cut in engine.cut(texts):
        occurrences.tokens += len(cut.ids)
        for candidate, start, end in finder.matches(cut, nested=False):
            occurrences.counts[candidate] += 1
            occurrences.cuts.setdefault(candidate, Counter())[tuple(cut.ids[start:end])] += 1
    return occurrences


class BackgroundCorpus:
    """General text: which pairs of tokens occur in it, and how often outside a candidate."""

    def __init__(
        self,
        engine: TokenizerEngine,
        candidates: Sequence[CandidateToken],
        pairs: Sequence[Pair],
        texts: Sequence[str],
    ) -> None:
        self.characters: Counter[str] = Counter()
        self.seen: Counter[int] = Counter()  # units, nested ones too
        self.tokens = 0
        self._width = engine.document.size
        self._codes = np.unique(np.array([self._code(pair) for pair in pairs], np.int64))
        self._totals = np.zeros(len(self._codes), np.int64)
        self._inside: Counter[tuple[int, Pair]] = Counter()
        self._texts = texts
        self._counts: dict[str, int] = {}
        finder = OccurrenceFinder(engine, candidates)
        for text, cut in zip(texts, engine.cut(texts), strict=True):
            self.characters.update(text)
            self.tokens += len(cut.ids)
            self._count(cut)
            for candidate, start, end in finder.matches(cut, nested=True):
                self.seen[candidate] += 1
                for position in range(start, end - 1):
                    self._inside[candidate, (cut.ids[position], cut.ids[position + 1])] += 1

    def outside(self, candidate: int, pair: Pair) -> int:
        """Return how often a pair stands in general text outside the candidate."""
        index = int(np.searchsorted(self._codes, self._code(pair)))
        if index == len(self._codes) or self._codes[index] != self._code(pair):
            return 0
        return int(self._totals[index]) - self._inside[candidate, pair]

    def count(self, text: str) -> int:
        """Return how often a text stands in general text."""
        if text not in self._counts:
            self._counts[text] = sum(document.count(text) for document in self._texts)
        return self._counts[text]

    def _code(self, pair: Pair) -> int:
        """Return a pair as one number."""
        return pair[0] * self._width + pair[1]

    def _count(self, cut: TokenizedText) -> None:
        """Count the pairs of one text that lie inside words."""
        if len(cut.ids) < 2 or not len(self._codes):
            return
        ids = np.array(cut.ids, np.int64)
        joined = np.ones(len(ids) - 1, np.bool_)
        joined[np.array(cut.starts[1:-1], np.int64) - 1] = False
        codes = (ids[:-1] * self._width + ids[1:])[joined]
        indices = np.searchsorted(self._codes, codes).clip(max=len(self._codes) - 1)
        hits = indices[self._codes[indices] == codes]
        np.add.at(self._totals, hits, 1)
