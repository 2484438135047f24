"""Stage measure: the winning merge against its parents and its ablations, on `confirm`."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from lexgraft.adoption.cost import ComputeWork, confirm_work, free_answer_work, work_of_items
from lexgraft.adoption.experiment import Experiment
from lexgraft.adoption.gains import gain_criteria, gain_scores
from lexgraft.adoption.generation import free_scores, samples, written_terms
from lexgraft.adoption.looks import look_marks, planned_level
from lexgraft.adoption.material import Material
from lexgraft.adoption.metrics import (
    ComparisonContext,
    SplitResults,
    acquisitions,
    changes,
    outcomes,
    point,
    protected,
    scores_of,
)
from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
from lexgraft.adoption.report.report_record import (
    AbilityChange,
    AcquisitionCounts,
    FigurePoint,
    SampleAnswer,
    Specification,
)
from lexgraft.adoption.specifications import specification_table
from lexgraft.adoption.split_results import (
    comparison_context,
    judged_concepts,
    split_results,
)
from lexgraft.adoption.spreads import Spreads, ability_requirements
from lexgraft.adoption.stages.headroom import parents_results
from lexgraft.adoption.stages.merge_race import RaceResult, winner
from lexgraft.adoption.stages.stage import ReportPart, Results, Stage
from lexgraft.adoption.validity import ValidityMark, collapse, parent_as_good
from lexgraft.adoption.verdict_text import verdict_of
from lexgraft.evaluation.general_texts import advances_kept
from lexgraft.evaluation.grade import GradedItem, grade
from lexgraft.evaluation.measures import (
    ABILITY,
    ADVANCE_KEPT,
    DONOR_GAIN,
    PARENTS,
    RANDOM_DONOR,
    TARGET_GAIN,
    WITHOUT_DONOR,
)
from lexgraft.project import MergeGate, TuneGate
from lexgraft.records import Criterion, Item, Score, Split, TermOutcome, Verdict
from lexgraft.stats.gate_power import Requirement

ABLATIONS = (WITHOUT_DONOR, RANDOM_DONOR)
Controls = Mapping[str, Sequence[GradedItem]]
"""What the same recipe without the donor answered, by its name."""


class MeasureResult(Struct, frozen=True, forbid_unknown_fields=True):
    """A result against G, D and its ablations on the `confirm` concepts."""

    verdict: Verdict
    scores: tuple[Score, ...]
    gains: tuple[Score, ...]  # on G, on the best parent, on each ablation
    specifications: tuple[Specification, ...]  # of the gains, under other scorings
    acquisitions: tuple[AcquisitionCounts, ...]
    changes: tuple[AbilityChange, ...]
    points: tuple[FigurePoint, ...]
    terms: tuple[TermOutcome, ...]
    samples: tuple[SampleAnswer, ...] = ()
    marks: tuple[ValidityMark, ...] = ()


class Measure(Stage[MeasureResult]):
    """Judges the merge that won the race, on concepts that did not choose it."""

    name = "measure"
    gate = "merge"
    record = MeasureResult
    needs = ("merge",)

    def estimate(self, experiment: Experiment) -> tuple[ComputeWork, ...]:
        """Return the work of asking the winner, its ablations, and the free answers of four."""
        material = experiment.material
        free = free_answer_work(experiment.project.testset, material.testset)
        return (
            *confirm_work(material.testset, material.texts["confirm"]),
            work_of_items(into_target(material), "concepts").times(len(ABLATIONS)),
            free.times(len(PARENTS) + 1),
        )

    def requirements(self, experiment: Experiment, spreads: Spreads) -> tuple[Requirement, ...]:
        """Return the gain on G and on both ablations in each direction, and general ability."""
        gates, material = experiment.project.gates, experiment.material
        assumed, gate, alpha = gates.assumed, gates.merge, planned_level(self.gate, gates.alpha)
        asked = {
            TARGET_GAIN: (gate.target_gain, assumed.target_gain),
            **{
                f"{DONOR_GAIN}, {name}": (gate.donor_gain, assumed.donor_gain) for name in ABLATIONS
            },
        }
        of_terms = (
            Requirement(name, pair, "mean", n, *sought, spreads.terms, "concepts", alpha)
            for pair, n in judged_concepts(material).items()
            for name, sought in asked.items()
        )
        loss = assumed.general_loss
        return (
            *of_terms,
            *ability_requirements(material, gate, spreads, loss, alpha),
        )

    def inputs(self, experiment: Experiment, earlier: Results) -> tuple[object, ...]:
        """Return the winner."""
        return (winner(experiment.models, earlier.need(RaceResult)).digest,)

    def run(self, experiment: Experiment, earlier: Results) -> MeasureResult:
        """Return the winner's findings beside the parents' and the verdict on the merge."""
        models, material = experiment.models, experiment.material
        race, gate = earlier.need(RaceResult), experiment.project.gates.merge
        merge = winner(models, race)
        parents = parents_results(models, material, "confirm")
        asked = len(material.testset.concepts["confirm"])
        level = self.look(experiment, merge.digest, asked, earlier)
        context = comparison_context(material, "confirm", level.alpha)
        controls = asked_controls(
            models, models.ablations(race.best().candidate), into_target(material)
        )
        merge_results = split_results(models, material, merge, "confirm")
        claims = gain_criteria(merge_results, parents["G"], controls, context, gate)
        result = measured(models, material, merge, claims, controls, gate, context)
        of_parents = (
            row
            for parent in parents.values()
            for row in acquisitions(parent, parents["G"], parents["D"], context)
        )
        return replace(
            result,
            scores=(*_parents_free_scores(models, material), *result.scores),
            acquisitions=(*of_parents, *result.acquisitions),
            changes=(*_parents_ability(parents, context), *result.changes),
            points=(*_parents_points(material, parents), *result.points),
            marks=(*result.marks, *parent_as_good(result.gains), *look_marks(level)),
        )

    def report(self, experiment: Experiment, record: MeasureResult) -> ReportPart:
        """Return all of it; `terms` are the winner's."""
        return measured_part(record, terms=record.terms)


def _parents_ability(
    parents: Mapping[str, SplitResults], context: ComparisonContext
) -> list[AbilityChange]:
    """Return the general ability of D and of the base against G, which is judged by nothing."""
    return [
        change
        for name in ("D", "base")
        for change in changes(parents[name], parents["G"], context, None)
        if change.name == ABILITY
    ]


def measured(
    models: ModelsUnderTest,
    material: Material,
    subject: EvaluatedModel,
    claims: Sequence[Criterion],
    controls: Controls,
    gate: MergeGate | TuneGate,
    context: ComparisonContext,
) -> MeasureResult:
    """Return a model's findings on `confirm`, and the verdict on `claims` and general ability."""
    parents = parents_results(models, material, "confirm")
    results = split_results(models, material, subject, "confirm")
    ability_changes = changes(results, parents["G"], context, gate)
    textless = context._replace(documents=())
    of_controls = (
        score
        for name, answers in controls.items()
        for score in scores_of(SplitResults(name, list(answers), [], []), textless)
    )
    free = free_scores(models, material, subject)
    stage, kind = ("merge", "winner") if isinstance(gate, MergeGate) else ("tune", "tuned")
    return MeasureResult(
        verdict=verdict_of(stage, (*claims, *protected(ability_changes))),
        scores=(
            *scores_of(results, context),
            *free,
            *of_controls,
            *_kept(results, parents, context),
        ),
        gains=gain_scores(results, parents, controls, context),
        specifications=specification_table(results, parents, controls, context),
        acquisitions=acquisitions(results, parents["G"], parents["D"], context),
        changes=ability_changes,
        points=(point(results, parents, context, kind),),
        terms=outcomes(results, parents, material.testset.concepts["confirm"], context),
        samples=samples(models, material, [*models.parents.values(), subject]),
        marks=_collapsed(models, material, subject),
    )


def _kept(
    results: SplitResults, parents: Mapping[str, SplitResults], context: ComparisonContext
) -> list[Score]:
    """Return, per language, the share of G's advance over the base that a result keeps."""
    texts = (parents["base"].texts, parents["G"].texts, results.texts)
    shares = advances_kept(context.documents, *texts, context.alpha)
    return [
        share.score(ADVANCE_KEPT, results.name, language)
        for language, share in shares.items()
        if share is not None
    ]


def asked_controls(
    models: ModelsUnderTest,
    controls: Mapping[str, EvaluatedModel],
    items: Sequence[Item],
    split: Split = "confirm",
) -> Controls:
    """Return what a result's controls answered to items of a split in the target language."""
    return {
        name: grade(items, models.answers(model, f"{split} terms in the target", items))
        for name, model in controls.items()
    }


def into_target(material: Material, split: Split = "confirm") -> list[Item]:
    """Return the items of a split that are answered in the target language."""
    target = material.project.languages.target
    return [item for item in material.testset.items[split] if item.answer_language == target]


def _collapsed(
    models: ModelsUnderTest, material: Material, subject: EvaluatedModel
) -> tuple[ValidityMark, ...]:
    """Return the marks of free answers that fall apart, against G's to the same questions."""
    of_subject, of_recipient = (
        written_terms(models, material, model) for model in (subject, models.parents["G"])
    )
    target = material.project.languages.target
    return collapse(subject.name, of_subject, of_recipient, target)


def measured_part(record: MeasureResult, terms: tuple[TermOutcome, ...] = ()) -> ReportPart:
    """Return what a judged model adds to the report."""
    return ReportPart(
        points=record.points,
        scores=record.scores,
        gains=record.gains,
        specifications=record.specifications,
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
