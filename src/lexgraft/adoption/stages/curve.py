"""Stage curve: more and more concepts taught, what was learned each time and what lost."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from math import sqrt
from typing import NamedTuple

import msgspec
from msgspec import Struct

from lexgraft.adoption.cost import (
    ComputeWork,
    confirm_work,
    start_work,
    training_work,
    work_of_items,
)
from lexgraft.adoption.experiment import Experiment
from lexgraft.adoption.material import Material
from lexgraft.adoption.metrics import SplitResults, changes
from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
from lexgraft.adoption.report.report_record import CurvePoint
from lexgraft.adoption.settled_tuning import scaled, settled_tuning
from lexgraft.adoption.split_results import comparison_context, split_results
from lexgraft.adoption.stages.merge_race import RaceResult, winner
from lexgraft.adoption.stages.stage import ReportPart, Results, Stage
from lexgraft.adoption.stages.tuning import (
    TuningResult,
    siblings_and_far,
    tune_settings,
    winner_folder,
)
from lexgraft.adoption.training_data import taught_concepts, weights_tried
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.grade import GradedItem, grade, known, recognition, select
from lexgraft.evaluation.measures import AFTER, BEFORE, GAIN, LESSON_GROUPS
from lexgraft.project import Project, TuneSettings
from lexgraft.records import Score
from lexgraft.stats.paired import NONE, paired_shares

ASKED = 80  # taught concepts that are asked after a lesson


class CurveResult(Struct, frozen=True, forbid_unknown_fields=True):
    """The winner taught more and more terms."""

    lessons: tuple[CurvePoint, ...]


class Curve(Stage[CurveResult]):
    """Draws what more terms would bring, after a tuning; it has no gate."""

    name = "curve"
    record = CurveResult
    needs = ("merge", "tune")
    after_the_end = True  # it is about the tuning, whatever its verdict

    def planned(self, project: Project) -> bool:
        """Return whether the project asks for a curve."""
        return project.tune is not None and bool(project.tune.curve)

    def estimate(self, experiment: Experiment) -> tuple[ComputeWork, ...]:
        """Return the work of every lesson.

        Raises:
            LexgraftError: fewer concepts than are to be taught in one of them.
        """
        settings, testset = tune_settings(experiment.project), experiment.material.testset
        chosen = len(testset.concepts["choose"])
        if (most := max(settings.curve)) > chosen:
            fitting = sorted({min(terms, chosen) for terms in settings.curve})
            raise LexgraftError(
                f"{most} terms are to be taught, `choose` has {chosen}",
                where="tune.curve",
                cure=f"teach fewer: `tune.curve: {fitting}`, or raise `testset.choose`",
            )
        lessons = list(lesson_plans(settings, settings.curve, bare=True))
        questions = work_of_items(testset.items["choose"]).times(len(lessons) + 1)
        judged = confirm_work(testset, experiment.material.texts["confirm"], len(lessons) + 1)
        trainings = weights_tried(settings)
        learned = [
            work(one).times(trainings) for one in lessons for work in (training_work, start_work)
        ]
        return (*learned, questions, *judged)

    def runs(self, experiment: Experiment, earlier: Results) -> bool:
        """Return whether there was a tuning."""
        return earlier.find(TuningResult) is not None

    def inputs(self, experiment: Experiment, earlier: Results) -> tuple[object, ...]:
        """Return the winner."""
        return (winner(experiment.models, earlier.need(RaceResult)).digest,)

    def run(self, experiment: Experiment, earlier: Results) -> CurveResult:
        """Return a lesson per number of terms."""
        models, material = experiment.models, experiment.material
        settings, onto = tune_settings(experiment.project), winner_folder(models, earlier)
        return CurveResult(few_shot(models, material, onto, settings, settings.curve, bare=True))

    def report(self, experiment: Experiment, record: CurveResult) -> ReportPart:
        """Return the lessons."""
        return ReportPart(lessons=record.lessons)


class CurveKnowledge(NamedTuple):
    """What a model knows of taught concepts and their like, beside what is asked on `confirm`."""

    confirmed: SplitResults
    chosen: list[GradedItem]  # of `choose`


class ConceptGroups(NamedTuple):
    """The ids of concepts by what they have to do with the taught ones: see LESSON_GROUPS."""

    taught: frozenset[str]  # of more than are asked the first
    siblings: frozenset[str]
    far: frozenset[str]

    @property
    def chosen(self) -> frozenset[str]:
        """Return those asked beside `confirm`."""
        return self.taught | self.siblings


def few_shot(
    models: ModelsUnderTest,
    material: Material,
    onto: EvaluatedModel,
    settings: TuneSettings,
    counts: Sequence[int],
    *,
    bare: bool,
) -> tuple[CurvePoint, ...]:
    """Return a lesson per number of terms, and with `bare` the settings' own without replay.

    Every lesson is a tuning of its own on the same model; fewer taught concepts are among more.
    """
    plans = list(lesson_plans(settings, counts, bare=bare))
    groups = [_groups(material, plan) for plan in plans]
    before = _known(models, material, onto, frozenset().union(*(group.chosen for group in groups)))
    lessons: list[CurvePoint] = []
    for plan, group in zip(plans, groups, strict=True):
        lessons.append(_lesson(models, material, onto, _as_twin(plan, lessons), group, before))
    return tuple(sorted(lessons, key=lambda lesson: (lesson.terms, lesson.replay)))


def lesson_plans(
    settings: TuneSettings, counts: Sequence[int], *, bare: bool
) -> Iterator[TuneSettings]:
    """Yield the settings of each lesson, those of the project first.

    The steps grow with the root of the number of terms: many terms are read less often each.
    """
    replace = msgspec.structs.replace
    own_number = [settings.terms] if settings.terms in counts or bare else []
    for terms in dict.fromkeys((*own_number, *sorted(counts))):
        steps = max(1, round(settings.steps * sqrt(terms / settings.terms)))
        yield replace(settings, terms=terms, steps=steps)
        if bare and terms == settings.terms and settings.replay:
            bare_steps = max(1, round(steps * (1 - settings.replay)))
            yield replace(settings, replay=0.0, keep="replay", keep_weight=1.0, steps=bare_steps)


def group_scores(
    before: Sequence[GradedItem],
    after: Sequence[GradedItem],
    name: str,
    alpha: float,
    families: Mapping[str, str] = NONE,
) -> Iterator[Score]:
    """Yield the share known before and after, and the paired difference, per direction."""
    for pair in dict.fromkeys(item.pair for item in after):
        then, now = (select(items, pair=pair) for items in (before, after))
        for model, graded in ((BEFORE, then), (AFTER, now)):
            share, chance = recognition(graded, alpha, families)
            yield share.score(name, model, pair, chance)
        gained = paired_shares(known(then), known(now), alpha, families).difference
        yield gained.score(name, GAIN, pair)


def _as_twin(plan: TuneSettings, lessons: Sequence[CurvePoint]) -> TuneSettings:
    """Return the settings, without replay with the scale that the same terms have with it."""
    twin = next((lesson for lesson in lessons if lesson.terms == plan.terms), None)
    return msgspec.structs.replace(plan, scale=twin.scale, loss_budget=None) if twin else plan


def _lesson(
    models: ModelsUnderTest,
    material: Material,
    onto: EvaluatedModel,
    plan: TuneSettings,
    groups: ConceptGroups,
    before: CurveKnowledge,
) -> CurvePoint:
    """Return what one tuning has taught and cost."""
    settled = settled_tuning(models, material, onto, plan, models.folder / "tuned")
    label = f"{plan.terms} terms" + ("" if plan.replay else ", no replay")
    subject = scaled(models, onto, settled.trained.folder, settled.scale)
    named = EvaluatedModel(label, subject.onto, subject.plan)
    after = _known(models, material, named, groups.chosen)
    context = comparison_context(material, "confirm")
    then, now = ([*knowledge.chosen, *knowledge.confirmed.terms] for knowledge in (before, after))
    scores = (
        score
        for name, ids in zip(LESSON_GROUPS, groups, strict=True)
        for score in group_scores(
            _of(then, ids), _of(now, ids), name, context.alpha, context.families
        )
    )
    return CurvePoint(
        terms=plan.terms,
        replay=plan.replay,
        steps=len(settled.trained.losses),
        scale=settled.scale,
        known=tuple(scores),
        general=changes(after.confirmed, before.confirmed, context, models.project.gates.tune),
    )


def _groups(material: Material, plan: TuneSettings) -> ConceptGroups:
    """Return the taught concepts, the untaught ones of either split near them, and far ones."""
    concepts = material.testset.concepts
    taught = taught_concepts(material, plan)
    near, _ = siblings_and_far(concepts["choose"], taught)
    siblings, far = siblings_and_far(concepts["confirm"], taught)
    return ConceptGroups(frozenset(concept.id for concept in taught[:ASKED]), near | siblings, far)


def _known(
    models: ModelsUnderTest, material: Material, subject: EvaluatedModel, chosen: Collection[str]
) -> CurveKnowledge:
    """Return what a model knows, asked in wordings that are never trained on."""
    items = [item for item in material.testset.items["choose"] if item.concept in chosen]
    answers = models.answers(subject, "taught terms", items)
    return CurveKnowledge(
        split_results(models, material, subject, "confirm"), grade(items, answers)
    )


def _of(graded: Sequence[GradedItem], concepts: Collection[str]) -> list[GradedItem]:
    return [item for item in graded if item.concept in concepts]
