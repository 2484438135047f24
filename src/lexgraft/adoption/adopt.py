"""An adoption: plan, then the stages in order until a gate decides; then the report."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec import structs

from lexgraft import __version__
from lexgraft.adoption.assured_numbers import with_assured_numbers
from lexgraft.adoption.chosen_stages import chosen_stages
from lexgraft.adoption.cost_record import round_costs, stage_costs
from lexgraft.adoption.experiment import Experiment, start_experiment
from lexgraft.adoption.gate_chances import refuse_hopeless
from lexgraft.adoption.looks import coming_look
from lexgraft.adoption.memory_needed import check_memory
from lexgraft.adoption.model_folder import ask_again, write_model
from lexgraft.adoption.planning import AdoptionPlan, plan_adoption, with_measured_chances
from lexgraft.adoption.preregistration import BLIND, Declaration, declare
from lexgraft.adoption.report.report_record import Report
from lexgraft.adoption.report_builder import PLAN, FinishedAdoption, finish
from lexgraft.adoption.space_needed import check_disk
from lexgraft.adoption.spreads import Spreads
from lexgraft.adoption.stages import STAGES
from lexgraft.adoption.stages.headroom import HeadroomResult
from lexgraft.adoption.stages.sealed_test import SEALED, require_sealed, written_model
from lexgraft.adoption.stages.stage import ReportPart, Results, Stage, joined_parts
from lexgraft.adoption.stopped_stage import told_in_the_report
from lexgraft.adoption.viewed_answers import judged_models, viewed_answers
from lexgraft.business import Business
from lexgraft.compute import ComputeSettings
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.cost_log import WHOLE
from lexgraft.files.checked_files import strike_off
from lexgraft.files.file_digest import file_digest
from lexgraft.files.run_folder import hold
from lexgraft.files.shipped_texts import refuse_missing
from lexgraft.models.chosen_device import Computation
from lexgraft.project import Models, Project, inputs_of
from lexgraft.records import Progress, digest, silent


def run_project(
    project: Project,
    progress: Progress = silent,
    *,
    unseal: bool = False,
    underpowered: bool = False,
    stages: Sequence[Stage[Any]] = STAGES,
) -> tuple[Report, bool]:
    """Return the report of an adoption, and whether every stage was unchanged.

    `unseal` judges the model that is written on the sealed concepts as well: once, it is recorded.
    `underpowered` runs gates that would sooner not pass though what they ask for were true.
    `stages` are all there are; the project's own `stages` says which of them run.

    Raises:
        LexgraftError: what stands in the way, before any model is loaded where it can be seen then;
            of a stage that could not end after others had, when the report of these is written.
    """
    chosen = chosen_stages(project, stages)
    with hold(Path(project.output), inputs_of(project)) as run:
        experiment = start_experiment(project, run, progress, opens_sealed=unseal)
        with closing(experiment.models), experiment.records.costs.measure(WHOLE):
            report = _adopted(experiment, chosen, underpowered=underpowered)
        return report, not experiment.records.ran


def _adopted(experiment: Experiment, stages: Sequence[Stage[Any]], *, underpowered: bool) -> Report:
    """Return the report of what was planned, asked and judged, with the model written."""
    run = experiment.records.run
    plan = _plan(experiment, stages)
    if not underpowered and not run.seen(BLIND):
        refuse_hopeless(plan.gates)
    if experiment.opens_sealed:
        _check_sealed(experiment, stages)
    declaration = declare(run, experiment.project.gates)
    gone = experiment.models.gone_answers()
    experiment.records.anew = bool(gone)
    results = run_stages(experiment, stages)
    for file in gone:
        if not file.is_file():  # an earlier round's
            strike_off(file)
    with told_in_the_report(results, run.path):
        return _finished(experiment, stages, plan, declaration, results)


def _finished(
    experiment: Experiment,
    stages: Sequence[Stage[Any]],
    plan: AdoptionPlan,
    declaration: Declaration,
    results: Results,
) -> Report:
    """Return the report of what the stages found, with the model that it recommends written."""
    project, run = experiment.project, experiment.folder
    model = written_model(experiment.models, experiment.material, results)
    manifest = write_model(experiment.models, model, run, inputs_of(project))
    manifest = ask_again(experiment.models, model, run / "model", manifest)
    adoption = FinishedAdoption(
        stages=stages,
        plan=plan,
        declaration=declaration,
        results=results,
        additions=_additions(experiment, stages, results),
        costs=stage_costs(
            experiment.records.costs,
            (PLAN, *(stage.name for stage in stages)),
            {estimate.stage: estimate.cost.seconds for estimate in plan.estimates},
        ),
        inputs=experiment.records.costs.inputs,
        rounds=round_costs(experiment.records.costs),
        digests=experiment.models.digests,
        models=judged_models(experiment.models, results) | {model.name: model.digest},
        written=model.name,
        manifest=manifest,
    )
    return finish(experiment.material, adoption, viewed_answers(experiment, results))


def run_stages(experiment: Experiment, stages: Sequence[Stage[Any]]) -> Results:
    """Return what the stages found, one after another until a gate ends the adoption.

    A stage that cannot end is named in the results, with what the ones before it have found.
    """
    results, ended = Results(), False
    read = _inputs(experiment)
    for stage in stages:
        if (ended and not stage.after_the_end) or not stage.runs(experiment, results):
            continue
        try:
            record = experiment.records.once(
                stage.name,
                (*read, *stage.inputs(experiment, results)),
                stage.record,
                lambda stage=stage, results=results: stage.run(experiment, results),
            )
        except LexgraftError as error:
            if not results.records:
                raise
            return results.stopped_by(stage.name, error)
        verdict = stage.verdict(record)
        if verdict is not None and verdict.outcome == "undecided":
            spreads = getattr(results.find(HeadroomResult), "spreads", Spreads())
            requirements = stage.requirements(experiment, spreads)
            alpha = experiment.project.gates.alpha
            look = coming_look(experiment.folder, verdict.stage, results.verdicts, alpha)
            verdict = with_assured_numbers(verdict, requirements, look)
        results = results.plus(stage.name, record, verdict)
        decides = verdict is not None and verdict.outcome == stage.ends_on
        ended = ended or (decides and experiment.project.gates.stop_early)
    return results


def _additions(
    experiment: Experiment, stages: Sequence[Stage[Any]], results: Results
) -> ReportPart:
    """Return what the stages that ran add to the report."""
    return joined_parts(
        [
            stage.report(experiment, results.records[stage.name])
            for stage in stages
            if stage.name in results.records
        ]
    )


def plan_project(
    project: Project, progress: Progress = silent, *, stages: Sequence[Stage[Any]] = STAGES
) -> AdoptionPlan:
    """Return the plan; nothing but the run's folder is written."""
    chosen = chosen_stages(project, stages)
    with hold(Path(project.output), inputs_of(project)) as run:
        experiment = start_experiment(project, run, progress)
        with closing(experiment.models), experiment.records.costs.measure(WHOLE):
            plan = _plan(experiment, chosen)
        return with_measured_chances(plan, experiment, chosen)


def _plan(experiment: Experiment, stages: Sequence[Stage[Any]]) -> AdoptionPlan:
    price = experiment.project.business.machine_price
    read = _inputs(experiment)
    experiment.records.costs.inputs = digest(__version__, *read)
    inputs = (*read, *(stage.name for stage in stages), price)
    plan = experiment.records.once(
        PLAN, inputs, AdoptionPlan, lambda: plan_adoption(experiment, stages)
    )
    check_memory(experiment)
    check_disk(experiment, plan, [stage.name for stage in stages])
    return plan


def _check_sealed(experiment: Experiment, stages: Sequence[Stage[Any]]) -> None:
    """Refuse to open sealed concepts where there are none, or no stage that would ask them."""
    if all(stage.name != SEALED for stage in stages):
        raise LexgraftError(
            "the sealed concepts are to be opened, and `stages` leaves that stage out",
            where="stages",
            cure=f"add `{SEALED}`",
        )
    require_sealed(experiment.material)


def _inputs(experiment: Experiment) -> tuple[object, ...]:
    """Return all that every stage reads: settings and the digests of files and models."""
    project, trained_on = experiment.project, experiment.project.models.trained_on
    for text in project.general.texts:
        refuse_missing(Path(text.file))
    files = [*project.terms.files, *project.general.concepts]
    files += [text.file for text in project.general.texts]
    files += project.tune.replay_texts if project.tune else ()
    files += [file for role in sorted(trained_on) for file in trained_on[role]]
    files += project.plugins
    models = experiment.models.digests.values()
    contents = [file_digest(Path(file)) for file in files]
    frame = experiment.models.frame
    return (_settings(project, experiment.models.computation), frame, *contents, *models)


def _settings(project: Project, computation: Computation) -> Project:
    """Return the project on one kind of device, without its paths: what they lead to is digested.

    Nor with the choice of stages, nor with prices, threads and memory: what one finds does not
    depend on them.
    """
    replace, general, tune = structs.replace, project.general, project.tune
    return replace(
        project,
        output="",
        compute=ComputeSettings(computation.kind, computation.dtype),
        stages=None,
        business=Business(),
        plugins=(),
        models=Models("", "", ""),
        terms=replace(project.terms, files=()),
        general=replace(
            general,
            concepts=(),
            texts=tuple(replace(text, file="") for text in general.texts),
        ),
        tune=tune and replace(tune, replay_texts=()),
    )
