"""The few-shot curve: more and more concepts taught, what was learned each time and what lost."""

from collections.abc import Collection, Iterator, Sequence
from math import sqrt
from typing import NamedTuple

import msgspec

from lexgraft.adoption.experiment import EvaluatedModel, Experiment
from lexgraft.adoption.metrics import SplitResults, changes
from lexgraft.adoption.report.report_record import CurvePoint
from lexgraft.adoption.split_results import see, setting
from lexgraft.adoption.stages.tuning import settled_scale, told_apart, tuned_subject
from lexgraft.adoption.training_data import taught_concepts, teach
from lexgraft.evaluation.grade import GradedItem, grade, known, recognition, select
from lexgraft.evaluation.measures import AFTER, BEFORE, GAIN, LESSON_GROUPS
from lexgraft.project import TuneSettings
from lexgraft.records import Score
from lexgraft.stats.intervals import paired_shares

ASKED = 80  # taught concepts that are asked after a lesson


class CurveKnowledge(NamedTuple):
    """What a model knows of taught concepts and their like, beside what is asked on `confirm`."""

    seen: SplitResults
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
    session: Experiment,
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
    groups = [_groups(session, plan) for plan in plans]
    before = _known(session, onto, frozenset().union(*(one.chosen for one in groups)))
    found: list[CurvePoint] = []
    for plan, group in zip(plans, groups, strict=True):
        found.append(_lesson(session, onto, _as_twin(plan, found), group, before))
    return tuple(sorted(found, key=lambda one: (one.terms, one.replay)))


def lesson_plans(
    settings: TuneSettings, counts: Sequence[int], *, bare: bool
) -> Iterator[TuneSettings]:
    """Yield the settings of each lesson, those of the project first.

    The steps grow with the root of the number of terms: many terms are read less often each.
    """
    replace = msgspec.structs.replace
    own = [settings.terms] if settings.terms in counts or bare else []
    for terms in dict.fromkeys((*own, *sorted(counts))):
        steps = max(1, round(settings.steps * sqrt(terms / settings.terms)))
        yield replace(settings, terms=terms, steps=steps)
        if bare and terms == settings.terms and settings.replay:
            yield replace(settings, replay=0.0, steps=max(1, round(steps * (1 - settings.replay))))


def group_scores(
    before: Sequence[GradedItem], after: Sequence[GradedItem], name: str, alpha: float
) -> Iterator[Score]:
    """Yield the share known before and after, and the paired difference, per direction."""
    for pair in dict.fromkeys(one.pair for one in after):
        then, now = (select(one, pair=pair) for one in (before, after))
        for model, graded in ((BEFORE, then), (AFTER, now)):
            found, chance = recognition(graded, alpha)
            yield found.score(name, model, pair, chance)
        gained = paired_shares(known(then), known(now), alpha).difference
        yield gained.score(name, GAIN, pair)


def _as_twin(plan: TuneSettings, found: Sequence[CurvePoint]) -> TuneSettings:
    """Return the settings, without replay with the scale that the same terms have with it."""
    twin = next((one for one in found if one.terms == plan.terms), None)
    return msgspec.structs.replace(plan, scale=twin.scale) if twin else plan


def _lesson(
    session: Experiment,
    onto: EvaluatedModel,
    plan: TuneSettings,
    groups: ConceptGroups,
    before: CurveKnowledge,
) -> CurvePoint:
    """Return what one tuning has taught and cost."""
    trained = teach(session, onto, plan, session.run.path / "tuned")
    label = f"{plan.terms} terms" + ("" if plan.replay else ", no replay")
    scale = settled_scale(session, onto, trained.folder, plan)
    plan = msgspec.structs.replace(plan, scale=scale)
    subject = tuned_subject(session, onto, trained.folder, plan)
    named = EvaluatedModel(label, subject.onto, subject.plan)
    after = _known(session, named, groups.chosen)
    where = setting(session, "confirm")
    then, now = ([*one.chosen, *one.seen.terms] for one in (before, after))
    scores = (
        score
        for name, ids in zip(LESSON_GROUPS, groups, strict=True)
        for score in group_scores(_of(then, ids), _of(now, ids), name, where.alpha)
    )
    return CurvePoint(
        terms=plan.terms,
        replay=plan.replay,
        steps=len(trained.losses),
        scale=scale,
        known=tuple(scores),
        general=changes(after.seen, before.seen, where, session.project.gates.tune),
    )


def _groups(session: Experiment, plan: TuneSettings) -> ConceptGroups:
    """Return the taught concepts, the untaught ones of either split near them, and far ones."""
    concepts = session.testset.concepts
    taught = taught_concepts(session, plan)
    near, _ = told_apart(concepts["choose"], taught)
    siblings, far = told_apart(concepts["confirm"], taught)
    return ConceptGroups(frozenset(one.id for one in taught[:ASKED]), near | siblings, far)


def _known(session: Experiment, subject: EvaluatedModel, chosen: Collection[str]) -> CurveKnowledge:
    """Return what a model knows, asked in wordings that are never trained on."""
    items = [item for item in session.testset.items["choose"] if item.concept in chosen]
    answers = session.answers(subject, "taught terms", items)
    return CurveKnowledge(see(session, subject, "confirm"), grade(items, answers))


def _of(graded: Sequence[GradedItem], concepts: Collection[str]) -> list[GradedItem]:
    return [one for one in graded if one.concept in concepts]
