"""Stage merge: candidates and a small search on `choose`; the best within the margin wins."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lexgraft.adoption.candidate_search import propose
from lexgraft.adoption.experiment import EvaluatedModel, Experiment
from lexgraft.adoption.metrics import (
    ComparisonContext,
    SplitResults,
    acquisitions,
    changes,
    objective,
    point,
    scores_of,
)
from lexgraft.adoption.split_results import setting
from lexgraft.adoption.stage_records import CandidateResult, RaceResult
from lexgraft.adoption.stages.headroom import parents_seen
from lexgraft.evaluation.grade import GradedItem, grade, probabilities
from lexgraft.evaluation.measures import BITS
from lexgraft.project import Candidate
from lexgraft.records import Item, digest
from lexgraft.stats.sequential import first_above

BLOCK = 50  # concepts asked before the race is looked at again


class _Leader(NamedTuple):
    """The best candidate so far whose texts stay within the margin."""

    objective: float
    sure: Mapping[str, float]  # concept → P(right option), over the directions that are raced on


def race_stage(session: Experiment) -> RaceResult:
    """Return every candidate's findings and the winner.

    Among candidates whose bits per byte rise within the gate's margin, the one with the highest
    objective wins; if none is within, the one that harms least. A candidate that the leader is
    shown to beat is asked no further; with probability 1 − alpha no such one was the best.
    """
    merge = session.project.merge
    trials = merge.search.trials if merge.search else 0
    alpha = session.project.gates.alpha / (len(merge.candidates) + trials)
    raced: list[CandidateResult] = []
    leader: _Leader | None = None
    found: list[tuple[Candidate, float]] = []
    for number in range(len(merge.candidates) + trials):
        if number < len(merge.candidates):
            candidate = merge.candidates[number]
            name = _named(candidate, merge.candidates)
        else:
            assert merge.search is not None  # there are trials
            candidate = propose(merge.search, found, session.project.seed)
            name = f"evolved {candidate.method} {len(found) + 1}"
        one, sure = _run(session, name, candidate, leader, alpha)
        raced.append(one)
        if number >= len(merge.candidates):
            found.append((candidate, one.objective))
        if not one.dropped and _within(session, one) and one.objective > _best(leader):
            leader = _Leader(one.objective, sure)
    return RaceResult(tuple(raced), _winner(session, raced).name)


def winner(session: Experiment, race: RaceResult) -> EvaluatedModel:
    """Return the winning merge as a subject, under its own name."""
    best = race.best()
    return EvaluatedModel(best.name, session.base, session.merge_plan(best.candidate))


def _named(candidate: Candidate, all_: tuple[Candidate, ...]) -> str:
    """Return the method's name, with the parameters where a method occurs twice."""
    if sum(one.method == candidate.method for one in all_) == 1:
        return candidate.method
    return f"{candidate.method} {candidate.parameters}"


def _run(
    session: Experiment, name: str, candidate: Candidate, leader: _Leader | None, alpha: float
) -> tuple[CandidateResult, Mapping[str, float]]:
    """Return a candidate's findings, and how sure it was of each concept."""
    parents, where = parents_seen(session, "choose"), setting(session, "choose")
    subject = EvaluatedModel(name, session.base, session.merge_plan(candidate))
    texts, terms, dropped = session.bits(subject, "choose"), list[GradedItem](), False
    for block in _blocks(session):
        terms += grade(block, session.answers(subject, "choose terms", block))
        dropped = leader is not None and beaten(_sure(terms, where), leader.sure, alpha)
        if dropped:
            break
    seen = SplitResults(name, terms, [], texts)
    one = CandidateResult(
        name=name,
        candidate=candidate,
        digest=subject.digest,
        objective=objective(seen.terms, where),
        scores=scores_of(seen, where),
        acquisitions=acquisitions(seen, parents["G"], parents["D"], where, "choose"),
        changes=changes(seen, parents["G"], where, None, "choose"),
        point=point(seen, parents, where, "candidate"),
        dropped=dropped,
    )
    return one, _sure(terms, where)


def beaten(sure: Mapping[str, float], leader: Mapping[str, float], alpha: float) -> bool:
    """Return whether the leader is shown to be surer, over the concepts asked so far in order."""
    return first_above((leader[one] - mine for one, mine in sure.items()), 0.0, alpha).decided


def _blocks(session: Experiment) -> list[list[Item]]:
    """Return the items of so many concepts at a time, in an order that no answer has influenced."""
    items = session.testset.items["choose"]
    concepts = sorted({item.concept for item in items}, key=lambda one: digest("race", one))
    places = {concept: place // BLOCK for place, concept in enumerate(concepts)}
    count = max(places.values(), default=0) + 1
    return [[one for one in items if places[one.concept] == number] for number in range(count)]


def _sure(terms: Sequence[GradedItem], where: ComparisonContext) -> dict[str, float]:
    """Return concept → mean P(right option) in the directions that candidates are raced on."""
    pairs = where.targets(terms)
    return probabilities([term for term in terms if term.pair in pairs])


def _best(leader: _Leader | None) -> float:
    return -1.0 if leader is None else leader.objective


def _within(session: Experiment, one: CandidateResult) -> bool:
    return _worst(one) >= -session.project.gates.merge.bits_per_byte


def _winner(session: Experiment, raced: list[CandidateResult]) -> CandidateResult:
    within = [one for one in raced if _within(session, one) and not one.dropped]
    if within:
        return max(within, key=lambda one: one.objective)
    return max(raced, key=_worst)


def _worst(one: CandidateResult) -> float:
    """Return the worst change of bits per byte (negative: a rise), 0 where none was measured."""
    return min((change.value for change in one.changes if change.name == BITS), default=0.0)
