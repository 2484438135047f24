"""A test set: what is asked, and what is known about it before a model answers."""

from msgspec import Struct

from lexgraft.records import Concept, Item, Score, Split, digest
from lexgraft.terms.readers.rights import RightsLog
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
    details: tuple[Score, ...]  # the audit per frequency band, part of speech, number of tokens
    power: tuple[DetectableDifference, ...]  # what differences each split can show
    warnings: tuple[str, ...]
    rights: RightsLog  # what the licences of the terms in it ask
    digest: str

    @property
    def canary(self) -> str:
        """A line that no training text should hold: who finds it has found this set."""
        return f"{CANARY} {digest('canary', self.digest)}"

    def rows(self) -> list[tuple[str, str]]:
        """Return a table for a screen, its header first."""
        lines = [
            ("what", "how much"),
            *(
                (split, f"{len(self.concepts[split])} concepts, {len(self.items[split])} items")
                for split in SPLITS
            ),
        ]
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
        ]
        lines += [(f"{power.split} can show", power.sentence()) for power in self.power]
        lines += [("warning", text) for text in self.warnings]
        return [*lines, *(("licence", text) for text in self.rights.warnings())]


def _with_interval(score: Score) -> str:
    return f"{score.value:.2f} [{score.low:.2f}, {score.high:.2f}]"
