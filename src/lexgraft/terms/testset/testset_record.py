"""A test set: what is asked, and what is known about it before a model answers."""

from collections import Counter

from msgspec import Struct

from lexgraft.records import Concept, Item, Score, Split, digest
from lexgraft.terms.readers.rights import RightsLog
from lexgraft.terms.testset.dealing import DealtConcept
from lexgraft.terms.testset.guessing_level import GuessingLevel
from lexgraft.terms.testset.item_evidence import needing_term
from lexgraft.terms.testset.rarity_backends import RaritySource
from lexgraft.terms.testset.split import SPLITS
from lexgraft.terms.testset.testset_power import DetectableDifference

CANARY = "lexgraft test set, not for training"


class TestSet(Struct, frozen=True):
    """Everything that is asked, and what is known about it before a model answers."""

    __test__ = False  # not a class of tests

    concepts: dict[Split, tuple[Concept, ...]]
    items: dict[Split, tuple[Item, ...]]
    general: tuple[Item, ...]  # everyday concepts
    refused: dict[str, int]  # reason → concepts
    unknown: int  # concepts asked about without a known part of speech
    rarity: RaritySource | None  # None: the term base's own numbers, or wordfreq's
    audit: tuple[Score, ...]
    guessing: tuple[GuessingLevel, ...]  # per direction: of all items, and of those below
    details: tuple[Score, ...]  # the audit per frequency band, part of speech, number of tokens
    power: tuple[DetectableDifference, ...]  # what differences each split can show
    warnings: tuple[str, ...]
    rights: RightsLog  # what the licences of the terms in it ask
    digest: str
    dealing: tuple[DealtConcept, ...] = ()  # with what was dealt into the same folder before

    @property
    def rounds(self) -> dict[str, int]:
        """Return concept → the how-manieth test set of its folder it came with."""
        return {row.concept: row.round for row in self.dealing}

    @property
    def canary(self) -> str:
        """A line that no training text should hold: who finds it has found this set."""
        return f"{CANARY} {digest('canary', self.digest)}"

    def needing_term(self, split: Split) -> dict[str, tuple[str, ...]]:
        """Return direction → the concepts of a split with an item that needs its term.

        Headlines rest on these concepts and, of each, on `[i for i in items if i.needs_term]`: what
        pieces of words decide, and loanwords that can be heard, are shown beside them.
        """
        return needing_term(self.items[split])

    def guessing_level(self, pair: str, *, needs_term: bool = True) -> GuessingLevel | None:
        """Return what rules without knowledge reach in a direction; None: it has no such item."""
        levels = (one for one in self.guessing if one.pair == pair)
        return next((one for one in levels if one.needs_term == needs_term), None)

    def rows(self) -> list[tuple[str, str]]:
        """Return a table for a screen, its header first."""
        lines = [
            ("what", "how much"),
            *(
                (split, f"{len(self.concepts[split])} concepts, {len(self.items[split])} items")
                for split in SPLITS
            ),
        ]
        lines += [row for split in SPLITS for row in self._evidence_rows(split)]
        lines.append(("everyday", f"{len(self.general)} items"))
        lines += [(f"refused: {reason}", str(count)) for reason, count in self.refused.items()]
        if self.unknown:
            lines.append(("part of speech unknown", f"{self.unknown} concepts, kept"))
        lines += [
            (
                f"{score.name}, {score.group}",
                f"{_with_interval(score)}, chance {score.chance or 0:.2f}",
            )
            for score in self.audit
            if "," not in score.group and score.value != score.chance
        ]
        lines += [
            (
                f"guessing, {level.pair}" + (", needs the term" if level.needs_term else ""),
                (
                    f"items {_with_interval(level.items)} ({level.items.name}), "
                    f"known {_with_interval(level.known)} ({level.known.name})"
                ),
            )
            for level in self.guessing
        ]
        lines += [(f"{power.split} can show", power.sentence()) for power in self.power]
        lines += [("warning", text) for text in self.warnings]
        return [*lines, *(("licence", text) for text in self.rights.warnings())]

    def _evidence_rows(self, split: Split) -> list[tuple[str, str]]:
        """Return, per direction, how many concepts need their term, and what decides the rest."""
        rows: list[tuple[str, str]] = []
        for pair, needing in self.needing_term(split).items():
            items = [item for item in self.items[split] if item.pair == pair]
            marks = Counter(item.solvable_by for item in items)
            rows.append(
                (
                    f"{split} {pair} needs the term",
                    (
                        f"{len(needing)} of {len({item.concept for item in items})} concepts, "
                        f"{marks['term']} items; pieces decide {marks['pieces']}, "
                        f"sound {marks['sound']}"
                    ),
                )
            )
        return rows


def _with_interval(score: Score) -> str:
    return f"{score.value:.2f} [{score.low:.2f}, {score.high:.2f}]"
