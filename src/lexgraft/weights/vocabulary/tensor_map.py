"""Where another model keeps the tensors of the base, its vocabulary's among them."""

from collections.abc import Mapping

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.checkpoint.tensor_names import role_of
from lexgraft.weights.vocabulary.new_rows import stated_size, vocabulary_tensors


def sources_of(base: Checkpoint, checkpoint: Checkpoint) -> dict[str, TensorEntry]:
    """Return where the other model has each vocabulary tensor; a tied head is its embedding."""
    base_names = vocabulary_tensors(base, stated_size(base))
    names = vocabulary_tensors(checkpoint, stated_size(checkpoint))
    embedding = next(name for name in names if role_of(name) == "embedding")
    sources = {
        name: checkpoint.tensors[name if name in names else embedding]
        for name in base_names
        if name in names or (role_of(name) == "head" and len(base.tensors[name].shape) > 1)
    }
    for name in (*base_names, *names):
        if name not in sources:
            raise LexgraftError(
                f"`{name}` is a tensor of its own in one model and tied in the other",
                where=str(checkpoint.folder),
                cure="take the model with the separate output head as the base",
            )
    return sources


def check_rest(
    base: Checkpoint, checkpoint: Checkpoint, sources: Mapping[str, TensorEntry]
) -> None:
    """Raise where the models differ in more than their vocabulary."""
    base_only = {name for name in base.tensors if name not in sources}
    extra = {name for name in checkpoint.tensors if name not in sources}
    for name in sorted(base_only ^ extra):
        side = "base" if name in extra else "model"
        raise LexgraftError(
            f"tensor `{name}` is missing in the {side}", where=str(checkpoint.folder)
        )
    for name, entry in base.tensors.items():
        entry_there = sources.get(name) or checkpoint.tensors[name]
        skip = 1 if name in sources else 0
        if entry_there.shape[skip:] != entry.shape[skip:]:
            raise LexgraftError(
                f"tensor `{name}` is {entry_there.shape}, in the base {entry.shape}",
                where=str(checkpoint.folder),
                cure="models of other widths or depths cannot be merged",
            )
