"""Stage tune: the winning merge fine-tuned on some `choose` terms, its delta merged, judged."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from lexgraft.adopt.asking import see, setting
from lexgraft.adopt.findings import taught_criteria
from lexgraft.adopt.judging import judge_stage
from lexgraft.adopt.session import Session, Subject
from lexgraft.adopt.stages import TuneFound
from lexgraft.adopt.teaching import taught_concepts, teach
from lexgraft.checkpoint.constituent import open_constituent
from lexgraft.checkpoint.index import open_checkpoint
from lexgraft.evaluate.general import relative_change
from lexgraft.evaluate.grade import Graded, recognition, select
from lexgraft.lock import file_digest
from lexgraft.merge.blocks import run_merge
from lexgraft.merge.plan import MergePlan, plan_merge
from lexgraft.ownership import is_noted, note, remove_noted
from lexgraft.project import Candidate, Tune, inputs_of
from lexgraft.records import Concept, Score
from lexgraft.report.record import FAR, SIBLINGS, TAUGHT
from lexgraft.tune.train import MODEL

TUNED = "tuned"


def tune_stage(session: Session, best: Subject, settings: Tune) -> TuneFound:
    """Return what tuning the winner did to taught terms, to the others and to general ability."""
    assert best.plan is not None  # a winner is a merge
    onto = Subject(best.name, open_checkpoint(merged_folder(session, best.plan)))
    trained = teach(session, onto, settings, session.run.path / "tuned")
    subject = tuned_subject(session, onto, trained.folder, settings)
    concepts = taught_concepts(session, settings)
    taught = frozenset(one.id for one in concepts)
    where = setting(session, "choose")
    before = _of(see(session, best, "choose").terms, taught)
    after = _of(see(session, subject, "choose").terms, taught)
    gate = session.project.gates.tune
    learned = taught_criteria(before, after, where, gate)
    judged = judge_stage(session, subject, "tune", gate, "tuned", instead=learned)
    return TuneFound(
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


def merged_folder(session: Session, plan: MergePlan) -> Path:
    """Return the folder of the winning merge, written if need be; earlier ones are removed."""
    parent = session.run.path / "merged"
    folder = parent / plan.digest[:16]
    for other in sorted(parent.iterdir()) if parent.is_dir() else ():
        if other.name != folder.name and is_noted(other, "merged", other.name):
            remove_noted(other, "merged", other.name, inputs_of(session.project))
    note(folder, "merged", folder.name)
    run_merge(plan, folder, session.progress)
    return folder


def tuned_subject(session: Session, onto: Subject, adapter: Path, settings: Tune) -> Subject:
    """Return the tuned delta merged onto the winner with its scale."""
    return _scaled(session, onto, adapter, settled_scale(session, onto, adapter, settings))


def settled_scale(session: Session, onto: Subject, adapter: Path, settings: Tune) -> float:
    """Return the scale, of several the largest by which no `choose` text loses more than allowed.

    The smallest where every one does: the gate will say so, on other texts.
    """
    scales = settings.scale
    if not isinstance(scales, tuple):
        return scales
    documents = [one for _, texts in session.texts["choose"] for one in texts]
    before, allowed = session.bits(onto, "choose"), session.project.gates.tune.bits_per_byte
    for scale in sorted(scales, reverse=True)[:-1]:
        after = session.bits(_scaled(session, onto, adapter, scale), "choose")
        rises = relative_change(documents, before, after, session.project.seed).values()
        if max(rise.value for rise in rises) <= allowed:
            return scale
    return min(scales)


def _scaled(session: Session, onto: Subject, adapter: Path, scale: float) -> Subject:
    whole = adapter / MODEL
    constituent = open_constituent(whole if whole.is_dir() else adapter, onto.onto, TUNED)
    candidate = Candidate("task_arithmetic", {"weight": {TUNED: scale}})
    plan = plan_merge(
        candidate,
        onto.onto,
        {TUNED: constituent},
        session.project.merge.dtype,
        session.project.seed,
    )
    return Subject(TUNED, onto.onto, plan)


def told_apart(
    concepts: Sequence[Concept], taught: Sequence[Concept]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids of siblings of taught concepts and of far ones, none of them taught.

    Siblings share their nearest broader concept with a taught one.
    """
    kinds = {one.type for one in taught if one.type}
    known_ids = {one.id for one in taught}
    others = [one for one in concepts if one.id not in known_ids]
    siblings = frozenset(one.id for one in others if one.type in kinds)
    return siblings, frozenset(one.id for one in others) - siblings


def _of(graded: Sequence[Graded], concepts: frozenset[str]) -> list[Graded]:
    return [one for one in graded if one.concept in concepts]


def _others(
    session: Session, subjects: Sequence[Subject], taught: Sequence[Concept]
) -> Iterator[Score]:
    """Yield what models know of `confirm` concepts near the taught ones, and far from them."""
    siblings, far = told_apart(session.testset.concepts["confirm"], taught)
    for subject in subjects:
        terms = see(session, subject, "confirm").terms
        for name, ids in ((SIBLINGS, siblings), (FAR, far)):
            yield from _scores(name, subject.name, _of(terms, ids))


def _scores(name: str, model: str, graded: Sequence[Graded]) -> Iterator[Score]:
    for pair in dict.fromkeys(one.pair for one in graded):
        interval, chance = recognition(select(graded, pair=pair))
        yield interval.score(name, model, pair, chance)
