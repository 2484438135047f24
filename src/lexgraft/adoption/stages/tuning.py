"""Stage tune: the winning merge fine-tuned on some `choose` terms, its delta merged, judged."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from lexgraft.adoption.experiment import EvaluatedModel, Experiment
from lexgraft.adoption.metrics import taught_criteria
from lexgraft.adoption.split_results import see, setting
from lexgraft.adoption.stage_records import TuningResult
from lexgraft.adoption.stages.measure import judge_stage
from lexgraft.adoption.training_data import taught_concepts, teach
from lexgraft.evaluation.general_texts import relative_change
from lexgraft.evaluation.grade import GradedItem, recognition, select
from lexgraft.evaluation.measures import FAR, SIBLINGS, TAUGHT
from lexgraft.files.file_digest import file_digest
from lexgraft.files.ownership import is_noted, note, remove_noted
from lexgraft.project import Candidate, TuneSettings, inputs_of
from lexgraft.records import Concept, Score
from lexgraft.tuning.train import MODEL
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.merge_plan import MergePlan, plan_merge

TUNED = "tuned"


def tune_stage(session: Experiment, best: EvaluatedModel, settings: TuneSettings) -> TuningResult:
    """Return what tuning the winner did to taught terms, to the others and to general ability."""
    assert best.plan is not None  # a winner is a merge
    onto = EvaluatedModel(best.name, open_checkpoint(merged_folder(session, best.plan)))
    trained = teach(session, onto, settings, session.run.path / "tuned")
    subject = tuned_subject(session, onto, trained.folder, settings)
    concepts = taught_concepts(session, settings)
    taught = frozenset(concept.id for concept in concepts)
    where = setting(session, "choose")
    before = _of(see(session, best, "choose").terms, taught)
    after = _of(see(session, subject, "choose").terms, taught)
    gate = session.project.gates.tune
    learned = taught_criteria(before, after, where, gate)
    judged = judge_stage(session, subject, "tune", gate, "tuned", learned=learned)
    return TuningResult(
        judged=judged,
        folder=trained.folder.name,
        adapter=file_digest(trained.folder),
        digest=subject.digest,
        concepts=tuple(sorted(taught)),
        steps=len(trained.losses),
        losses=trained.losses,
        taught=(*_scores(TAUGHT, best.name, before), *_scores(TAUGHT, subject.name, after)),
        others=tuple(_others(session, (best, subject), concepts)),
    )


def merged_folder(session: Experiment, plan: MergePlan) -> Path:
    """Return the folder of the winning merge, written if need be; earlier ones are removed."""
    parent = session.run.path / "merged"
    folder = parent / plan.digest[:16]
    for other in sorted(parent.iterdir()) if parent.is_dir() else ():
        if other.name != folder.name and is_noted(other, "merged", other.name):
            remove_noted(other, "merged", other.name, inputs_of(session.project))
    note(folder, "merged", folder.name)
    run_merge(plan, folder, session.progress)
    return folder


def tuned_subject(
    session: Experiment, onto: EvaluatedModel, adapter: Path, settings: TuneSettings
) -> EvaluatedModel:
    """Return the tuned delta merged onto the winner with its scale."""
    return _scaled(session, onto, adapter, settled_scale(session, onto, adapter, settings))


def settled_scale(
    session: Experiment, onto: EvaluatedModel, adapter: Path, settings: TuneSettings
) -> float:
    """Return the scale, of several the largest by which no `choose` text loses more than allowed.

    The smallest where every one does: the gate will say so, on other texts.
    """
    scales = settings.scale
    if not isinstance(scales, tuple):
        return scales
    documents = [text for _, texts in session.texts["choose"] for text in texts]
    before, allowed = session.bits(onto, "choose"), session.project.gates.tune.bits_per_byte
    for scale in sorted(scales, reverse=True)[:-1]:
        after = session.bits(_scaled(session, onto, adapter, scale), "choose")
        rises = relative_change(documents, before, after, session.project.seed).values()
        if max(rise.value for rise in rises) <= allowed:
            return scale
    return min(scales)


def _scaled(
    session: Experiment, onto: EvaluatedModel, adapter: Path, scale: float
) -> EvaluatedModel:
    whole = adapter / MODEL
    constituent = open_input_model(whole if whole.is_dir() else adapter, onto.onto, TUNED)
    candidate = Candidate("task_arithmetic", {"weight": {TUNED: scale}})
    plan = plan_merge(
        candidate,
        onto.onto,
        {TUNED: constituent},
        session.project.merge.dtype,
        session.project.seed,
    )
    return EvaluatedModel(TUNED, onto.onto, plan)


def told_apart(
    concepts: Sequence[Concept], taught: Sequence[Concept]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids of siblings of taught concepts and of far ones, none of them taught.

    Siblings share their nearest broader concept with a taught one.
    """
    kinds = {one.type for one in taught if one.type}
    known_ids = {one.id for one in taught}
    others = [concept for concept in concepts if concept.id not in known_ids]
    siblings = frozenset(one.id for one in others if one.type in kinds)
    return siblings, frozenset(one.id for one in others) - siblings


def _of(graded: Sequence[GradedItem], concepts: frozenset[str]) -> list[GradedItem]:
    return [one for one in graded if one.concept in concepts]


def _others(
    session: Experiment, subjects: Sequence[EvaluatedModel], taught: Sequence[Concept]
) -> Iterator[Score]:
    """Yield what models know of `confirm` concepts near the taught ones, and far from them."""
    siblings, far = told_apart(session.testset.concepts["confirm"], taught)
    for subject in subjects:
        terms = see(session, subject, "confirm").terms
        for name, ids in ((SIBLINGS, siblings), (FAR, far)):
            yield from _scores(name, subject.name, _of(terms, ids))


def _scores(name: str, model: str, graded: Sequence[GradedItem]) -> Iterator[Score]:
    for pair in dict.fromkeys(one.pair for one in graded):
        interval, chance = recognition(select(graded, pair=pair))
        yield interval.score(name, model, pair, chance)
