"""A merged folder asked again: the merge in memory against what was written, model after model."""

import json
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lexgraft.errors import LexgraftError
from lexgraft.files.safe_json import read_json
from lexgraft.records import AnswerParity, Progress
from lexgraft.weights.checkpoint.assets import edited
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint, regular_file
from lexgraft.weights.merge.live_merge import result_tensors
from lexgraft.weights.merge.manifest import Manifest, note_answers
from lexgraft.weights.merge.merge_plan import MergePlan

if TYPE_CHECKING:
    from lexgraft.models.answer_parity import Replies

_WHAT = "checking answers"


def check_answers(
    plan: MergePlan, folder: Path, manifest: Manifest, progress: Progress
) -> Manifest:
    """Return the manifest with how a merged folder answers, against the same merge in memory.

    Where transformers, the memory or the architecture are lacking, the manifest says so instead.
    One model is in memory at a time.

    Raises:
        LexgraftError: the folder cannot be loaded, though the merge in memory can.
    """
    if manifest.answers is not None and not manifest.answers.left_out:
        return manifest
    progress(_WHAT, 0, 2)
    try:
        _check_means(folder)
        live, chat = _live(plan)
    except LexgraftError as error:
        return note_answers(folder, manifest, AnswerParity(left_out=error.what))
    from lexgraft.models.answer_parity import compare_replies, renderings, replies
    from lexgraft.models.folder_loading import load_tokenizer
    from lexgraft.models.transformers import TransformersModel

    progress(_WHAT, 1, 2)
    again = replies(TransformersModel.load(folder, manifest.digest, _threads()), live.rows)
    parity = compare_replies(live, again, (chat, renderings(load_tokenizer(folder))))
    progress(_WHAT, 2, 2)
    return note_answers(folder, manifest, parity)


def _check_means(folder: Path) -> None:
    """Raise where a model cannot be loaded here at all.

    Raises:
        LexgraftError: transformers is not installed, or the memory is too small.
    """
    if find_spec("transformers") is None:
        raise LexgraftError("transformers is not installed (the extra `hf`)")
    from lexgraft.evaluation.memory_check import check_free_memory, memory_needed

    # the tensors and the network made of them stand side by side for a while
    check_free_memory(memory_needed(open_checkpoint(folder), "float32", adapter=True), "cpu")


def _live(plan: MergePlan) -> "tuple[Replies, tuple[str, ...] | None]":
    """Return what the merge in memory makes of the prompts, and how its chat template writes.

    Its configuration is the one the result's is made from, not the file that was written.
    """
    from lexgraft.models.answer_parity import renderings, replies
    from lexgraft.models.folder_loading import load_tokenizer, network_of_tensors
    from lexgraft.models.transformers import TransformersModel

    assets = plan.assets
    home, tokens = (assets.config, assets.tokenizer) if assets else (plan.home, plan.home)
    config = read_json(regular_file(home, "config.json"))
    settings = edited(config, assets.edits if assets else plan.edits)
    with TemporaryDirectory(prefix="lexgraft") as place:
        (Path(place) / "config.json").write_text(json.dumps(settings), encoding="utf-8")
        network = network_of_tensors(Path(place), dict(result_tensors(plan)))
    tokenizer = load_tokenizer(tokens)
    if assets is not None and assets.chat_template is not None:
        tokenizer.chat_template = assets.chat_template
    return replies(TransformersModel(network, tokenizer, "live")), renderings(tokenizer)


def _threads() -> int:
    import torch

    return torch.get_num_threads()
