"""Stage merge: candidates and a small search on `choose`; the best within the margin wins."""

from lexgraft.adopt.asking import see, setting
from lexgraft.adopt.findings import acquisitions, changes, objective, point, scores_of
from lexgraft.adopt.parents import parents_seen
from lexgraft.adopt.session import Session, Subject
from lexgraft.adopt.stages import Race, Raced
from lexgraft.project import Candidate
from lexgraft.report.record import BITS
from lexgraft.search import propose


def race_stage(session: Session) -> Race:
    """Return every candidate's findings and the winner.

    Among candidates whose bits per byte rise within the gate's margin, the one with the highest
    objective wins; if none is within, the one that harms least.
    """
    merge = session.project.merge
    raced = [_run(session, _named(one, merge.candidates), one) for one in merge.candidates]
    if merge.search:
        found: list[tuple[Candidate, float]] = []
        for number in range(merge.search.trials):
            candidate = propose(merge.search, found, session.project.seed)
            one = _run(session, f"evolved {candidate.method} {number + 1}", candidate)
            found.append((candidate, one.objective))
            raced.append(one)
    return Race(tuple(raced), _winner(session, raced).name)


def winner(session: Session, race: Race) -> Subject:
    """Return the winning merge as a subject, under its own name."""
    best = race.best()
    return Subject(best.name, session.base, session.merge_plan(best.candidate))


def _named(candidate: Candidate, all_: tuple[Candidate, ...]) -> str:
    """Return the method's name, with the parameters where a method occurs twice."""
    if sum(one.method == candidate.method for one in all_) == 1:
        return candidate.method
    return f"{candidate.method} {candidate.parameters}"


def _run(session: Session, name: str, candidate: Candidate) -> Raced:
    parents, where = parents_seen(session, "choose"), setting(session, "choose")
    subject = Subject(name, session.base, session.merge_plan(candidate))
    seen = see(session, subject, "choose")
    return Raced(
        name=name,
        candidate=candidate,
        digest=subject.digest,
        objective=objective(seen.terms, where),
        scores=scores_of(seen, where),
        acquisitions=acquisitions(seen, parents["G"], parents["D"], where, "choose"),
        changes=changes(seen, parents["G"], where, None, "choose"),
        point=point(seen, parents, where, "candidate"),
    )


def _winner(session: Session, raced: list[Raced]) -> Raced:
    margin = session.project.gates.merge.bits_per_byte
    within = [one for one in raced if _worst(one) >= -margin]
    if within:
        return max(within, key=lambda one: one.objective)
    return max(raced, key=_worst)


def _worst(one: Raced) -> float:
    """Return the worst change of bits per byte (negative: a rise), 0 where none was measured."""
    return min((change.value for change in one.changes if change.name == BITS), default=0.0)
