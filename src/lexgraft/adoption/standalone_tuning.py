"""`lexgraft tune`: the project's language model taught without an adoption around it."""

from contextlib import ExitStack
from pathlib import Path

import msgspec
from msgspec import Struct

from lexgraft import __version__
from lexgraft.adoption.material import Material
from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
from lexgraft.adoption.report import write_report
from lexgraft.adoption.report.report_record import CurvePoint, Report
from lexgraft.adoption.settled_tuning import scaled, settled_scale, settled_tuning
from lexgraft.adoption.stages.curve import few_shot
from lexgraft.adoption.stages.tuning import recipient_folder
from lexgraft.adoption.training_data import (
    TrainingPlan,
    assignment,
    carry_out,
    reading,
    refuse_unfitting,
)
from lexgraft.errors import LexgraftError
from lexgraft.files.run_folder import hold
from lexgraft.models.answer_parity import compare_replies, replies
from lexgraft.models.transformers import TransformersModel
from lexgraft.project import Project, TuneSettings, inputs_of
from lexgraft.records import SAME_LOGITS, Progress, silent, write_bytes
from lexgraft.tuning.logit_comparison import is_tied, largest_difference
from lexgraft.tuning.process_group import ProcessGroup, joined_processes
from lexgraft.tuning.train import TrainingResult
from lexgraft.tuning.training_examples import openings_of
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.manifest import note_answers

HANDED = "assignment.json"
TRIED = ("learning_rate", "keep_weight")  # settings of which one value is chosen
CHECKED = 4  # texts per language by which they are compared
CURVE = {
    "en": "What the language model learns of more and more terms, and what it loses by it.",
    "ja": "教える用語を増やすと言語モデルが何を覚え、何を失うか。",
}


class MergedTuning(Struct, frozen=True):
    """A tuned model as a folder of its own, and how far its logits are from the live one's."""

    folder: Path
    scale: float  # how much of what was learned is merged
    apart: float
    tied: bool


def tune_language_model(
    project: Project, output: Path, progress: Progress = silent
) -> TrainingResult:
    """Return what teaching `choose` terms to the language model has made.

    Started by `torchrun`, every process takes a part of each batch.

    Raises:
        LexgraftError: the project has no `tune` section.
    """
    settings = _settings(project)
    with joined_processes() as group, ExitStack() as held:
        several = [key for key in TRIED if isinstance(getattr(settings, key), tuple)]
        if group.size > 1 and several:
            raise LexgraftError(
                "several values are tried in one process",
                where=f"tune.{several[0]}",
                cure="find the best without torchrun, then name it",
            )
        if not group.first:
            group.wait()
            return _join(output, group)
        run = held.enter_context(hold(output, inputs_of(project), "tune"))
        models = ModelsUnderTest(project, run.path, progress)
        material = Material(project, run.path, progress)
        _ = material.testset  # what it refuses comes before a model is written
        refuse_unfitting(settings, measured=bool(material.texts["choose"]))
        onto = recipient_folder(models)
        if group.size == 1:
            return settled_tuning(models, material, onto, settings, output / "tuned").trained
        return _lead(models, material, onto, settings, group)


def draw_curve(project: Project, output: Path, progress: Progress = silent) -> Report:
    """Return a report with the few-shot curve of the language model, written as a page as well.

    The project's own number of terms is also taught without replay, to show what replay is for.

    Raises:
        LexgraftError: the project has no `tune` section, or `tune.curve` names no numbers.
    """
    settings = _settings(project)
    if not settings.curve:
        raise LexgraftError("no numbers of terms", where="tune.curve", cure="e.g. [10, 50, 200]")
    with hold(output, inputs_of(project), "tune") as run:
        models = ModelsUnderTest(project, run.path, progress)
        material = Material(project, run.path, progress)
        _ = material.testset  # what it refuses comes before a model is written
        refuse_unfitting(settings, measured=bool(material.texts["choose"]))
        lessons = few_shot(
            models, material, recipient_folder(models), settings, settings.curve, bare=True
        )
        report = _report(material, lessons)
        write_report(report, output)
        return report


def write_merged(
    project: Project,
    trained: TrainingResult,
    output: Path,
    merged: Path,
    progress: Progress = silent,
) -> MergedTuning:
    """Return the folder of the language model with what it was taught, written and read again.

    Raises:
        LexgraftError: the folder gives other logits than the live merge, or lost its tied head.
    """
    settings = _settings(project)
    with hold(output, inputs_of(project), "tune") as run:
        models = ModelsUnderTest(project, run.path, progress)
        material = Material(project, run.path, progress)
        onto = recipient_folder(models)
        scale = settled_scale(models, material, onto, trained.folder, settings)
        subject = scaled(models, onto, trained.folder, scale)
        assert subject.plan is not None  # it is onto a folder
        manifest = run_merge(subject.plan, merged, progress)
        live = models.live(subject)
        again = models.load(merged, subject.digest)
        texts = [openings_of(language) for language in _languages(project)]
        rows = [live.encode(text) for openings in texts for text in openings[:CHECKED]]
        largest = largest_difference(live.module, again.module, rows)
        tied = is_tied(again.module)
        spoken = replies(live)
        parity = compare_replies(spoken, replies(again, spoken.rows))
        note_answers(merged, manifest, parity)
    if largest > SAME_LOGITS or not parity.agrees or tied != is_tied(live.module):
        raise LexgraftError(
            f"the merged model's logits are {largest:.2g} away from the live one's; {parity}",
            where=str(merged),
            cure="do not use this folder; report the model's architecture",
        )
    return MergedTuning(merged, scale, largest, tied)


def _settings(project: Project) -> TuneSettings:
    if project.tune is None:
        raise LexgraftError("the project has no `tune` section", cure="add one")
    return project.tune


def _languages(project: Project) -> tuple[str, ...]:
    return tuple(dict.fromkeys((project.languages.target, project.languages.domain)))


def _lead(
    models: ModelsUnderTest,
    material: Material,
    onto: EvaluatedModel,
    settings: TuneSettings,
    group: ProcessGroup,
) -> TrainingResult:
    """Hand the training to the other processes and take part in it."""
    read = reading(models, material, onto, settings)
    plan = assignment(models, onto, settings, read, models.folder / "tuned")
    write_bytes(models.folder / HANDED, msgspec.json.encode(plan))
    group.wait()
    return carry_out(plan, models.live(onto), models.progress, group)


def _join(output: Path, group: ProcessGroup) -> TrainingResult:
    """Take part in a training that another process has prepared."""
    plan = msgspec.json.decode((output / HANDED).read_bytes(), type=TrainingPlan)
    model = TransformersModel.load(Path(plan.folder), plan.digest, plan.threads)
    return carry_out(plan, model, silent, group)


def _report(material: Material, lessons: tuple[CurvePoint, ...]) -> Report:
    """Return a report of a tuning by itself."""
    project = material.project
    return Report(
        project=project.name,
        version=__version__,
        target=project.languages.target,
        domain=project.languages.domain,
        recommendation=CURVE,
        result="G",
        lessons=lessons,
        concepts={split: len(group) for split, group in material.testset.concepts.items()},
        items=sum(len(items) for items in material.testset.items.values()),
        controls=material.testset.audit,
        seed=project.seed,
        alpha=project.gates.alpha,
        data={"testset": material.testset.digest},
        warnings=tuple(material.testset.rights.spoken()),
    )
