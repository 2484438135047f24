"""Where units stand in texts: how often, cut how, and which pairs of tokens are theirs alone."""

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
    """What texts show of units, by the units' positions."""

    counts: Counter[int] = field(default_factory=Counter[int])
    cuts: dict[int, Counter[tuple[int, ...]]] = field(
        default_factory=dict[int, Counter[tuple[int, ...]]]
    )
    tokens: int = 0

    def variants(self, unit: int, plain: tuple[int, ...]) -> list[tuple[int, ...]]:
        """Return how a unit is cut: by itself, and the ways that texts show most often."""
        seen = self.cuts.get(unit, Counter())
        order = sorted(seen.items(), key=lambda item: (-item[1], item[0]))
        return list(dict.fromkeys([plain, *(cut for cut, _ in order[:VARIANTS])]))


class OccurrenceFinder:
    """Finds units in texts that are cut by the base."""

    def __init__(self, engine: TokenizerEngine, units: Sequence[CandidateToken]) -> None:
        self._raw = engine.raw
        self._order = sorted(range(len(units)), key=lambda number: units[number].raw)
        self._sorted = [units[number].raw for number in self._order]
        self._starts: dict[int, bool] = {}

    def matches(self, cut: TokenizedText, *, nested: bool) -> Iterator[tuple[int, int, int]]:
        """Yield (unit, start, end) in tokens; the longest leftmost ones, or all of them."""
        ids = cut.ids
        for begin, end in zip(cut.starts, cut.starts[1:], strict=False):
            at = begin
            while at < end - 1:
                found = list(self._at(ids, at, end)) if self._may_start(ids[at]) else []
                if found and not nested:
                    yield found[-1][0], at, found[-1][1]
                    at = found[-1][1]
                    continue
                yield from ((unit, at, stop) for unit, stop in found)
                at += 1

    def _at(self, ids: Sequence[int], start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the units that begin at a token, the shortest first, and where they end."""
        text, low = b"", 0
        for at in range(start, end):
            text += self._raw[ids[at]]
            low = bisect_left(self._sorted, text, low)
            if low == len(self._sorted) or not self._sorted[low].startswith(text):
                return
            if at > start and self._sorted[low] == text:
                yield self._order[low], at + 1

    def _may_start(self, number: int) -> bool:
        """Return whether some unit begins with a token."""
        known = self._starts.get(number)
        if known is None:
            raw = self._raw[number]
            place = bisect_left(self._sorted, raw)
            known = bool(raw) and place < len(self._sorted) and self._sorted[place].startswith(raw)
            self._starts[number] = known
        return known


def look_for(
    engine: TokenizerEngine, units: Sequence[CandidateToken], texts: Sequence[str]
) -> Occurrences:
    """Return how often units stand in texts, longest first, and how they are cut there."""
    finder, seen = OccurrenceFinder(engine, units), Occurrences()
    for cut in engine.cut(texts):
        seen.tokens += len(cut.ids)
        for unit, start, end in finder.matches(cut, nested=False):
            seen.counts[unit] += 1
            seen.cuts.setdefault(unit, Counter())[tuple(cut.ids[start:end])] += 1
    return seen


class BackgroundCorpus:
    """General text: which pairs of tokens occur in it, and how often outside a unit."""

    def __init__(
        self,
        engine: TokenizerEngine,
        units: Sequence[CandidateToken],
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
        finder = OccurrenceFinder(engine, units)
        for text, cut in zip(texts, engine.cut(texts), strict=True):
            self.characters.update(text)
            self.tokens += len(cut.ids)
            self._count(cut)
            for unit, start, end in finder.matches(cut, nested=True):
                self.seen[unit] += 1
                for at in range(start, end - 1):
                    self._inside[unit, (cut.ids[at], cut.ids[at + 1])] += 1

    def outside(self, unit: int, pair: Pair) -> int:
        """Return how often a pair stands in general text, but for the unit's own occurrences."""
        place = int(np.searchsorted(self._codes, self._code(pair)))
        if place == len(self._codes) or self._codes[place] != self._code(pair):
            return 0
        return int(self._totals[place]) - self._inside[unit, pair]

    def count(self, text: str) -> int:
        """Return how often a text stands in general text."""
        if text not in self._counts:
            self._counts[text] = sum(one.count(text) for one in self._texts)
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
        places = np.searchsorted(self._codes, codes).clip(max=len(self._codes) - 1)
        hits = places[self._codes[places] == codes]
        np.add.at(self._totals, hits, 1)
