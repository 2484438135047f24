"""`model/`: the model that the decision says is written, with what stands beside it."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
from lexgraft.errors import LexgraftError
from lexgraft.files.ownership import note, remove_noted
from lexgraft.files.safe_json import read_json
from lexgraft.records import Progress
from lexgraft.weights.checkpoint.manifest_file import MANIFEST
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.manifest import Manifest, note_answers


def write_model(
    subject: EvaluatedModel, run: Path, inputs: Iterable[Path], progress: Progress
) -> Manifest:
    """Write a model's folder into a run's; a folder of an earlier decision makes way.

    `inputs` are files and folders that are never removed.
    """
    assert subject.plan is not None  # only merges and parents are written
    folder, plan = run / "model", subject.plan.digest
    manifest = folder / MANIFEST
    if manifest.is_file():
        earlier = _plan_of(manifest)
        if isinstance(earlier, str) and earlier != plan:
            if is_reported(run, manifest):  # of a run before there were records
                note(folder, "model", earlier)
            remove_noted(folder, "model", earlier, inputs)
    note(folder, "model", plan)
    return run_merge(subject.plan, folder, progress)


def ask_again(
    models: ModelsUnderTest, subject: EvaluatedModel, folder: Path, manifest: Manifest
) -> Manifest:
    """Return the manifest with how the written folder answers, asked unless it says so already."""
    if manifest.answers is not None:
        return manifest
    return note_answers(folder, manifest, models.answers_again(subject, folder))


def _plan_of(manifest: Path) -> object:
    """Return the digest of the plan that a manifest states.

    Raises:
        LexgraftError: it is damaged.
    """
    try:
        return read_json(manifest).get("plan")
    except LexgraftError as error:
        cure = "move the folder away: it is written again"
        raise LexgraftError(error.what, where=error.where, cure=cure) from error


def is_reported(run: Path, manifest: Path) -> bool:
    """Return whether the run's report is about the model of this manifest."""
    try:
        report = msgspec.json.decode((run / "report.json").read_bytes())
        return report["data"]["model"] == msgspec.json.decode(manifest.read_bytes())["digest"]
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
        return False
