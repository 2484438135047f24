"""Answers → right or wrong per item, known or not per concept, margins (pure)."""

from collections.abc import Iterable, Mapping, Sequence
from math import exp
from typing import NamedTuple, Protocol, runtime_checkable

from lexgraft.records import Answer, Item, Kind, SolvableBy
from lexgraft.stats.intervals import Interval
from lexgraft.stats.paired import NONE, share_right


@runtime_checkable
class GradedAnswer(Protocol):
    """What counting needs of a graded answer: of an item here, of a model's run in comparisons."""

    @property
    def concept(self) -> str:
        """What items are clustered by."""
        ...

    @property
    def draw(self) -> int:
        """Which of the concept's items of one form."""
        ...

    @property
    def right(self) -> bool:
        """Whether the right option scored best, alone."""
        ...

    @property
    def chance(self) -> float:
        """What guessing would give: 1 / options."""
        ...


class GradedItem(NamedTuple):
    """One model's answer to one item, graded in four ways."""

    concept: str
    kind: Kind
    pair: str  # direction, e.g. `en->ja`
    draw: int
    right: bool  # by PMI
    right_by_sum: bool  # by the plain log-likelihood
    right_per_character: bool  # by the log-likelihood a character
    right_blind: bool  # by the neutral score alone: the question was not seen
    margin: float  # PMI of the right option minus the best wrong one
    probability: float  # of the right option among the options, by PMI
    chance: float  # 1 / options
    solvable_by: SolvableBy = "unknown"  # of the item
    probability_by_sum: float = 0.0  # of the right option, by the plain log-likelihood
    probability_per_character: float = 0.0  # by the log-likelihood a character


def pmi(answer: Answer) -> tuple[float, ...]:
    """Return log P(option | context) − log P(option | neutral) for every option.

    The pointwise mutual information of question and option: rare strings are not punished
    (Holtzman et al. 2021, arXiv 2104.08315, section 3).
    """
    return tuple(a - b for a, b in zip(answer.logliks, answer.neutral, strict=True))


def per_character(item: Item, answer: Answer) -> tuple[float, ...]:
    """Return log P(option | context) / characters for every option (lm-eval's `acc_norm`)."""
    lengths = answer.characters or tuple(len(option.strip()) for option in item.options)
    return tuple(a / max(1, n) for a, n in zip(answer.logliks, lengths, strict=True))


def grade(items: Sequence[Item], answers: Iterable[Answer]) -> list[GradedItem]:
    """Return one graded item per item that has an answer; a tie for the best is wrong."""
    by_item = {answer.item: answer for answer in answers}
    return [_grade(item, by_item[item.id]) for item in items if item.id in by_item]


def _grade(item: Item, answer: Answer) -> GradedItem:
    scores, a_character = pmi(answer), per_character(item, answer)
    return GradedItem(
        concept=item.concept,
        kind=item.kind,
        pair=item.pair,
        draw=item.draw,
        right=_margin(scores, item.gold) > 0,
        right_by_sum=_margin(answer.logliks, item.gold) > 0,
        right_per_character=_margin(a_character, item.gold) > 0,
        right_blind=_margin(answer.neutral, item.gold) > 0,
        margin=_margin(scores, item.gold),
        probability=_probability(scores, item.gold),
        chance=1 / len(scores),
        solvable_by=item.solvable_by,
        probability_by_sum=_probability(answer.logliks, item.gold),
        probability_per_character=_probability(a_character, item.gold),
    )


def _probability(scores: Sequence[float], gold: int) -> float:
    """Return the right option's share of exp(score): its probability among the options."""
    best = max(scores)
    shares = [exp(score - best) for score in scores]
    return shares[gold] / sum(shares)


def _margin(scores: Sequence[float], gold: int) -> float:
    return scores[gold] - max(score for i, score in enumerate(scores) if i != gold)


def select(
    graded: Iterable[GradedItem], *, pair: str | None = None, kind: Kind | None = None
) -> list[GradedItem]:
    """Return the graded items of one direction, of one kind, or both."""
    return [g for g in graded if pair in (None, g.pair) and kind in (None, g.kind)]


def needing_term(graded: Iterable[GradedItem]) -> list[GradedItem]:
    """Return the graded items that nothing less than knowing the term answers.

    Where nobody has looked (`unknown`: questions of one's own), all of them are taken.
    """
    return [g for g in graded if g.solvable_by in ("term", "unknown")]


def by_draw(graded: Iterable[GradedAnswer]) -> dict[str, dict[int, bool]]:
    """Return concept → draw → right; several items of one draw must all be right."""
    verdicts: dict[str, dict[int, bool]] = {}
    for g in graded:
        draws = verdicts.setdefault(g.concept, {})
        draws[g.draw] = draws.get(g.draw, True) and g.right
    return verdicts


def known(graded: Iterable[GradedAnswer]) -> dict[str, bool]:
    """Return concept → known: right in every draw (and kind, and direction) that is passed."""
    return {concept: all(draws.values()) for concept, draws in by_draw(graded).items()}


def shares(graded: Iterable[GradedItem]) -> dict[str, float]:
    """Return concept → share of its items that are right: finer than known or not."""
    return concept_means((g.concept, float(g.right)) for g in graded)


def probabilities(graded: Iterable[GradedItem]) -> dict[str, float]:
    """Return concept → mean probability of the right option: the sharpest score to race on."""
    return concept_means((g.concept, g.probability) for g in graded)


def margins(graded: Iterable[GradedItem]) -> dict[str, float]:
    """Return concept → mean margin over its items."""
    return concept_means((g.concept, g.margin) for g in graded)


def recognition(
    graded: Sequence[GradedAnswer], alpha: float = 0.05, parents: Mapping[str, str] = NONE
) -> tuple[Interval, float]:
    """Return the share of concepts known with its interval, and what guessing would give.

    Guessing must hit in every item of a concept, so its level is the product of 1/options. Concepts
    of one parent count as fewer, by how far they move together.
    """
    verdicts = known(graded)
    luck: dict[str, float] = {}
    for g in graded:
        luck[g.concept] = luck.get(g.concept, 1.0) * g.chance
    level = sum(luck.values()) / len(luck) if luck else 0.0
    return share_right(verdicts, alpha, parents), level


def concept_means(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Return concept → mean of its values."""
    grouped: dict[str, list[float]] = {}
    for concept, value in pairs:
        grouped.setdefault(concept, []).append(value)
    return {concept: sum(values) / len(values) for concept, values in grouped.items()}
