"""The stages as verbs of their own, on the same records."""

from pathlib import Path

from lexgraft.adoption.experiment import LANGUAGE, EvaluatedModel, Experiment
from lexgraft.adoption.generation import free_scores
from lexgraft.adoption.metrics import scores_of
from lexgraft.adoption.split_results import comparison_context, split_results
from lexgraft.errors import LexgraftError, nearest
from lexgraft.files.run_folder import RunFolder, hold
from lexgraft.project import Candidate, Project, inputs_of
from lexgraft.records import Progress, Score, silent
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.merge.merge_plan import MergePlan, plan_merge


def candidate_plan(project: Project, method: str | None) -> MergePlan:
    """Return the plan of one of a project's candidates; None: the first.

    Raises:
        LexgraftError: the project has no candidate of this method.
    """
    candidates = {one.method: one for one in reversed(project.merge.candidates)}
    if method is not None and method not in candidates:
        raise LexgraftError(
            f"the project has no candidate `{method}`", cure=nearest(method, candidates)
        )
    candidate = candidates[method] if method else project.merge.candidates[0]
    return Experiment(project, RunFolder(Path(project.output)), silent).merge_plan(candidate)


def evaluate_model(
    project: Project, model: Path, output: Path, progress: Progress = silent
) -> list[Score]:
    """Return a model's scores on the confirm concepts, everyday words and running texts."""
    with hold(output, [*inputs_of(project), model]) as run:
        experiment = Experiment(project, run, progress)
        subject = _subject(experiment, model)
        seen = split_results(experiment, subject, "confirm")
        return [
            *scores_of(seen, comparison_context(experiment, "confirm")),
            *free_scores(experiment, subject),
        ]


def _subject(experiment: Experiment, model: Path) -> EvaluatedModel:
    """Return a folder or an adapter as something to ask."""
    if model.resolve() == experiment.base.folder.resolve():
        return EvaluatedModel(model.name, experiment.base)
    part = open_input_model(model, experiment.base, LANGUAGE)
    candidate = Candidate("task_arithmetic", {"weight": {LANGUAGE: 1.0}})
    dtype = experiment.project.merge.dtype
    plan = plan_merge(candidate, experiment.base, {LANGUAGE: part}, dtype, experiment.project.seed)
    return EvaluatedModel(model.name, experiment.base, plan)
