"""A model of another vocabulary as a constituent of a merge: its rows in the base's order."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from lexgraft.checkpoint.constituent import Constituent, read_rows, rows
from lexgraft.checkpoint.header import TensorEntry
from lexgraft.checkpoint.index import Checkpoint, open_checkpoint
from lexgraft.checkpoint.names import role_of
from lexgraft.checkpoint.vocabulary.alignment import (
    VocabularyMap,
    check_map,
    check_rows,
    map_vocabularies,
)
from lexgraft.checkpoint.vocabulary.document import read_document
from lexgraft.checkpoint.vocabulary.rows import gather, stated_size, vocabulary_tensors
from lexgraft.errors import UserError
from lexgraft.records import digest


@dataclass(frozen=True, kw_only=True)
class AlignedConstituent(Constituent):
    """A whole model whose vocabulary tensors are read row by row of the base's vocabulary.

    Rows of tokens that the model lacks have no delta: the base's row stays.
    """

    map: VocabularyMap
    sources: dict[str, TensorEntry]  # the base's vocabulary tensors → where this model has them

    @cached_property
    def digest(self) -> str:
        """The identity of the model's files and of the vocabulary it is seen in."""
        return digest("aligned", self.source.digest, self.map.ids.tolist())

    @property
    def held(self) -> tuple[str, ...]:
        """The tensors of the base that this model may change, sorted."""
        return tuple(self.base.tensors)

    @cached_property
    def touched(self) -> tuple[str, ...]:
        """The tensors that differ from the base; the vocabulary's are not compared beforehand."""
        others = {name for name in self.base.tensors if name not in self.sources}
        plain = Constituent(self.label, _part(self.base, others), _part(self._whole, others))
        return tuple(sorted({*plain.touched, *self.sources}))

    def stored(self, name: str) -> TensorEntry | None:
        """Return a tensor as it stands in the model's files; None: its rows are moved."""
        return None if name in self.sources else super().stored(name)

    def delta(self, name: str, start: int = 0, stop: int | None = None) -> Tensor | None:
        """Return rows [start, stop) of model minus base in float32; None: unchanged from base."""
        if name not in self.sources:
            return super().delta(name, start, stop)
        entry = self.base.tensors[name]
        stop = rows(entry) if stop is None else stop
        difference = torch.zeros(stop - start, *entry.shape[1:])
        ids = self.map.ids[start : min(stop, len(self.map.ids))]
        here = torch.from_numpy(ids >= 0).nonzero().squeeze(1)
        if len(here):
            own = gather(self.sources[name], ids[ids >= 0].tolist())
            difference[here] = own - read_rows(entry, start, start + len(ids))[here]
        return difference

    def tensor(self, name: str) -> Tensor:
        """Return the model's own tensor in float32, in the base's vocabulary."""
        if name not in self.sources:
            return super().tensor(name)
        whole = read_rows(self.base.tensors[name], 0, rows(self.base.tensors[name]))
        delta = self.delta(name)
        return whole if delta is None else whole.add_(delta)

    @property
    def _whole(self) -> Checkpoint:
        assert isinstance(self.source, Checkpoint)
        return self.source


def aligned_constituent(path: Path, base: Checkpoint, label: str) -> AlignedConstituent:
    """Return a model folder of another vocabulary as a constituent in the base's vocabulary.

    The base decides the vocabulary. To merge over both vocabularies, grow the base by the other
    model's tokens first (`write_model` with it as the donor) and align to that folder.

    Raises:
        UserError: a tokenizer is missing or refused, hardly a token is shared, weights and
            tokenizer do not belong together, or the models differ in more than their vocabulary.
    """
    other = open_checkpoint(path)
    mine, theirs = read_document(base.folder), read_document(path)
    plan = map_vocabularies(mine, theirs)
    check_map(plan, mine, theirs)
    sources = sources_of(base, other)
    _check_rest(base, other, sources)
    for name, entry in sources.items():
        if len(entry.shape) > 1:
            check_rows(plan, base.tensors[name], entry)
    return AlignedConstituent(label, base, other, map=plan, sources=sources)


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
            raise UserError(
                f"`{name}` is a tensor of its own in one model and tied in the other",
                where=str(other.folder),
                cure="take the model with the separate output head as the base",
            )
    return sources


def _check_rest(base: Checkpoint, other: Checkpoint, sources: dict[str, TensorEntry]) -> None:
    """Raise where the models differ in more than their vocabulary."""
    rest = {name for name in base.tensors if name not in sources}
    extra = {name for name in other.tensors if name not in sources}
    for name in sorted(rest ^ extra):
        side = "base" if name in extra else "model"
        raise UserError(f"tensor `{name}` is missing in the {side}", where=str(other.folder))
    for name, entry in base.tensors.items():
        there = sources.get(name) or other.tensors[name]
        skip = 1 if name in sources else 0
        if there.shape[skip:] != entry.shape[skip:]:
            raise UserError(
                f"tensor `{name}` is {there.shape}, in the base {entry.shape}",
                where=str(other.folder),
                cure="models of other widths or depths cannot be merged",
            )


def _part(checkpoint: Checkpoint, names: set[str]) -> Checkpoint:
    """Return a checkpoint of some of its tensors."""
    kept = {name: entry for name, entry in checkpoint.tensors.items() if name in names}
    return Checkpoint(checkpoint.folder, kept, checkpoint.shards)
