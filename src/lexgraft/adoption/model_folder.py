"""`model/`: the model that the decision says is written, with what stands beside it."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
from lexgraft.errors import LexgraftError
from lexgraft.files.ownership import note, remove_noted
from lexgraft.files.safe_json import read_json
from lexgraft.models.answer_parity import compare_replies, renderings, replies
from lexgraft.models.folder_loading import load_tokenizer
from lexgraft.records import AnswerParity
from lexgraft.weights.checkpoint.manifest_file import MANIFEST
from lexgraft.weights.merge.manifest import Manifest, note_answers


def write_model(
    models: ModelsUnderTest, subject: EvaluatedModel, run: Path, inputs: Iterable[Path]
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
    return models.write(subject.plan, folder)


def ask_again(
    models: ModelsUnderTest, subject: EvaluatedModel, folder: Path, manifest: Manifest
) -> Manifest:
    """Return the manifest with how the written folder answers, asked unless it says so already."""
    if manifest.answers is not None:
        return manifest
    return note_answers(folder, manifest, models.with_models(_check_answers, subject, folder))


def _check_answers(models: ModelsUnderTest, subject: EvaluatedModel, folder: Path) -> AnswerParity:
    """Return how a folder with this subject's weights answers, against the live model.

    One of them is in memory at a time. The chat template is held against that of the folder
    that the tokenizer was taken from.

    Raises:
        LexgraftError: the folder cannot be loaded.
    """
    what = f"checking the answers of {folder.name}"
    models.progress(what, 0, 1)
    live = replies(models.live(subject))
    models.unload()
    again = models.load(folder, subject.digest)
    home = subject.onto.folder if subject.plan is None else subject.plan.home
    chats = tuple(renderings(load_tokenizer(source)) for source in (home, folder))
    parity = compare_replies(live, replies(again, live.rows), chats)
    models.progress(what, 1, 1)
    return parity


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
