"""What becomes of the base's head in a result: a matrix of its own, or left out as a repetition."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.checkpoint.input_model import InputModel
from lexgraft.weights.checkpoint.lora_adapter import Adapter
from lexgraft.weights.checkpoint.matched_tensors import config_of
from lexgraft.weights.checkpoint.tied_head import own_head, stated_tie, stored_head, untying
from lexgraft.weights.checkpoint.view import Origin, view


class HeadOfResult(NamedTuple):
    """The base with or without its head, what its configuration must then say, and why."""

    base: Checkpoint
    edits: Mapping[str, Any]
    notes: tuple[str, ...]


def head_of_result(base: Checkpoint, models: Sequence[InputModel]) -> HeadOfResult:
    """Return the base as the result has its head.

    Tied embeddings that a file repeats as a head are merged once: two merges of them could
    differ, by chance or by a threshold. A head that differs from the embeddings, or that an
    adapter changes, is one of its own, and the configuration then ties nothing.
    """
    config, head = config_of(base.folder), stored_head(base)
    adapters = [m for model in models for m in (model.source, model.adapter)]
    changed = any(isinstance(a, Adapter) and head in a.factors for a in adapters)
    if head is None or not stated_tie(config):
        return HeadOfResult(base, {}, ())
    if changed or own_head(base, config) is not None:
        said = f"`{head}` differs from the embeddings: the configuration of the result unties them"
        return HeadOfResult(base, untying(config), (said,))
    return HeadOfResult(without(base, head), {}, (repetition(head),))


def without(checkpoint: Checkpoint, head: str) -> Checkpoint:
    """Return a checkpoint without its head."""
    names = (name for name in checkpoint.tensors if name != head)
    return view((checkpoint,), {name: Origin(0, name) for name in names})


def repetition(head: str) -> str:
    """Return what to say of a head that is left out."""
    return f"left out: {head}, which repeats the embeddings that the configuration ties it to"
