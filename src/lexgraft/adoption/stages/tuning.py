"""Stage tune: the winning merge fine-tuned on some `choose` terms, its delta merged, judged."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import sqrt
from pathlib import Path

from msgspec import Struct, structs

from lexgraft.adoption.cost import (
    ComputeWork,
    confirm_work,
    free_answer_work,
    start_work,
    training_work,
    work_of_items,
    work_of_texts,
)
from lexgraft.adoption.data_sources import count_sources, rights_of
from lexgraft.adoption.experiment import Experiment
from lexgraft.adoption.gains import donor_criteria, taught_criteria
from lexgraft.adoption.looks import level_in_family, planned_level
from lexgraft.adoption.material import Material
from lexgraft.adoption.metrics import ComparisonContext
from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
from lexgraft.adoption.report.report_record import (
    NOTHING_KEPT,
    DataSource,
    HeldTuning,
    TuningSummary,
)
from lexgraft.adoption.settled_tuning import scaled, settled_tuning
from lexgraft.adoption.split_results import (
    comparison_context,
    judged_concepts,
    split_results,
)
from lexgraft.adoption.spreads import Spreads, ability_requirements
from lexgraft.adoption.stages.measure import (
    Controls,
    MeasureResult,
    asked_controls,
    into_target,
    measured,
    measured_part,
)
from lexgraft.adoption.stages.merge_race import RaceResult, winner
from lexgraft.adoption.stages.stage import ReportPart, Results, Stage
from lexgraft.adoption.training_data import (
    refuse_unfitting,
    taught_concepts,
    taught_texts,
    teach,
    weights_tried,
)
from lexgraft.adoption.validity import ValidityMark
from lexgraft.adoption.walk_back import USUAL_STEPS
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.grade import GradedItem, recognition, select
from lexgraft.evaluation.measures import (
    DONOR_GAIN,
    FAR,
    RECIPIENT_TUNED,
    SIBLINGS,
    TAUGHT,
    TAUGHT_GAIN,
)
from lexgraft.files.file_digest import file_digest
from lexgraft.files.ownership import is_noted, note, remove_noted
from lexgraft.project import Project, TuneGate, TuneSettings, inputs_of
from lexgraft.records import Concept, Criterion, Score, Verdict
from lexgraft.stats.gate_power import Requirement
from lexgraft.tuning.teacher_chances import DistilledLessons
from lexgraft.tuning.training_state import check_trained
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.merge.merge_plan import MergePlan


class TuningResult(Struct, frozen=True, forbid_unknown_fields=True):
    """The tuned merge, judged, and what it was taught."""

    judged: MeasureResult
    folder: str  # of the adapter, within `tuned/`
    scale: float  # by which its delta is merged
    adapter: str  # digest of the adapter's files
    digest: str  # of the tuned model's weights
    control: str  # the same of G taught the same
    concepts: tuple[str, ...]  # taught
    steps: int
    losses: tuple[float, ...]
    taught: tuple[Score, ...]  # recognition of the taught concepts before and after
    others: tuple[Score, ...] = ()  # of their siblings and of far concepts, never taught
    keep_weight: float = 1.0  # of staying by general text
    distilled: DistilledLessons | None = None  # how many lessons the teacher was able to give


class Tuning(Stage[TuningResult]):
    """Teaches the winner what merging did not bring; its control is G taught the same."""

    name = gate = "tune"
    record = TuningResult
    needs = ("merge",)

    def planned(self, project: Project) -> bool:
        """Return whether the project has a `tune` section."""
        return project.tune is not None

    def estimate(self, experiment: Experiment) -> tuple[ComputeWork, ...]:
        """Return the work of two trainings, of the winner and of G, and of judging their models.

        Raises:
            LexgraftError: no texts to replay, and what `taught_texts` refuses.
        """
        settings, testset = tune_settings(experiment.project), experiment.material.testset
        choosing = experiment.material.texts["choose"]
        refuse_unfitting(settings, measured=bool(choosing))
        taught_texts(experiment.material, settings)
        if settings.replay and not settings.own_answers and not experiment.material.replay:
            raise LexgraftError(
                "no texts to replay",
                where="tune",
                cure="give `replay_texts`, or set `tune.replay: 0`",
            )
        trainings = weights_tried(settings)
        read = trainings * (1 + (USUAL_STEPS if settings.loss_budget else 0))
        chosen = work_of_items(testset.items["choose"]) + work_of_texts(choosing).times(read)
        return (
            training_work(settings).times(trainings + 1),
            start_work(settings).times(trainings + 1),
            chosen,
            *confirm_work(testset, experiment.material.texts["confirm"]),
            work_of_items(into_target(experiment.material), "concepts"),
            free_answer_work(experiment.project.testset, testset),
        )

    def requirements(self, experiment: Experiment, spreads: Spreads) -> tuple[Requirement, ...]:
        """Return the gain of taught terms, the lead on G taught the same, and general ability."""
        material, gates = experiment.material, experiment.project.gates
        terms, gate = tune_settings(experiment.project).terms, gates.tune
        alpha = planned_level(self.gate, gates.alpha)
        assumed, numbers = gates.assumed, judged_concepts(material)
        confirm = len(material.testset.concepts["confirm"])
        of_terms = [
            Requirement(
                TAUGHT_GAIN,
                pair,
                "mean",
                terms,
                gate.taught_gain,
                assumed.taught_gain,
                spreads.terms * sqrt(1 + terms / confirm),
                "taught concepts",
                alpha,
            )
            for pair in numbers
        ]
        of_terms += [
            Requirement(
                f"{DONOR_GAIN}, {RECIPIENT_TUNED}",
                pair,
                "mean",
                n,
                gate.donor_gain,
                assumed.donor_gain,
                spreads.terms,
                "concepts",
                alpha,
            )
            for pair, n in numbers.items()
        ]
        loss, general = assumed.general_loss, spreads.of_a_tuning()
        return (*of_terms, *ability_requirements(material, gate, general, loss, alpha))

    def inputs(self, experiment: Experiment, earlier: Results) -> tuple[object, ...]:
        """Return the winner, and the level that earlier verdicts leave."""
        level = level_in_family(self.gate, earlier.verdicts, experiment.project.gates.alpha)
        return (winner(experiment.models, earlier.need(RaceResult)).digest, level)

    def run(self, experiment: Experiment, earlier: Results) -> TuningResult:
        """Return what tuning did to taught terms, to the others and to general ability."""
        models, material = experiment.models, experiment.material
        settings, gate = tune_settings(experiment.project), experiment.project.gates.tune
        merge, onto = winner(models, earlier.need(RaceResult)), winner_folder(models, earlier)
        settled = settled_tuning(models, material, onto, settings, experiment.folder / "tuned")
        trained = settled.trained
        tuned = scaled(models, onto, trained.folder, settled.scale)
        controls = {RECIPIENT_TUNED: recipient_tuned(models, material, onto, settled.settings)}
        concepts = taught_concepts(material, settings)
        taught = frozenset(concept.id for concept in concepts)
        chosen, confirmed = (
            tuple(split_results(models, material, model, use).terms for model in (merge, tuned))
            for use in ("choose", "confirm")
        )
        before, after = (_of(answers, taught) for answers in chosen)
        asked_twice = ((merge.name, before), (tuned.name, after))
        asked = len(material.testset.concepts["confirm"])
        level = self.look(experiment, tuned.digest, asked, earlier)
        context = comparison_context(material, "confirm", level.alpha)
        learned = taught_criteria((before, after), (confirmed[0], confirmed[1]), context, gate)
        brought = asked_controls(models, controls, into_target(material))
        claims = (*learned, *_donors(confirmed[1], brought, context, gate))
        return TuningResult(
            judged=measured(models, material, tuned, claims, brought, gate, context),
            folder=trained.folder.name,
            scale=settled.scale,
            keep_weight=settled.keep_weight,
            distilled=trained.distilled,
            adapter=file_digest(trained.folder),
            digest=tuned.digest,
            control=controls[RECIPIENT_TUNED].digest,
            concepts=tuple(sorted(taught)),
            steps=len(trained.losses),
            losses=trained.losses,
            taught=tuple(s for told in asked_twice for s in _scores(TAUGHT, *told, context)),
            others=tuple(_others(models, material, (merge, tuned), concepts, context)),
        )

    def verdict(self, record: TuningResult) -> Verdict:
        """Return the verdict on the tuned model."""
        return record.judged.verdict

    def marks(self, record: TuningResult) -> tuple[ValidityMark, ...]:
        """Return the marks of the tuned model."""
        return record.judged.marks

    def report(self, experiment: Experiment, record: TuningResult) -> ReportPart:
        """Return the tuned model's findings, the training in figures and what was read."""
        edge = max(1, len(record.losses) // 10)
        return structs.replace(
            measured_part(record.judged),
            tuning=TuningSummary(
                terms=len(record.concepts),
                steps=record.steps,
                loss_first=sum(record.losses[:edge]) / edge,
                loss_last=sum(record.losses[-edge:]) / edge,
                recognition=(*record.taught, *record.others),
                held=_held(experiment.project, record),
            ),
            sources=_sources(experiment.material),
        )


def _held(project: Project, record: TuningResult) -> HeldTuning:
    """Return by what the tuning was held, and how much of it was merged."""
    counts = structs.asdict(record.distilled) if record.distilled else {}
    keep = kept_by(tune_settings(project))
    return HeldTuning(keep, record.keep_weight, record.scale, **counts)


def kept_by(settings: TuneSettings) -> str:
    """Return what the report says that a tuning was held by: nothing where nothing is replayed."""
    return settings.keep if settings.replay else NOTHING_KEPT


def _donors(
    result: Sequence[GradedItem], controls: Controls, context: ComparisonContext, gate: TuneGate
) -> list[Criterion]:
    """Return that terms never taught are known better than by G taught the same."""
    return [
        requirement
        for pair in context.targets(result)
        for requirement in donor_criteria(result, controls, pair, context, gate.donor_gain)
    ]


def tune_settings(project: Project) -> TuneSettings:
    """Return the `tune` section.

    Raises:
        LexgraftError: the project has none.
    """
    if project.tune is None:
        raise LexgraftError("the project has no `tune` section", cure="add one")
    return project.tune


def winner_folder(models: ModelsUnderTest, earlier: Results) -> EvaluatedModel:
    """Return the winning merge as a folder, which adapters are trained on."""
    merge = winner(models, earlier.need(RaceResult))
    assert merge.plan is not None  # a winner is a merge
    return EvaluatedModel(merge.name, open_checkpoint(merged_folder(models, merge.plan)))


def recipient_tuned(
    models: ModelsUnderTest,
    material: Material,
    merge: EvaluatedModel,
    settings: TuneSettings,
) -> EvaluatedModel:
    """Return the tuned merge's control: the same examples taught to G, merged by the same scale.

    `settings` have the weight and the scale of the merge's. What the merge has learned of itself
    with an entry in its prompt G learns from the term base: it need not be able to teach.
    """
    onto, by_termbase = (
        recipient_folder(models, merge),
        structs.replace(settings, targets="termbase"),
    )
    trained = teach(models, material, onto, by_termbase, models.folder / "tuned", speaker=merge)
    assert not isinstance(settings.scale, tuple)  # it is settled
    return replace(scaled(models, onto, trained.folder, settings.scale), name=RECIPIENT_TUNED)


def recipient_folder(models: ModelsUnderTest, *kept: EvaluatedModel) -> EvaluatedModel:
    """Return G as a folder, which adapters are trained on; folders of `kept` stay beside it."""
    plan = models.parents["G"].plan
    assert plan is not None  # a parent is a merge of one
    folders = [model.onto.folder.name for model in kept]
    return EvaluatedModel("G", open_checkpoint(merged_folder(models, plan, *folders)))


def tuned_winner(models: ModelsUnderTest, material: Material, earlier: Results) -> EvaluatedModel:
    """Return the tuned merge of a tuning that was found."""
    tuning = earlier.need(TuningResult)
    adapter = models.folder / "tuned" / tuning.folder
    check_trained(adapter)
    return scaled(models, winner_folder(models, earlier), adapter, tuning.scale)


def merged_folder(models: ModelsUnderTest, plan: MergePlan, *kept: str) -> Path:
    """Return the folder of a merge, written if need be; of earlier ones G's and `kept` stay."""
    parent = models.folder / "merged"
    folder, of_recipient = parent / plan.digest[:16], models.parents["G"].digest_of_plan[:16]
    for earlier in sorted(parent.iterdir()) if parent.is_dir() else ():
        if earlier.name in (folder.name, of_recipient, *kept):
            continue
        if is_noted(earlier, "merged", earlier.name):
            remove_noted(earlier, "merged", earlier.name, inputs_of(models.project))
    note(folder, "merged", folder.name)
    models.write(plan, folder)
    return folder


def siblings_and_far(
    concepts: Sequence[Concept], taught: Sequence[Concept]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids of siblings of taught concepts and of far ones, none of them taught.

    Siblings share their nearest broader concept with a taught one.
    """
    types = {concept.type for concept in taught if concept.type}
    taught_ids = {concept.id for concept in taught}
    untaught = [concept for concept in concepts if concept.id not in taught_ids]
    siblings = frozenset(concept.id for concept in untaught if concept.type in types)
    return siblings, frozenset(concept.id for concept in untaught) - siblings


def _of(graded: Sequence[GradedItem], concepts: frozenset[str]) -> list[GradedItem]:
    return [item for item in graded if item.concept in concepts]


def _others(
    models: ModelsUnderTest,
    material: Material,
    subjects: Sequence[EvaluatedModel],
    taught: Sequence[Concept],
    context: ComparisonContext,
) -> Iterator[Score]:
    """Yield what models know of `confirm` concepts near the taught ones, and far from them."""
    siblings, far = siblings_and_far(material.testset.concepts["confirm"], taught)
    for subject in subjects:
        terms = split_results(models, material, subject, "confirm").terms
        for name, ids in ((SIBLINGS, siblings), (FAR, far)):
            yield from _scores(name, subject.name, _of(terms, ids), context)


def _scores(
    name: str, model: str, graded: Sequence[GradedItem], context: ComparisonContext
) -> Iterator[Score]:
    for pair in dict.fromkeys(item.pair for item in graded):
        interval, chance = recognition(select(graded, pair=pair), context.alpha, context.families)
        yield interval.score(name, model, pair, chance)


def _sources(material: Material) -> tuple[DataSource, ...]:
    """Return what was taught and what was replayed beside it."""
    taught = taught_concepts(material, tune_settings(material.project))
    return (
        *count_sources("train", map(rights_of, taught)),
        *count_sources("replay", ((text.source, "", text.licence) for text in material.replay)),
    )
