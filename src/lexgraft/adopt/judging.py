"""Stage measure: a result against base, G and D on the `confirm` concepts."""

from collections.abc import Sequence

from lexgraft.adopt.asking import see, setting
from lexgraft.adopt.findings import (
    acquisitions,
    changes,
    criteria,
    outcomes,
    point,
    protected,
    scores_of,
)
from lexgraft.adopt.free import free_scores, samples
from lexgraft.adopt.parents import parents_seen
from lexgraft.adopt.sentences import verdict_sentence
from lexgraft.adopt.session import Session, Subject
from lexgraft.adopt.stages import Judged
from lexgraft.decide import combine
from lexgraft.project import Gate
from lexgraft.records import Criterion, Score, Verdict
from lexgraft.report.record import Point, PointKind


def judge_stage(
    session: Session,
    subject: Subject,
    stage: str,
    gate: Gate,
    kind: PointKind,
    instead: Sequence[Criterion] = (),
) -> Judged:
    """Return a result's findings and its verdict.

    `instead` replaces what the gate asks of the terms: a tuning is judged by what it was taught.
    """
    parents, where = parents_seen(session, "confirm"), setting(session, "confirm")
    seen = see(session, subject, "confirm")
    language, domain = parents["G"], parents["D"]
    kept = changes(seen, language, where, gate)
    asked = (
        (*instead, *protected(kept)) if instead else criteria(seen, language, domain, where, gate)
    )
    outcome = combine(asked)
    rows = acquisitions(seen, language, domain, where)
    if kind == "winner":
        rows = (
            *(
                row
                for one in parents.values()
                for row in acquisitions(one, language, domain, where)
            ),
            *rows,
        )
    return Judged(
        verdict=Verdict(stage, outcome, verdict_sentence(stage, outcome, asked), asked),
        scores=(
            *(parents_free_scores(session) if kind == "winner" else ()),
            *scores_of(seen, where),
            *free_scores(session, subject),
        ),
        acquisitions=rows,
        changes=kept,
        points=(
            *(_parents_points(session) if kind == "winner" else ()),
            point(seen, parents, where, kind),
        ),
        terms=outcomes(seen, parents, session.testset.concepts["confirm"], where),
        samples=samples(session, [*session.parents.values(), subject]),
    )


def parents_free_scores(session: Session) -> tuple[Score, ...]:
    """Return the free answers' scores of base, G and D."""
    return tuple(s for one in session.parents.values() for s in free_scores(session, one))


def _parents_points(session: Session) -> list[Point]:
    """Return base, D and the placebo, which is G, in the central figure."""
    parents, where = parents_seen(session, "confirm"), setting(session, "confirm")
    named = {"base": "base", "D": "D", "G": "placebo"}
    return [
        point(
            parents[name]._replace(name=shown),
            parents,
            where,
            "placebo" if name == "G" else "parent",
        )
        for name, shown in named.items()
    ]
