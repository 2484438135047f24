"""The stages as verbs of their own, on the same records."""

from pathlib import Path

from lexgraft.adoption.generation import free_scores
from lexgraft.adoption.material import Material
from lexgraft.adoption.metrics import scores_of
from lexgraft.adoption.models_under_test import LANGUAGE, EvaluatedModel, ModelsUnderTest
from lexgraft.adoption.split_results import comparison_context, split_results
from lexgraft.errors import LexgraftError, nearest
from lexgraft.files.ownership import real_path
from lexgraft.files.run_folder import hold
from lexgraft.project import Candidate, Project, inputs_of
from lexgraft.records import Progress, Score, silent
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.merge.merge_plan import MergePlan, plan_merge


def candidate_plan(project: Project, method: str | None) -> MergePlan:
    """Return the plan of one of a project's candidates; None: the first.

    Raises:
        LexgraftError: the project has no candidate of this method.
    """
    candidates = {listed.method: listed for listed in reversed(project.merge.candidates)}
    if method is not None and method not in candidates:
        raise LexgraftError(
            f"the project has no candidate `{method}`", cure=nearest(method, candidates)
        )
    candidate = candidates[method] if method else project.merge.candidates[0]
    return ModelsUnderTest(project, Path(project.output), silent).merge_plan(candidate)


def evaluate_model(
    project: Project, model: Path, output: Path, progress: Progress = silent
) -> list[Score]:
    """Return a model's scores on the confirm concepts, everyday words and running texts."""
    with hold(output, [*inputs_of(project), model], "evaluate") as run:
        models = ModelsUnderTest(project, run.path, progress)
        material = Material(project, run.path, progress)
        subject = _subject(models, model)
        results = split_results(models, material, subject, "confirm")
        return [
            *scores_of(results, comparison_context(material, "confirm")),
            *free_scores(models, material, subject),
        ]


def _subject(models: ModelsUnderTest, model: Path) -> EvaluatedModel:
    """Return a folder or an adapter as something to ask."""
    if real_path(model) == real_path(models.base.folder):
        return EvaluatedModel(model.name, models.base)
    input_model = open_input_model(model, models.base, LANGUAGE)
    candidate = Candidate("task_arithmetic", {"weight": {LANGUAGE: 1.0}})
    dtype = models.project.merge.dtype
    plan = plan_merge(candidate, models.base, {LANGUAGE: input_model}, dtype, models.project.seed)
    return EvaluatedModel(model.name, models.base, plan)
