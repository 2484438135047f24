"""Stage measure: the winning merge against base, G and D on the `confirm` concepts."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from lexgraft.adoption.cost import ComputeWork, confirm_work, free_answer_work
from lexgraft.adoption.experiment import Experiment
from lexgraft.adoption.generation import free_scores, samples
from lexgraft.adoption.material import Material
from lexgraft.adoption.metrics import (
    SplitResults,
    acquisitions,
    changes,
    outcomes,
    point,
    protected,
    scores_of,
    term_criteria,
)
from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
from lexgraft.adoption.report.report_record import (
    AbilityChange,
    AcquisitionCounts,
    FigurePoint,
    SampleAnswer,
)
from lexgraft.adoption.split_results import comparison_context, split_results
from lexgraft.adoption.stages.headroom import parents_results
from lexgraft.adoption.stages.merge_race import RaceResult, winner
from lexgraft.adoption.stages.stage import ReportPart, Results, Stage
from lexgraft.adoption.verdict_text import verdict_of
from lexgraft.evaluation.measures import PARENTS
from lexgraft.project import GeneralAbility, Project
from lexgraft.records import Criterion, Score, TermOutcome, Verdict


class MeasureResult(Struct, frozen=True, forbid_unknown_fields=True):
    """A result against G and D on the `confirm` concepts."""

    verdict: Verdict
    scores: tuple[Score, ...]
    acquisitions: tuple[AcquisitionCounts, ...]
    changes: tuple[AbilityChange, ...]
    points: tuple[FigurePoint, ...]
    terms: tuple[TermOutcome, ...]
    samples: tuple[SampleAnswer, ...] = ()


class Measure(Stage[MeasureResult]):
    """Judges the merge that won the race, on concepts that did not choose it."""

    name = "measure"
    gate = "merge"
    record = MeasureResult
    needs = ("merge",)

    def estimate(self, experiment: Experiment) -> tuple[ComputeWork, ...]:
        """Return the work of asking the winner, and of free answers of it and the parents."""
        testset = experiment.material.testset
        free = free_answer_work(experiment.project.testset, testset)
        return (
            confirm_work(testset, experiment.material.texts["confirm"]),
            free.times(len(PARENTS) + 1),
        )

    def smallest_threshold(self, project: Project) -> float:
        """Return the smaller of the gain and the loss that the gate asks about."""
        gate = project.gates.merge
        return min(abs(gate.target_gain), gate.everyday_loss)

    def inputs(self, experiment: Experiment, earlier: Results) -> tuple[object, ...]:
        """Return the winner."""
        return (winner(experiment.models, earlier.need(RaceResult)).digest,)

    def run(self, experiment: Experiment, earlier: Results) -> MeasureResult:
        """Return the winner's findings beside the parents' and the verdict on the merge."""
        models, material = experiment.models, experiment.material
        merge, gate = winner(models, earlier.need(RaceResult)), experiment.project.gates.merge
        parents = parents_results(models, material, "confirm")
        context = comparison_context(material, "confirm")
        merge_results = split_results(models, material, merge, "confirm")
        claims = term_criteria(merge_results, parents["G"], parents["D"], context, gate)
        result = measured(models, material, merge, "winner", claims, gate)
        of_parents = (
            row
            for parent in parents.values()
            for row in acquisitions(parent, parents["G"], parents["D"], context)
        )
        return MeasureResult(
            verdict=result.verdict,
            scores=(*_parents_free_scores(models, material), *result.scores),
            acquisitions=(*of_parents, *result.acquisitions),
            changes=result.changes,
            points=(*_parents_points(material, parents), *result.points),
            terms=result.terms,
            samples=result.samples,
        )

    def report(self, experiment: Experiment, record: MeasureResult) -> ReportPart:
        """Return all of it; `terms` are the winner's."""
        return measured_part(record, terms=record.terms)


def measured(
    models: ModelsUnderTest,
    material: Material,
    subject: EvaluatedModel,
    kind: Literal["winner", "tuned"],
    claims: Sequence[Criterion],
    margins: GeneralAbility,
) -> MeasureResult:
    """Return a model's findings on `confirm`, and the verdict on `claims` and general ability."""
    parents = parents_results(models, material, "confirm")
    context = comparison_context(material, "confirm")
    results = split_results(models, material, subject, "confirm")
    ability_changes = changes(results, parents["G"], context, margins)
    return MeasureResult(
        verdict=verdict_of(
            "merge" if kind == "winner" else "tune", (*claims, *protected(ability_changes))
        ),
        scores=(*scores_of(results, context), *free_scores(models, material, subject)),
        acquisitions=acquisitions(results, parents["G"], parents["D"], context),
        changes=ability_changes,
        points=(point(results, parents, context, kind),),
        terms=outcomes(results, parents, material.testset.concepts["confirm"], context),
        samples=samples(models, material, [*models.parents.values(), subject]),
    )


def measured_part(record: MeasureResult, terms: tuple[TermOutcome, ...] = ()) -> ReportPart:
    """Return what a judged model adds to the report."""
    return ReportPart(
        points=record.points,
        scores=record.scores,
        acquisitions=record.acquisitions,
        general=record.changes,
        samples=record.samples,
        terms=terms,
    )


def _parents_free_scores(models: ModelsUnderTest, material: Material) -> tuple[Score, ...]:
    """Return the free answers' scores of base, G and D."""
    return tuple(
        score
        for parent in models.parents.values()
        for score in free_scores(models, material, parent)
    )


def _parents_points(material: Material, parents: dict[str, SplitResults]) -> list[FigurePoint]:
    """Return base, D and the placebo, which is G, in the central figure."""
    context = comparison_context(material, "confirm")
    return [
        point(parents["base"], parents, context, "parent"),
        point(parents["D"], parents, context, "parent"),
        point(parents["G"]._replace(name="placebo"), parents, context, "placebo"),
    ]
