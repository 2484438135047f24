"""The stages in order: plan, headroom, merge, measure, glossary, tune; then the report."""

from pathlib import Path

from msgspec import structs

from lexgraft.adoption.decision import WrittenModel
from lexgraft.adoption.experiment import EvaluatedModel, Experiment
from lexgraft.adoption.planning import plan_stage
from lexgraft.adoption.preregistration import Declaration, declare
from lexgraft.adoption.report.report_record import Report
from lexgraft.adoption.report_builder import AdoptionState, finish, write_model
from lexgraft.adoption.stage_records import (
    AdoptionPlan,
    CurveResult,
    GlossaryResult,
    HeadroomResult,
    MeasureResult,
    RaceResult,
    SealedTestResult,
    TuningResult,
)
from lexgraft.adoption.stages.curve import few_shot
from lexgraft.adoption.stages.glossary_prompt import glossary_stage
from lexgraft.adoption.stages.headroom import headroom_stage
from lexgraft.adoption.stages.measure import judge_stage
from lexgraft.adoption.stages.merge_race import race_stage, winner
from lexgraft.adoption.stages.sealed_test import (
    SEALED,
    require_sealed,
    sealed_stage,
    was_opened_for,
)
from lexgraft.adoption.stages.tuning import merged_folder, tune_stage, tuned_subject
from lexgraft.errors import LexgraftError
from lexgraft.files.file_digest import file_digest
from lexgraft.files.run_folder import hold
from lexgraft.project import Models, Project, TuneSettings, inputs_of
from lexgraft.records import Progress, silent
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint


def run_project(
    project: Project, progress: Progress = silent, *, unseal: bool = False
) -> tuple[Report, bool]:
    """Return the report of an adoption, and whether every stage was unchanged.

    `unseal` judges the recommended model on the sealed concepts as well: once, it is recorded.

    Raises:
        LexgraftError: what stands in the way, before any model is loaded where it can be seen then.
    """
    with hold(Path(project.output), inputs_of(project)) as run:
        session = Experiment(project, run, progress)
        planned = _plan(session)
        if unseal:
            require_sealed(session)
        declared = declare(run, project.gates)
        found, best, tuned = _until_decided(session, declared, planned)
        subject = _written(session, found.decision().model, best, tuned)
        found = _sealed(session, found, subject, unseal=unseal)
        report = finish(session, found, subject, write_model(session, subject))
        return report, not session.ran


def plan_project(project: Project, progress: Progress = silent) -> AdoptionPlan:
    """Return the plan; nothing but the run's folder is written."""
    with hold(Path(project.output), inputs_of(project)) as run:
        return _plan(Experiment(project, run, progress))


def _plan(session: Experiment) -> AdoptionPlan:
    return session.stage("plan", _inputs(session), AdoptionPlan, lambda: plan_stage(session))


def _inputs(session: Experiment) -> tuple[object, ...]:
    """Return all that every stage reads: settings and the digests of files and models."""
    project = session.project
    files = [*project.terms.files, *project.general.concepts]
    files += [text.file for text in project.general.texts]
    files += project.tune.replay_texts if project.tune else ()
    constituents = [constituent.digest for constituent in session.constituents.values()]
    contents = [file_digest(Path(file)) for file in files]
    return (_settings(project), *contents, session.base.digest, *constituents)


def _settings(project: Project) -> Project:
    """Return the project without its paths: what they lead to is digested instead."""
    replace, general, tune = structs.replace, project.general, project.tune
    return replace(
        project,
        output="",
        models=Models("", "", ""),
        terms=replace(project.terms, files=()),
        general=replace(
            general,
            concepts=(),
            texts=tuple(replace(text, file="") for text in general.texts),
        ),
        tune=tune and replace(tune, replay_texts=()),
    )


def _sealed(
    session: Experiment, found: AdoptionState, subject: EvaluatedModel, *, unseal: bool
) -> AdoptionState:
    """Return the findings with those on the sealed concepts, if they are or were opened for it.

    Raises:
        LexgraftError: they are to be opened and nothing passed, or they were opened for another
            model.
    """
    if unseal and subject.digest == session.parents["G"].digest:
        raise LexgraftError(
            "no stage passed, so there is nothing to confirm: the sealed concepts stay closed",
            where=str(session.run.path),
            cure="leave --open-sealed out to see the report",
        )
    if not (unseal or was_opened_for(session, subject)):
        return found
    inputs = (*_inputs(session), subject.digest)
    record = session.stage(SEALED, inputs, SealedTestResult, lambda: sealed_stage(session, subject))
    return found._replace(sealed=record)


def _until_decided(
    session: Experiment, declared: Declaration, planned: AdoptionPlan
) -> tuple[AdoptionState, EvaluatedModel | None, EvaluatedModel | None]:
    """Return what was found, the winner and the tuned model; stop at a gate that decides."""
    project, inputs = session.project, _inputs(session)
    parents = session.stage("headroom", inputs, HeadroomResult, lambda: headroom_stage(session))
    found = AdoptionState(declared, planned, parents)
    if parents.verdict.outcome == "fail" and project.gates.stop_early:
        return found, None, None
    race = session.stage("merge", inputs, RaceResult, lambda: race_stage(session))
    best = winner(session, race)
    found = _judged(session, found._replace(race=race), best, (*inputs, best.digest))
    if project.tune and not _stops(project, found):
        return _tuned(session, found, best, project.tune, (*inputs, best.digest))
    return found, best, None


def _judged(
    session: Experiment, found: AdoptionState, best: EvaluatedModel, inputs: tuple[object, ...]
) -> AdoptionState:
    """Return the findings with the winner's measures and, unless these decide, the glossary's."""
    gates, settings = session.project.gates, session.project.glossary
    judged = session.stage(
        "measure",
        inputs,
        MeasureResult,
        lambda: judge_stage(session, best, "merge", gates.merge, "winner"),
    )
    found = found._replace(judged=judged)
    if settings is None or _stops(session.project, found):
        return found
    prompted = session.stage(
        "glossary", inputs, GlossaryResult, lambda: glossary_stage(session, best, settings)
    )
    return found._replace(glossary=prompted)


def _stops(project: Project, found: AdoptionState) -> bool:
    """Return whether the last gate ends the adoption."""
    return project.gates.stop_early and found.verdicts()[-1].outcome == "pass"


def _written(
    session: Experiment,
    model: WrittenModel,
    best: EvaluatedModel | None,
    tuned: EvaluatedModel | None,
) -> EvaluatedModel:
    """Return the model that the decision says is written."""
    models = {"recipient": session.parents["G"], "merge": best, "tuned": tuned}
    subject = models[model]
    assert subject is not None  # a model is only shipped after its stage has run
    return subject


def _tuned(
    session: Experiment,
    found: AdoptionState,
    best: EvaluatedModel,
    settings: TuneSettings,
    inputs: tuple[object, ...],
) -> tuple[AdoptionState, EvaluatedModel, EvaluatedModel]:
    record = session.stage(
        "tune", inputs, TuningResult, lambda: tune_stage(session, best, settings)
    )
    assert best.plan is not None  # a winner is a merge
    onto = EvaluatedModel(best.name, open_checkpoint(merged_folder(session, best.plan)))
    adapter = Path(session.run.path / "tuned" / record.folder)
    subject = tuned_subject(session, onto, adapter, settings)
    found = found._replace(tuned=record)
    if settings.curve:
        curve = session.stage("curve", inputs, CurveResult, lambda: _curve(session, onto, settings))
        found = found._replace(curve=curve)
    return found, best, subject


def _curve(session: Experiment, onto: EvaluatedModel, settings: TuneSettings) -> CurveResult:
    return CurveResult(few_shot(session, onto, settings, settings.curve, bare=True))
