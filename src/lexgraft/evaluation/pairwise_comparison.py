"""Many models on the same items: differences to parents and base, Holm, terms gained and lost."""

from collections.abc import Callable, Mapping, Sequence
from math import log

from msgspec import structs

from lexgraft.errors import LexgraftError, nearest
from lexgraft.evaluation.comparison import (
    PARENTS,
    Comparison,
    ItemResult,
    MissingTerm,
    ModelRun,
    PairwiseResult,
    TermFlip,
)
from lexgraft.evaluation.missing_terms import counted, diagnoses
from lexgraft.evaluation.transfer import crossings
from lexgraft.records import Score, digest
from lexgraft.stats.intervals import non_inferiority, paired_means, paired_shares, wilson
from lexgraft.stats.multiple_testing import holm
from lexgraft.stats.power import concepts_for_margin, smallest_difference
from lexgraft.stats.sequential import evidence, survivors

KNOWN = "known"
LEAST = 1e-12  # what a probability of nothing counts as: its logarithm is finite


def compare(
    entrants: Sequence[ModelRun],
    references: Sequence[str] = (),
    groups: Sequence[str] = (),
    *,
    alpha: float = 0.05,
    margin: float = 0.02,
    seed: int = 0,
) -> Comparison:
    """Return every entrant against every reference in every group.

    Without `references` these are the base and the parents, else the first entrant. References
    and groups given declare the family that Holm's correction is taken over.

    Raises:
        LexgraftError: an unknown name, fewer than two models, or no item in common.
    """
    if len(entrants) < 2:
        raise LexgraftError(
            "one model cannot be compared", cure="give two runs, or one with several"
        )
    by_name = {entrant.name: entrant for entrant in entrants}
    against = _known_names(references, by_name) or _references(entrants)
    found = _groups(entrants)
    asked = _known_names(groups, dict.fromkeys(found)) or found
    raw = [
        contest
        for model in entrants
        for reference in against
        if model.name not in against[: against.index(reference) + 1]
        for group in asked
        if (contest := _contest(model, by_name[reference], group, alpha, margin, seed))
    ]
    if not raw:
        raise LexgraftError("these models share no item", cure="compare runs of the same test set")
    return Comparison(
        alpha=alpha,
        margin=margin,
        references=tuple(against),
        models={one.name: one.digest for one in entrants},
        scores=tuple(
            _score(one, group, alpha) for group in asked for one in _asked_in(entrants, group)
        ),
        contests=tuple(_corrected(raw)),
        digest=digest(*sorted({item for one in entrants for item in one.shown})),
        missed=tuple(_missed(entrants, asked)),
        carried=tuple(crossings(*_parted(entrants), asked, seed, alpha)),
        racing={group: tuple(_racing(entrants, against, group, alpha)) for group in asked},
    )


def _parted(entrants: Sequence[ModelRun]) -> tuple[list[ModelRun], list[ModelRun]]:
    """Return the models that are no parents, and those that are."""
    parents = [entrant for entrant in entrants if entrant.name in PARENTS]
    return [one for one in entrants if one not in parents], parents


def _known_names(names: Sequence[str], known: Mapping[str, object]) -> list[str]:
    for name in names:
        if name not in known:
            raise LexgraftError(f"nothing here is called `{name}`", cure=nearest(name, known))
    return list(names)


def _references(entrants: Sequence[ModelRun]) -> list[str]:
    names = [entrant.name for entrant in entrants]
    parents = [name for name in PARENTS if name in names]
    return parents if len(parents) < len(names) and parents else names[:1]


def _groups(entrants: Sequence[ModelRun]) -> list[str]:
    return list(dict.fromkeys(one.group for entrant in entrants for one in entrant.shown.values()))


def _asked_in(entrants: Sequence[ModelRun], group: str) -> list[ModelRun]:
    return [
        entrant for entrant in entrants if any(s.group == group for s in entrant.shown.values())
    ]


def _score(entrant: ModelRun, group: str, alpha: float) -> Score:
    asked = [one for one in entrant.shown.values() if one.group == group]
    verdicts, luck = _known(asked), dict[str, float]()
    for one in asked:
        luck[one.concept] = luck.get(one.concept, 1.0) * one.chance
    interval = wilson(sum(verdicts.values()), len(verdicts), alpha)
    return interval.score(KNOWN, entrant.name, group, sum(luck.values()) / len(luck))


def _contest(
    model: ModelRun, reference: ModelRun, group: str, alpha: float, margin: float, seed: int
) -> PairwiseResult | None:
    """Return one contest over the items both answered, or None without any."""
    items = [i for i, s in reference.shown.items() if s.group == group and i in model.shown]
    if not items:
        return None
    before, after = ([one.shown[i] for i in items] for one in (reference, model))
    paired = paired_shares(_known(before), _known(after), alpha)
    sure = paired_means(_sure(before), _sure(after), seed, alpha)
    logs = paired_means(_sure(before, log), _sure(after, log), seed, alpha)
    n = paired.difference.n
    changing = max(0.05, (paired.gained + paired.lost) / n)
    gained, lost = _moved(before, after)
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
        probability=(sure.value, sure.low, sure.high),
        log_probability=(logs.value, logs.low, logs.high),
        not_worse=non_inferiority(paired.gained, paired.lost, n, margin),
        needed=concepts_for_margin(margin, changing, alpha=alpha),
        detectable=smallest_difference(n, changing, alpha=alpha),
        gained=gained,
        lost=lost,
    )


def _racing(
    entrants: Sequence[ModelRun], references: Sequence[str], group: str, alpha: float
) -> list[str]:
    """Return the candidates still in the race, on the concepts that all of them were asked.

    Concepts come in the order of their digests, which no result has influenced.
    """
    scores = {
        entrant.name: _sure([s for s in entrant.shown.values() if s.group == group])
        for entrant in entrants
        if entrant.name not in references
    }
    running = {name: found for name, found in scores.items() if found}
    shared = (
        set.intersection(*(set(found) for found in running.values())) if running else set[str]()
    )
    order = sorted(shared, key=lambda concept: digest("race", concept))
    rows = [[found[concept] for concept in order] for found in running.values()]
    return [list(running)[place] for place in survivors(rows, alpha)]


def _missed(entrants: Sequence[ModelRun], groups: Sequence[str]) -> list[MissingTerm]:
    """Return the diagnoses of the models that are no parents, where base, G or D answered too."""
    models, parents = _parted(entrants)
    found: list[MissingTerm] = []
    for group in groups:
        asked, arrow, answered = group.partition("->")
        across = arrow and " " not in asked and asked != answered
        for one in models if parents and across else ():
            if any(s.group == group for s in one.shown.values()):
                concepts = diagnoses(
                    _known_in(one, f"{asked}->{asked}"),
                    _known_in(one, group),
                    [_known_in(parent, group) for parent in parents],
                    {c: w.grade for (g, c), w in one.written.items() if g == group},
                )
                found.append(MissingTerm(one.name, group, counted(concepts), concepts))
    return found


def _known_in(entrant: ModelRun, group: str) -> dict[str, bool]:
    return _known([one for one in entrant.shown.values() if one.group == group])


def _corrected(contests: Sequence[PairwiseResult]) -> list[PairwiseResult]:
    adjusted = holm([contest.p for contest in contests])
    return [structs.replace(one, holm=p) for one, p in zip(contests, adjusted, strict=True)]


def _known(shown: Sequence[ItemResult]) -> dict[str, bool]:
    """Return concept → right in every item."""
    verdicts: dict[str, bool] = {}
    for one in shown:
        verdicts[one.concept] = verdicts.get(one.concept, True) and one.right
    return verdicts


def _sure(shown: Sequence[ItemResult], scale: Callable[[float], float] = float) -> dict[str, float]:
    """Return concept → mean P(right option) over its items, or of its logarithm."""
    grouped: dict[str, list[float]] = {}
    for one in shown:
        value = scale(max(one.probability, LEAST))
        grouped.setdefault(one.concept, []).append(value)
    return {concept: sum(values) / len(values) for concept, values in grouped.items()}


def _moved(
    before: Sequence[ItemResult], after: Sequence[ItemResult]
) -> tuple[tuple[TermFlip, ...], tuple[TermFlip, ...]]:
    """Return the concepts gained and lost, each by the size of its change of margin."""
    was, now = _known(before), _known(after)
    widest: dict[str, tuple[float, TermFlip]] = {}
    for old, new in zip(before, after, strict=True):
        if was[old.concept] == now[old.concept] or old.right == new.right:
            continue
        change = abs(new.margin - old.margin)
        if old.concept not in widest or change > widest[old.concept][0]:
            moved = TermFlip(
                old.concept, old.question, old.gold, old.chosen, new.chosen, old.margin, new.margin
            )
            widest[old.concept] = (change, moved)
    order = sorted(widest.values(), key=lambda pair: (-pair[0], pair[1].concept))
    return (
        tuple(moved for _, moved in order if now[moved.concept]),
        tuple(moved for _, moved in order if was[moved.concept]),
    )
