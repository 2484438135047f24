"""Many models on the same items: differences to parents and base, Holm, terms gained and lost."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import log

from msgspec import structs

from lexgraft.errors import LexgraftError, nearest
from lexgraft.evaluation.comparison import (
    Comparison,
    ItemResult,
    MissingTerm,
    ModelRun,
    PairwiseResult,
    TermFlip,
)
from lexgraft.evaluation.grade import concept_means, known, recognition
from lexgraft.evaluation.measures import KNOWN, PARENTS
from lexgraft.evaluation.missing_terms import diagnoses, diagnosis_counts
from lexgraft.evaluation.transfer import transfer_scores
from lexgraft.records import Score, digest
from lexgraft.stats.intervals import non_inferiority
from lexgraft.stats.multiple_testing import holm
from lexgraft.stats.paired import paired_means, paired_shares
from lexgraft.stats.power import concepts_for_margin, smallest_difference
from lexgraft.stats.sequential import evidence, survivors

SMALLEST = 1e-12  # what a probability of nothing counts as: its logarithm is finite
LEAST_CHANGING = 0.05  # share of concepts that power assumes to change, where fewer did


def compare(
    runs: Sequence[ModelRun],
    references: Sequence[str] = (),
    groups: Sequence[str] = (),
    *,
    alpha: float = 0.05,
    margin: float = 0.02,
    seed: int = 0,
) -> Comparison:
    """Return every model against every reference in every group.

    Without `references` these are the base and the parents, else the first model. References
    and groups given declare the family that Holm's correction is taken over.

    Raises:
        LexgraftError: an unknown name, fewer than two models, or no item in common.
    """
    if len(runs) < 2:
        raise LexgraftError(
            "one model cannot be compared", cure="give two runs, or one with several"
        )
    by_name = {run.name: run for run in runs}
    against = _checked_names(references, by_name) or _default_references(runs)
    all_groups = _groups(runs)
    chosen = _checked_names(groups, dict.fromkeys(all_groups)) or all_groups
    pairwise = [
        result
        for model in runs
        for reference in against
        if model.name not in against[: against.index(reference) + 1]
        for group in chosen
        if (result := _pairwise(model, by_name[reference], group, alpha, margin))
    ]
    if not pairwise:
        raise LexgraftError("these models share no item", cure="compare runs of the same test set")
    return Comparison(
        alpha=alpha,
        margin=margin,
        references=tuple(against),
        models={run.name: run.digest for run in runs},
        scores=tuple(
            _score(run, group, alpha)
            for group in chosen
            for run in runs
            if any(result.group == group for result in run.results.values())
        ),
        contests=tuple(_with_holm(pairwise)),
        digest=digest(*sorted({item for run in runs for item in run.results})),
        missed=tuple(_missing_terms(runs, chosen)),
        carried=tuple(transfer_scores(*_models_and_parents(runs), chosen, seed, alpha)),
        racing={group: tuple(_still_racing(runs, against, group, alpha)) for group in chosen},
    )


def _models_and_parents(runs: Sequence[ModelRun]) -> tuple[list[ModelRun], list[ModelRun]]:
    parents = [run for run in runs if run.name in PARENTS]
    return [run for run in runs if run not in parents], parents


def _checked_names(names: Sequence[str], allowed: Mapping[str, object]) -> list[str]:
    for name in names:
        if name not in allowed:
            raise LexgraftError(f"nothing here is called `{name}`", cure=nearest(name, allowed))
    return list(names)


def _default_references(runs: Sequence[ModelRun]) -> list[str]:
    names = [run.name for run in runs]
    parents = [name for name in PARENTS if name in names]
    return parents if len(parents) < len(names) and parents else names[:1]


def _groups(runs: Sequence[ModelRun]) -> list[str]:
    return list(dict.fromkeys(result.group for run in runs for result in run.results.values()))


def _score(run: ModelRun, group: str, alpha: float) -> Score:
    interval, chance = recognition(run.in_group(group), alpha)
    return interval.score(KNOWN, run.name, group, chance)


def _pairwise(
    model: ModelRun, reference: ModelRun, group: str, alpha: float, margin: float
) -> PairwiseResult | None:
    """Return one model against one reference over the items both answered; None without any."""
    items = [
        item
        for item, result in reference.results.items()
        if result.group == group and item in model.results
    ]
    if not items:
        return None
    before, after = ([run.results[item] for item in items] for run in (reference, model))
    paired = paired_shares(known(before), known(after), alpha)
    probability = paired_means(_probabilities(before), _probabilities(after), alpha)
    logs = paired_means(_probabilities(before, log), _probabilities(after, log), alpha)
    n = paired.difference.n
    changing = max(LEAST_CHANGING, (paired.gained + paired.lost) / n)
    gained, lost = _flips(before, after)
    return PairwiseResult(
        model=model.name,
        reference=reference.name,
        group=group,
        n=n,
        value=paired.difference.value,
        low=paired.difference.low,
        high=paired.difference.high,
        p=paired.p,
        holm=paired.p,
        evidence=evidence(paired.gained, paired.lost),
        probability=(probability.value, probability.low, probability.high),
        log_probability=(logs.value, logs.low, logs.high),
        not_worse=non_inferiority(paired.gained, paired.lost, n, margin),
        needed=concepts_for_margin(margin, changing, alpha=alpha),
        detectable=smallest_difference(n, changing, alpha=alpha),
        gained=gained,
        lost=lost,
    )


def _still_racing(
    runs: Sequence[ModelRun], references: Sequence[str], group: str, alpha: float
) -> list[str]:
    """Return the candidates still in the race, on the concepts that all of them were asked.

    Concepts come in the order of their digests, which no result has influenced.
    """
    by_candidate = {
        run.name: probabilities
        for run in runs
        if run.name not in references and (probabilities := _probabilities(run.in_group(group)))
    }
    if not by_candidate:
        return []
    first, *remaining = (set(probabilities) for probabilities in by_candidate.values())
    shared = first.intersection(*remaining)
    order = sorted(shared, key=lambda concept: digest("race", concept))
    rows = [[by_concept[concept] for concept in order] for by_concept in by_candidate.values()]
    return [list(by_candidate)[index] for index in survivors(rows, alpha)]


def _missing_terms(runs: Sequence[ModelRun], groups: Sequence[str]) -> list[MissingTerm]:
    """Return the diagnoses of the models that are no parents, where base, G or D answered too."""
    models, parents = _models_and_parents(runs)
    missing: list[MissingTerm] = []
    for group in groups:
        source, arrow, target = group.partition("->")
        across_languages = arrow and " " not in source and source != target
        for run in models if parents and across_languages else ():
            results = run.in_group(group)
            if results:
                concepts = diagnoses(
                    known(run.in_group(f"{source}->{source}")),
                    known(results),
                    [known(parent.in_group(group)) for parent in parents],
                    {c: term.grade for (g, c), term in run.written.items() if g == group},
                )
                missing.append(MissingTerm(run.name, group, diagnosis_counts(concepts), concepts))
    return missing


def _with_holm(results: Sequence[PairwiseResult]) -> list[PairwiseResult]:
    adjusted = holm([result.p for result in results])
    return [structs.replace(result, holm=p) for result, p in zip(results, adjusted, strict=True)]


def _probabilities(
    results: Iterable[ItemResult], scale: Callable[[float], float] = float
) -> dict[str, float]:
    """Return concept → mean P(right option) over its items, or of its logarithm."""
    return concept_means(
        (result.concept, scale(max(result.probability, SMALLEST))) for result in results
    )


def _flips(
    before: Sequence[ItemResult], after: Sequence[ItemResult]
) -> tuple[tuple[TermFlip, ...], tuple[TermFlip, ...]]:
    """Return the concepts gained and lost, each by the size of its change of margin."""
    was, now = known(before), known(after)
    widest: dict[str, tuple[float, TermFlip]] = {}
    for old, new in zip(before, after, strict=True):
        if was[old.concept] == now[old.concept] or old.right == new.right:
            continue
        change = abs(new.margin - old.margin)
        if old.concept not in widest or change > widest[old.concept][0]:
            flip = TermFlip(
                concept=old.concept,
                question=old.question,
                gold=old.gold,
                chosen_before=old.chosen,
                chosen_after=new.chosen,
                margin_before=old.margin,
                margin_after=new.margin,
            )
            widest[old.concept] = (change, flip)
    order = sorted(widest.values(), key=lambda pair: (-pair[0], pair[1].concept))
    return (
        tuple(flip for _, flip in order if now[flip.concept]),
        tuple(flip for _, flip in order if was[flip.concept]),
    )
