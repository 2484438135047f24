"""Stage tune: the winning merge fine-tuned on some `choose` terms, its delta merged, judged."""

import shutil
from pathlib import Path

from lexgraft.adopt.asking import see, setting
from lexgraft.adopt.findings import taught_criteria
from lexgraft.adopt.judging import judge_stage
from lexgraft.adopt.session import Session, Subject
from lexgraft.adopt.stages import TuneFound
from lexgraft.checkpoint.constituent import open_constituent
from lexgraft.checkpoint.index import open_checkpoint
from lexgraft.errors import UserError
from lexgraft.evaluate.grade import Graded, recognition, select
from lexgraft.lock import file_digest
from lexgraft.merge.blocks import run_merge
from lexgraft.merge.plan import MergePlan, plan_merge
from lexgraft.project import Candidate, Form, Project, Tune
from lexgraft.records import Concept, Score, digest
from lexgraft.tune.examples import Example, mix_replay, read_wordings, repeat, term_examples
from lexgraft.tune.train import Recipe, Trained, train

TUNED = "tuned"
TAUGHT = "trained terms"


def tune_stage(session: Session, best: Subject, settings: Tune) -> TuneFound:
    """Return what tuning the winner did to taught terms, to the others and to general ability."""
    assert best.plan is not None  # a winner is a merge
    onto = Subject(best.name, open_checkpoint(merged_folder(session, best.plan)))
    trained = teach(session, onto, settings, session.run.path / "tuned")
    subject = tuned_subject(session, onto, trained.folder, settings)
    taught = frozenset(one.id for one in taught_concepts(session, settings))
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
        taught=(*_taught_scores(best.name, before), *_taught_scores(subject.name, after)),
    )


def merged_folder(session: Session, plan: MergePlan) -> Path:
    """Return the folder of the winning merge, written if need be; older ones are removed."""
    parent = session.run.path / "merged"
    folder = parent / plan.digest[:16]
    for other in sorted(parent.iterdir()) if parent.is_dir() else ():
        if other.name.partition(".")[0] != folder.name and other.is_dir():
            shutil.rmtree(other)
    parent.mkdir(parents=True, exist_ok=True)
    run_merge(plan, folder, session.progress)
    return folder


def teach(session: Session, onto: Subject, settings: Tune, parent: Path) -> Trained:
    """Return the adapter that the taught concepts have made on a model."""
    examples = training_examples(session, settings)
    recipe = Recipe(
        rank=settings.rank,
        alpha=2.0 * settings.rank,
        learning_rate=settings.learning_rate,
        batch=settings.batch,
        seed=session.project.seed,
        dtype="float32",
    )
    wording = digest(*(read_wordings(one) for one in _languages(session.project)))
    model = session.live(onto)
    return train(
        model.module,
        model.encode,
        examples,
        recipe,
        parent / digest(onto.digest, recipe, *examples)[:16],
        base_digest=onto.digest,
        base_name=onto.onto.folder.name,
        wording=wording,
        threads=session.project.limits.threads,
        progress=session.progress,
    )


def tuned_subject(session: Session, onto: Subject, adapter: Path, settings: Tune) -> Subject:
    """Return the tuned delta merged onto the winner with its scale."""
    constituent = open_constituent(adapter, onto.onto, TUNED)
    candidate = Candidate("task_arithmetic", {"weight": {TUNED: settings.scale}})
    plan = plan_merge(
        candidate,
        onto.onto,
        {TUNED: constituent},
        session.project.merge.dtype,
        session.project.seed,
    )
    return Subject(TUNED, onto.onto, plan)


def taught_concepts(session: Session, settings: Tune) -> list[Concept]:
    """Return the `choose` concepts that are taught, by a keyed hash.

    Raises:
        UserError: there are fewer than are to be taught.
    """
    seed = session.project.seed
    chosen = sorted(
        session.testset.concepts["choose"], key=lambda one: digest(seed, "teach", one.id)
    )
    if len(chosen) < settings.terms:
        raise UserError(
            f"{settings.terms} terms are to be taught, `choose` has {len(chosen)}",
            where="tune.terms",
            cure="raise testset.choose, or teach fewer",
        )
    return chosen[: settings.terms]


def training_examples(session: Session, settings: Tune) -> list[Example]:
    """Return as many examples as the steps take: terms in many wordings, with broad replay."""
    project, concepts = session.project, session.testset.concepts
    examples = term_examples(
        taught_concepts(session, settings),
        _forms(project),
        {one: read_wordings(one) for one in _languages(project)},
        protected=[*concepts["confirm"], *concepts["sealed"]],
        seed=project.seed,
    )
    wanted = settings.steps * settings.batch
    terms = repeat(examples, round(wanted * (1 - settings.replay)))
    return repeat(mix_replay(terms, session.replay, settings.replay, project.seed), wanted)


def _forms(project: Project) -> list[Form]:
    """Return the forms of the test, and the plain translation into the target language."""
    languages = project.languages
    return list(
        dict.fromkeys(
            (*project.testset.forms, Form("term-to-term", languages.domain, languages.target))
        )
    )


def _languages(project: Project) -> list[str]:
    return list(dict.fromkeys((project.languages.domain, project.languages.target)))


def _of(graded: list[Graded], concepts: frozenset[str]) -> list[Graded]:
    return [one for one in graded if one.concept in concepts]


def _taught_scores(model: str, graded: list[Graded]) -> list[Score]:
    found: list[Score] = []
    for pair in dict.fromkeys(one.pair for one in graded):
        interval, chance = recognition(select(graded, pair=pair))
        found.append(interval.score(TAUGHT, model, pair, chance))
    return found
