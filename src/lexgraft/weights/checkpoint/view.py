"""A checkpoint seen under other names: layers renumbered, tensors of several folders in one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry


class Origin(NamedTuple):
    """Where a tensor of a view lies: the number of the source, the tensor's name there."""

    source: int
    name: str


@dataclass(frozen=True)
class View(Checkpoint):
    """A checkpoint whose tensors are those of others, under names of its own."""

    sources: tuple[Checkpoint, ...]


def view(sources: tuple[Checkpoint, ...], origins: Mapping[str, Origin]) -> Checkpoint:
    """Return the sources' tensors under the names given; a source itself if that is all of it."""
    if len(sources) == 1 and [(n, o.name) for n, o in sorted(origins.items())] == [
        (name, name) for name in sources[0].tensors
    ]:
        return sources[0]
    tensors = {name: _entry(sources, name, origin) for name, origin in sorted(origins.items())}
    shards = tuple(dict.fromkeys(shard for source in sources for shard in source.shards))
    return View(sources[0].folder, tensors, shards, sources)


def folders(checkpoint: Checkpoint) -> tuple[Checkpoint, ...]:
    """Return the checkpoints on disk that a checkpoint is made of."""
    return checkpoint.sources if isinstance(checkpoint, View) else (checkpoint,)


def _entry(sources: tuple[Checkpoint, ...], name: str, origin: Origin) -> TensorEntry:
    return replace(sources[origin.source].tensors[origin.name], name=name)
