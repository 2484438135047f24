"""A fine-tune's tensors brought to those of its base: what may be missing, and what is left out."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from lexgraft.errors import LexgraftError
from lexgraft.files.safe_json import read_json
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.checkpoint.layer_stack import LayerStack, stack_of
from lexgraft.weights.checkpoint.tied_head import embeddings_of, own_head, stated_tie, stored_head
from lexgraft.weights.checkpoint.view import Origin, view

_BUFFER = re.compile(r"rotary_emb\.inv_freq$")  # every loader computes it again
_AHEAD = "multi-token prediction"


class MatchedTensors(NamedTuple):
    """A model with exactly the tensors of its base, and what was done for that."""

    checkpoint: Checkpoint
    notes: tuple[str, ...]


def spare(stack: LayerStack, name: str) -> str | None:
    """Return why a model may lack a tensor: a buffer, or a layer that training leaves behind."""
    if _BUFFER.search(name):
        return "computed again by every loader"
    return _AHEAD if stack.tower_of(name) == "mtp" else None


def matched(model: Checkpoint, base: Checkpoint, label: str) -> MatchedTensors:
    """Return a model's tensors under the names of the base's.

    What training leaves behind (MTP layers, buffers) is the base's where the model lacks it, and
    left out where the base does. A head that only repeats tied embeddings is no tensor of its
    own; where the base has one of its own and the model ties it, the model's is its embeddings.

    Raises:
        LexgraftError: any other tensor that one of them lacks, or a head of its own on a tied base.
    """
    known, config = config_of(base.folder), config_of(model.folder)
    own, tied = own_head(model, config), own_head(base, known) is None
    if own is not None and tied and stated_tie(known) is not False:
        raise _untied(own, model, base)
    if model.tensors.keys() == base.tensors.keys():
        return MatchedTensors(model, ())
    of_base, of_model = stack_of(base.tensors, known), stack_of(model.tensors, config)
    extra = [name for name in model.tensors if name not in base.tensors]
    lacking = [name for name in base.tensors if name not in model.tensors]
    head, embeddings = stored_head(base), embeddings_of(model, config)
    origins = {name: Origin(0, name) for name in base.tensors if name in model.tensors}
    unlike: list[str] = []
    for name in lacking:
        if spare(of_base, name) or (name == head and tied):
            origins[name] = Origin(1, name)
        elif name == head and embeddings is not None and stated_tie(config) is not False:
            origins[name] = Origin(0, embeddings)
        else:
            unlike.append(name)
    copied = stored_head(model) if own is None else None
    unlike += [name for name in extra if not (spare(of_model, name) or name == copied)]
    if unlike:
        raise _unlike(unlike, model, base)
    sources = (model, base) if any(origin.source for origin in origins.values()) else (model,)
    notes = (*copied_notes(lacking, of_base, label), *left_out_notes(extra, of_model, label))
    return MatchedTensors(view(sources, origins), notes)


def copied_notes(names: Iterable[str], stack: LayerStack, label: str) -> tuple[str, ...]:
    """Return what to say of tensors that a model lacks and that are the base's."""
    return tuple(_said(names, stack, f"copied from the base, since `{label}` lacks it"))


def left_out_notes(names: Iterable[str], stack: LayerStack, label: str) -> tuple[str, ...]:
    """Return what to say of tensors of a model that the base lacks."""
    return tuple(_said(names, stack, f"left out of `{label}`, since the base lacks it"))


def config_of(folder: Path) -> dict[str, Any]:
    """Return a model folder's configuration; empty where there is none."""
    path = folder / "config.json"
    return read_json(path) if path.is_file() else {}


def _said(names: Iterable[str], stack: LayerStack, what: str) -> Iterator[str]:
    """Yield a sentence on the tensors of each kind that may be missing."""
    kinds: dict[str, list[str]] = {}
    for name in names:
        kind = spare(stack, name)
        if kind is not None:
            kinds.setdefault(kind, []).append(name)
    for kind, members in kinds.items():
        yield f"{what}: {members[0]} ({len(members)} so; {kind})"


def _untied(head: str, model: Checkpoint, base: Checkpoint) -> LexgraftError:
    return LexgraftError(
        f"`{head}` is a matrix of its own, and the base ties its head to the embeddings",
        where=str(model.folder),
        cure=f"merge by a recipe, which writes the head out for all and unties the result; or "
        f"take a base whose head is a matrix of its own instead of {base.folder}",
    )


def _unlike(names: list[str], model: Checkpoint, base: Checkpoint) -> LexgraftError:
    extra = sum(name in model.tensors for name in names)
    side = "base" if names[0] in model.tensors else "model"
    return LexgraftError(
        f"tensor `{names[0]}` is missing in the {side} ({extra} only in the model, "
        f"{len(names) - extra} only in the base)",
        where=str(model.folder),
        cure="all models of a merge must descend from one base",
    )
