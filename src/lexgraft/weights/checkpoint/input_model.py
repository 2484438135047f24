"""A model as a delta of the base: a folder of safetensors, a LoRA adapter, or one on the other."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.arrays.shapes import Float32
from lexgraft.errors import LexgraftError
from lexgraft.files.model_files import CONFIG, INDEX, SINGLE
from lexgraft.files.safe_json import read_json
from lexgraft.records import digest
from lexgraft.weights.checkpoint.checkpoint_index import (
    Checkpoint,
    Shard,
    has_file,
    regular_file,
)
from lexgraft.weights.checkpoint.config_check import check_folders
from lexgraft.weights.checkpoint.full_precision import open_full_precision
from lexgraft.weights.checkpoint.lora_adapter import Adapter, Factors, open_adapter
from lexgraft.weights.checkpoint.matched_tensors import matched
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.checkpoint.tensor_digests import content_digest
from lexgraft.weights.checkpoint.tensor_reading import FLOATS, read_flat
from lexgraft.weights.methods.input_moments import LowRank

IDENTITY = "lexgraft.json"  # beside an adapter; says which base it was trained on


@dataclass(frozen=True)
class InputModel:
    """What a merge is made of: one model, seen as its difference from the base."""

    label: str
    base: Checkpoint
    source: Checkpoint | Adapter
    adapter: Adapter | None = None  # on the source, where that is a whole model
    notes: tuple[str, ...] = ()  # what was done to bring its tensors to those of the base

    @cached_property
    def digest(self) -> str:
        """The identity of the model's files (reads every byte once)."""
        if self.adapter is None:
            return self.source.digest
        return digest("model with adapter", self.source.digest, self.adapter.digest)

    @property
    def held(self) -> tuple[str, ...]:
        """The tensors of the base that this model may change, by its headers, sorted."""
        source = self.source
        return tuple(source.factors if isinstance(source, Adapter) else source.tensors)

    @cached_property
    def touched(self) -> tuple[str, ...]:
        """The tensors that differ from the base, sorted; a folder's bytes are compared once."""
        if isinstance(self.source, Adapter):
            return self.held
        added = frozenset(self.adapter.factors if self.adapter else ())
        return tuple(
            name
            for name, entry in self.source.tensors.items()
            if name in added or not _same(self.base.tensors[name], entry)
        )

    def nonfinite_factor(self, name: str) -> TensorEntry | None:
        """Return the factor of an adapter that puts NaN or infinity into a tensor's delta."""
        for adapter in (self.source, self.adapter):
            factors = adapter.factors.get(name) if isinstance(adapter, Adapter) else None
            below = factors.saved[:1] if factors and factors.saved else ()
            for entry in (factors.down, factors.up, *below) if factors else ():
                if not read_flat(entry, 0, entry.size).isfinite().all():
                    return entry
        return None

    def changes(self, name: str) -> bool:
        """Return whether a tensor differs from the base."""
        return name in self._touched

    def stored(self, name: str) -> TensorEntry | None:
        """Return a tensor as it stands in the model's files, in the base's rows; None: computed.

        An adapter on the model is not in it.
        """
        return None if isinstance(self.source, Adapter) else self.source.tensors[name]

    def delta(self, name: str, start: int = 0, stop: int | None = None) -> Tensor | None:
        """Return rows [start, stop) of model minus base in float32; None: unchanged from base."""
        if not self.changes(name):
            return None
        stop = rows(self.base.tensors[name]) if stop is None else stop
        if isinstance(self.source, Adapter):
            return self.source.factors[name].delta(start, stop)
        delta = read_rows(self.source.tensors[name], start, stop).sub_(
            read_rows(self.base.tensors[name], start, stop)
        )
        if self.adapter is not None and name in self.adapter.factors:
            delta.add_(self.adapter.factors[name].delta(start, stop))
        return delta

    def factors(self, name: str) -> Factors | None:
        """Return the low-rank factors of a tensor's delta; None of a folder, or a scrambled one."""
        return self.source.factors.get(name) if isinstance(self.source, Adapter) else None

    def low_rank(self, name: str) -> LowRank | None:
        """Return a matrix's delta as thin factors; None: only the whole delta is known."""
        if not self.changes(name):
            height, columns = self.base.tensors[name].shape
            return LowRank(
                torch.zeros((height, 0), dtype=torch.float64),
                torch.zeros((0, columns), dtype=torch.float64),
            )
        factors = self.factors(name)
        return None if factors is None else factors.halves()

    def tensor(self, name: str) -> Tensor:
        """Return the model's own tensor in float32."""
        entry = self.base.tensors[name]
        if isinstance(self.source, Checkpoint) and self.adapter is None:
            return read_rows(self.source.tensors[name], 0, rows(entry))
        plain, delta = read_rows(entry, 0, rows(entry)), self.delta(name)
        return plain if delta is None else plain.add_(delta)

    @cached_property
    def _touched(self) -> frozenset[str]:
        return frozenset(self.touched)

    @property
    def folder(self) -> Path:
        """The folder the model lies in."""
        return self.source.folder

    @property
    def shards(self) -> tuple[Shard, ...]:
        """Its files of weights."""
        source = self.source
        shards = (source.shard,) if isinstance(source, Adapter) else source.shards
        return shards if self.adapter is None else (*shards, self.adapter.shard)

    def check_unchanged(self) -> None:
        """Raise when a file of weights changed since it was opened."""
        for file in self.shards:
            file.check_unchanged()


def open_input_model(
    path: Path, base: Checkpoint, label: str, dtype: str | None = None
) -> InputModel:
    """Open the model of a folder as an input of a merge: a whole model, or a LoRA adapter.

    Args:
        path: the model's folder; an adapter's has the configuration of one.
        base: the model that it descends from.
        label: what the merge calls it.
        dtype: see `open_full_precision`.

    Raises:
        LexgraftError: nothing usable there, or a model that is not of this base.
    """
    if has_file(path, CONFIG):
        refuse_both(path)
        return InputModel(label, base, open_adapter_of(path, base))
    check_folders(base.folder, path)
    checkpoint, notes = matched(open_full_precision(path, dtype), base, label)
    for name, entry in base.tensors.items():
        check_same_kind(checkpoint.tensors[name], entry, str(path))
    return InputModel(label, base, checkpoint, notes=notes)


def refuse_both(folder: Path) -> None:
    """Raise for a folder that is a whole model and an adapter at once.

    Raises:
        LexgraftError: it is, and nothing says which of them is meant.
    """
    weights = next((name for name in (SINGLE, INDEX) if has_file(folder, name)), None)
    if weights is not None:
        raise LexgraftError(
            f"a whole model ({weights}) and an adapter ({CONFIG}) in one folder",
            where=str(folder),
            cure="give one of them a folder of its own: loaders take the one or the other",
        )


def open_adapter_of(path: Path, base: Checkpoint) -> Adapter:
    """Return the adapter of a folder, which must not say that it belongs to another base.

    Raises:
        LexgraftError: no usable adapter, or one of another base.
    """
    _check_base_digest(path, base)
    return open_adapter(path, base)


def rows(entry: TensorEntry) -> int:
    """Return the number of rows of a tensor: its first dimension, 1 for a single number."""
    return entry.shape[0] if entry.shape else 1


def read_rows(entry: TensorEntry, start: int, stop: int) -> Float32[Tensor, "*shape"]:
    """Return rows [start, stop) of a tensor in float32, as a tensor of its own."""
    width = entry.size // max(rows(entry), 1)
    flat = read_flat(entry, start * width, stop * width).to(torch.float32)
    return flat.view((stop - start, *entry.shape[1:]) if entry.shape else ())


def _same(base: TensorEntry, entry: TensorEntry) -> bool:
    """Return whether two tensors hold the same bytes."""
    if (base.file, base.start, base.end) == (entry.file, entry.start, entry.end):
        return (base.dtype, base.packed) == (entry.dtype, entry.packed)
    return base.dtype == entry.dtype and content_digest(base) == content_digest(entry)


def _check_base_digest(path: Path, base: Checkpoint) -> None:
    """Raise when the adapter says that it was trained on other weights."""
    if not has_file(path, IDENTITY):
        return
    base_digest = read_json(regular_file(path, IDENTITY)).get("base_digest")
    if base_digest != base.digest:
        raise LexgraftError(
            f"an adapter of another base: trained on {base_digest!a}, this one is {base.digest}",
            where=str(path),
            cure=f"give the base it was trained on, or train it again on {base.folder}",
        )


def check_same_kind(entry: TensorEntry, base: TensorEntry, where: str) -> None:
    """Raise unless two tensors have one shape and are both of floating point, or both not.

    Raises:
        LexgraftError: they differ; vocabularies of different sizes show here.
    """
    if entry.shape != base.shape or (entry.dtype in FLOATS) != (base.dtype in FLOATS):
        raise LexgraftError(
            f"tensor `{entry.name}` is {entry.dtype} {entry.shape}, "
            f"in the base {base.dtype} {base.shape}",
            where=where,
            cure="a vocabulary of another size? `tokenizer_source: union` in a recipe, or "
            "`lexgraft vocabulary align`, brings the two together",
        )
