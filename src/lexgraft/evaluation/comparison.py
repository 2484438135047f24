"""Records of a comparison: models with their graded items, differences, terms that changed."""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from lexgraft.evaluation.missing_terms import Diagnosis
from lexgraft.evaluation.term_generation import WrittenTerm
from lexgraft.records import Score


class ItemResult(NamedTuple):
    """What one model made of one item, asked here or by lm-eval."""

    concept: str  # what items are clustered by
    group: str  # direction or task
    right: bool
    margin: float  # score of the right option minus the best wrong one; 0: not known
    probability: float  # of the right option among the options
    chance: float
    question: str
    gold: str
    chosen: str
    draw: int = 0


class ModelRun(NamedTuple):
    """One model with its graded answers."""

    name: str
    digest: str
    source: str
    results: Mapping[str, ItemResult]  # by item
    written: Mapping[tuple[str, str], WrittenTerm] = {}  # direction and concept → free answer
    number_format: str = ""  # in which, or by which server, it was computed; "": not known
    prompt: str = ""  # within what it was asked; "": not known

    def in_group(self, group: str) -> list[ItemResult]:
        """Return the results of one direction or task."""
        return [result for result in self.results.values() if result.group == group]


class TermFlip(Struct, frozen=True, forbid_unknown_fields=True):
    """A concept whose verdict changed, with the item whose margin changed most."""

    concept: str
    question: str
    gold: str
    chosen_before: str
    chosen_after: str
    margin_before: float
    margin_after: float


class PairwiseResult(Struct, frozen=True, forbid_unknown_fields=True):
    """One model against one reference in one group, over the concepts both were asked."""

    model: str
    reference: str
    group: str
    n: int
    value: float  # difference of the shares known
    low: float
    high: float
    p: float  # McNemar, mid-p
    holm: float  # p over the declared family
    evidence: float  # e-value against equality: may be looked at after every concept
    probability: tuple[float, float, float]  # difference of P(right option), with interval
    log_probability: tuple[float, float, float]  # the same of ln P(right option)
    not_worse: float  # p that the loss is at least the margin
    needed: int  # concepts that would show no loss beyond it, if there is none (80 % power)
    detectable: float  # smallest difference so many concepts show with 80 % power
    gained: tuple[TermFlip, ...]  # by margin, the clearest first
    lost: tuple[TermFlip, ...]


class MissingTerm(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a model's terms are missing in one direction: diagnoses counted and by concept."""

    model: str
    group: str
    counts: dict[str, int]
    concepts: dict[str, Diagnosis]


class Comparison(Struct, frozen=True, forbid_unknown_fields=True):
    """All that `lexgraft compare` found; a family of tests has one false alarm in 1/alpha."""

    alpha: float
    margin: float
    references: tuple[str, ...]
    models: dict[str, str]  # name → digest
    scores: tuple[Score, ...]
    contests: tuple[PairwiseResult, ...]
    digest: str  # of the items
    missed: tuple[MissingTerm, ...] = ()  # directions from one language into another
    carried: tuple[Score, ...] = ()  # transfer, retention, emergence, each less its placebo
    racing: dict[str, tuple[str, ...]] = {}  # group → models that none has been shown to beat
