"""Stage measure: a result against base, G and D on the `confirm` concepts."""

from collections.abc import Sequence

from lexgraft.adoption.experiment import EvaluatedModel, Experiment
from lexgraft.adoption.generation import free_scores, samples
from lexgraft.adoption.metrics import (
    acquisitions,
    changes,
    outcomes,
    point,
    protected,
    scores_of,
    term_criteria,
)
from lexgraft.adoption.report.report_record import FigurePoint, PointKind
from lexgraft.adoption.split_results import see, setting
from lexgraft.adoption.stage_records import MeasureResult
from lexgraft.adoption.stages.headroom import parents_seen
from lexgraft.adoption.verdict_text import verdict_sentence
from lexgraft.project import MergeGate, TuneGate
from lexgraft.records import Criterion, Score, Verdict
from lexgraft.stats.gates import combine


def judge_stage(
    session: Experiment,
    subject: EvaluatedModel,
    stage: str,
    gate: MergeGate | TuneGate,
    kind: PointKind,
    learned: Sequence[Criterion] = (),
) -> MeasureResult:
    """Return a result's findings and its verdict.

    A merge is judged by the terms it was asked; a tuning by `learned`, what it was taught.
    """
    parents, where = parents_seen(session, "confirm"), setting(session, "confirm")
    seen = see(session, subject, "confirm")
    language, domain = parents["G"], parents["D"]
    kept = changes(seen, language, where, gate)
    claims = (
        term_criteria(seen, language, domain, where, gate)
        if isinstance(gate, MergeGate)
        else learned
    )
    asked = (*claims, *protected(kept))
    outcome = combine(asked)
    rows = acquisitions(seen, language, domain, where)
    if kind == "winner":
        rows = (
            *(
                row
                for parent in parents.values()
                for row in acquisitions(parent, language, domain, where)
            ),
            *rows,
        )
    return MeasureResult(
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


def parents_free_scores(session: Experiment) -> tuple[Score, ...]:
    """Return the free answers' scores of base, G and D."""
    return tuple(s for parent in session.parents.values() for s in free_scores(session, parent))


def _parents_points(session: Experiment) -> list[FigurePoint]:
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
