"""Where another model keeps the tensors of the base, its vocabulary's among them."""

from collections.abc import Mapping

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.checkpoint.tensor_names import role_of
from lexgraft.weights.vocabulary.new_rows import stated_size, vocabulary_tensors


def sources_of(base: Checkpoint, other: Checkpoint) -> dict[str, TensorEntry]:
    """Return where the other model has each vocabulary tensor; a tied head is its embedding."""
    mine = vocabulary_tensors(base, stated_size(base))
    theirs = vocabulary_tensors(other, stated_size(other))
    embedding = next(name for name in theirs if role_of(name) == "embedding")
    sources = {
        name: other.tensors[name if name in theirs else embedding]
        for name in mine
        if name in theirs or (role_of(name) == "head" and len(base.tensors[name].shape) > 1)
    }
    for name in (*mine, *theirs):
        if name not in sources:
            raise LexgraftError(
                f"`{name}` is a tensor of its own in one model and tied in the other",
                where=str(other.folder),
                cure="take the model with the separate output head as the base",
            )
    return sources


def check_rest(base: Checkpoint, other: Checkpoint, sources: Mapping[str, TensorEntry]) -> None:
    """Raise where the models differ in more than their vocabulary."""
    rest = {name for name in base.tensors if name not in sources}
    extra = {name for name in other.tensors if name not in sources}
    for name in sorted(rest ^ extra):
        side = "base" if name in extra else "model"
        raise LexgraftError(f"tensor `{name}` is missing in the {side}", where=str(other.folder))
    for name, entry in base.tensors.items():
        there = sources.get(name) or other.tensors[name]
        skip = 1 if name in sources else 0
        if there.shape[skip:] != entry.shape[skip:]:
            raise LexgraftError(
                f"tensor `{name}` is {there.shape}, in the base {entry.shape}",
                where=str(other.folder),
                cure="models of other widths or depths cannot be merged",
            )
