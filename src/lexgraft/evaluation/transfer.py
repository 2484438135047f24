"""Transfer, retention and emergence of many models as scores, each less its placebo (pure)."""

from collections.abc import Sequence

from lexgraft.evaluation.comparison import ModelRun
from lexgraft.evaluation.grade import by_draw
from lexgraft.evaluation.knowledge_transitions import emergence, retention, transfer
from lexgraft.evaluation.measures import (
    DONOR,
    EMERGENCE,
    RECIPIENT,
    RETENTION_OF_DONOR,
    RETENTION_OF_RECIPIENT,
    TRANSFER,
)
from lexgraft.records import Score
from lexgraft.stats.cross_draw import CrossDrawEstimate


def transfer_scores(
    models: Sequence[ModelRun],
    parents: Sequence[ModelRun],
    groups: Sequence[str],
    seed: int,
    alpha: float,
) -> list[Score]:
    """Return what every model carried over in every direction, where G and D answered too.

    In a direction between two languages: transfer of what D knows in its own, what emerged that
    neither parent knows, and G's knowledge that was kept; within one language, D's that was kept.
    """
    by_name = {parent.name: parent for parent in parents}
    if not {RECIPIENT, DONOR} <= by_name.keys():
        return []
    recipient, donor = by_name[RECIPIENT], by_name[DONOR]
    scores: list[Score] = []
    for group in groups:
        source, arrow, target = group.partition("->")
        for model in models if arrow and " " not in source else ():
            estimates = (
                _within_language(model, donor, group, seed, alpha)
                if source == target
                else _across_languages(model, recipient, donor, group, seed, alpha)
            )
            scores += [
                estimate.difference.score(name, model.name, group)
                for name, estimate in estimates.items()
                if estimate.difference.n
            ]
    return scores


def _within_language(
    model: ModelRun, donor: ModelRun, group: str, seed: int, alpha: float
) -> dict[str, CrossDrawEstimate]:
    before, after = (by_draw(run.in_group(group)) for run in (donor, model))
    return {RETENTION_OF_DONOR: retention(before, after, seed, alpha)}


def _across_languages(
    model: ModelRun, recipient: ModelRun, donor: ModelRun, group: str, seed: int, alpha: float
) -> dict[str, CrossDrawEstimate]:
    before, elsewhere, after = (by_draw(run.in_group(group)) for run in (recipient, donor, model))
    source = group.partition("->")[0]
    own_language = by_draw(donor.in_group(f"{source}->{source}"))
    donor_knows = {concept: all(draws.values()) for concept, draws in own_language.items()}
    return {
        TRANSFER: transfer(donor_knows, before, after, seed, alpha),
        RETENTION_OF_RECIPIENT: retention(before, after, seed, alpha),
        EMERGENCE: emergence(before, elsewhere, after, seed, alpha),
    }
