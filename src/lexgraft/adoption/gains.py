"""What a result gained, and what of it only the donor brought: P(right option) by concept (pure).

A merge knows some terms because the donor does, and some because half of another delta makes any
model bolder. So every result is asked beside its controls: the same recipe without the donor. What
is claimed is the difference, paired by concept, related concepts as one cluster.
"""

from collections.abc import Mapping, Sequence

from lexgraft.adoption.metrics import ComparisonContext, SplitResults, criterion
from lexgraft.evaluation.grade import GradedItem, probabilities, select
from lexgraft.evaluation.measures import (
    BEST_PARENT_GAIN,
    DONOR_GAIN,
    DONOR_LEAD,
    RANDOM_DONOR,
    SHUFFLED_TERMS,
    TARGET_GAIN,
    TAUGHT_GAIN,
)
from lexgraft.project import MergeGate, TuneGate
from lexgraft.records import Criterion, Score
from lexgraft.stats.clustered import clustered_difference, clustered_mean
from lexgraft.stats.intervals import Interval
from lexgraft.stats.paired import NONE
from lexgraft.terms.testset.item_evidence import ENOUGH

Graded = Sequence[GradedItem]


def gain(before: Graded, after: Graded, pair: str, context: ComparisonContext) -> Interval:
    """Return by how much P(right option) rose in one direction: the mean over concepts.

    Where the test set has enough items that need the term, only those count.
    """
    differences = term_rises(before, after, pair, context)
    families = [context.families.get(concept, concept) for concept in differences]
    return clustered_mean(list(differences.values()), families, context.alpha).within(-1, 1)


def gain_criteria(
    result: SplitResults,
    recipient: SplitResults,
    controls: Mapping[str, Graded],
    context: ComparisonContext,
    gate: MergeGate,
) -> tuple[Criterion, ...]:
    """Return what a gate asks of the terms in each direction to the target, with what was measured.

    `controls` are the answers of the same recipe without the donor, by name: the result must be
    ahead of each of them (an intersection-union test: no correction is due).
    """
    requirements: list[Criterion] = []
    for pair in context.targets(result.terms):
        gained = gain(recipient.terms, result.terms, pair, context)
        requirements.append(criterion(TARGET_GAIN, pair, gained, gate.target_gain))
        requirements += donor_criteria(result.terms, controls, pair, context, gate.donor_gain)
    return tuple(requirements)


def donor_criteria(
    result: Graded,
    controls: Mapping[str, Graded],
    pair: str,
    context: ComparisonContext,
    threshold: float,
) -> list[Criterion]:
    """Return, per control, that the result is ahead of it in one direction."""
    return [
        criterion(f"{DONOR_GAIN}, {name}", pair, gain(control, result, pair, context), threshold)
        for name, control in controls.items()
    ]


def donor_lead(
    donor: Graded, base: Graded, control: Graded, pair: str, context: ComparisonContext
) -> tuple[Criterion, ...]:
    """Return that the donor knows terms at all: more than the base, its control and chance.

    With its terms shuffled a model that answers p right gives a wrong option (1 − p)/(k − 1) on
    average: the difference is above 0 exactly where p is above 1/k.
    """
    shuffled = [
        item._replace(probability=(1 - item.probability) * item.chance / (1 - item.chance))
        for item in donor
    ]
    rivals = {"base": base, RANDOM_DONOR: control, SHUFFLED_TERMS: shuffled}
    return tuple(
        criterion(f"{DONOR_LEAD}, {name}", pair, gain(rival, donor, pair, context), 0.0)
        for name, rival in rivals.items()
    )


def taught_criteria(
    taught: tuple[Graded, Graded],
    untaught: tuple[Graded, Graded],
    context: ComparisonContext,
    gate: TuneGate,
) -> tuple[Criterion, ...]:
    """Return what taught terms gained beyond what terms never taught did, in new wordings.

    Both pairs are a model's answers before and after the tuning: a difference in differences, so
    that what any further training does to all terms is no merit of the lesson. All items count
    where fewer than `ENOUGH` taught concepts have items that need their term.
    """
    requirements: list[Criterion] = []
    for pair in context.targets(taught[1]):
        counted = context
        if len(term_rises(*taught, pair, context)) < ENOUGH:
            counted = context._replace(judged={})
        rises = [term_rises(*answers, pair, counted) for answers in (taught, untaught)]
        families = [[context.families.get(c, c) for c in rise] for rise in rises]
        values = [list(rise.values()) for rise in rises]
        gained = clustered_difference(values[0], values[1], *families, alpha=context.alpha)
        requirements.append(criterion(TAUGHT_GAIN, pair, gained.within(-1, 1), gate.taught_gain))
    return tuple(requirements)


def gain_scores(
    result: SplitResults,
    parents: Mapping[str, SplitResults],
    controls: Mapping[str, Graded],
    context: ComparisonContext,
    best_parents: Mapping[str, str] = NONE,
) -> tuple[Score, ...]:
    """Return what a result gained: on G, on the best of base, G and D, and on its controls.

    The best parent is picked by its answers to the same items, so the gain on it errs downwards;
    `best_parents` names it per direction where another look has picked it.
    """
    scores: list[Score] = []
    for pair in context.targets(result.terms):
        best = best_parents.get(pair) or best_parent(parents, pair)
        rivals: dict[str, Graded] = {
            TARGET_GAIN: parents["G"].terms,
            f"{BEST_PARENT_GAIN}, {best}": parents[best].terms,
            **{f"{DONOR_GAIN}, {name}": answers for name, answers in controls.items()},
        }
        scores += [
            gain(before, result.terms, pair, context).score(name, result.name, pair)
            for name, before in rivals.items()
        ]
    return tuple(scores)


def best_parent(parents: Mapping[str, SplitResults], pair: str) -> str:
    """Return which parent has the highest mean P(right option) in one direction."""
    return max(parents, key=lambda name: _mean(parents[name].terms, pair))


def term_rises(
    before: Graded, after: Graded, pair: str, context: ComparisonContext
) -> dict[str, float]:
    """Return concept → P(right option) after minus before, of concepts that both answered."""
    judged = context.judged.get(pair)
    old, new = (
        probabilities(
            item
            for item in select(graded, pair=pair)
            if judged is None or (item.concept, item.kind, item.draw) in judged
        )
        for graded in (before, after)
    )
    return {concept: new[concept] - old[concept] for concept in old if concept in new}


def _mean(graded: Graded, pair: str) -> float:
    of_concepts = probabilities(select(graded, pair=pair))
    return sum(of_concepts.values()) / max(1, len(of_concepts))
