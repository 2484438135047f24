"""A PEFT LoRA adapter as deltas of the base: (alpha / r) · B · A, for the rows asked for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.arrays.shapes import Float32
from lexgraft.errors import LexgraftError, nearest
from lexgraft.files.file_digest import file_digest
from lexgraft.files.model_files import ADAPTER, CONFIG
from lexgraft.files.safe_json import flag
from lexgraft.records import digest
from lexgraft.weights.checkpoint.checkpoint_index import (
    Checkpoint,
    Shard,
    has_file,
    regular_file,
    shard,
)
from lexgraft.weights.checkpoint.lora_config import rank_of, read_config, scaling_of
from lexgraft.weights.checkpoint.module_names import by_part, named_in
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry, read_header
from lexgraft.weights.checkpoint.tensor_names import role_of
from lexgraft.weights.checkpoint.tensor_reading import FLOATS, read_flat
from lexgraft.weights.methods.input_moments import LowRank

_FACTOR = re.compile(r"base_model\.model\.(.+)\.lora_(?:([AB])\.weight|(embedding_[AB]))")
_SAVED = re.compile(r"base_model\.model\.(.+)\.base_layer\.weight")
"""The layer below a LoRA on embeddings, which PEFT saves with it unless told otherwise."""
_PAIRS = (["A", "B"], ["embedding_A", "embedding_B"])
_BELOW = "base_layer"
_PICKLES = ("adapter_model.bin", "adapter_model.pt")


@dataclass(frozen=True)
class Factors:
    """The two low-rank factors of one tensor's delta."""

    down: TensorEntry  # A, of shape (r, in)
    up: TensorEntry  # B, of shape (out, r)
    scaling: float
    transposed: bool  # the base stores (in, out)
    saved: tuple[TensorEntry, TensorEntry] | None = None  # the adapter's own layer, the base's

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the delta as the base stores the tensor."""
        rows, columns = self.up.shape[0], self.down.shape[1]
        return (columns, rows) if self.transposed else (rows, columns)

    def halves(self) -> LowRank | None:
        """Return B and scaling · A; None where they alone are not the delta as it is stored."""
        if self.transposed or self.saved is not None:
            return None
        down = _matrix(self.down, 0, self.down.shape[0]).mul_(self.scaling)
        return LowRank(_matrix(self.up, 0, self.up.shape[0]), down)

    def delta(self, start: int, stop: int) -> Float32[Tensor, "rows columns"]:
        """Return rows [start, stop) of scaling · B · A (arXiv 2106.09685, section 4.1).

        The product is summed in float64 and rounded once, so that neither threads nor the
        number of rows show in the result.
        """
        rank = self.down.shape[0]
        down = _matrix(self.down, 0, rank).mul_(self.scaling)
        if self.transposed:
            product = down[:, start:stop].T @ _matrix(self.up, 0, self.up.shape[0]).T
        else:
            product = _matrix(self.up, start, stop) @ down
        if self.saved is not None:  # nothing, unless another layer lay below in training
            product += _matrix(self.saved[0], start, stop) - _matrix(self.saved[1], start, stop)
        return product.float()


@dataclass(frozen=True)
class Adapter:
    """A LoRA adapter: the factors by the name of the base's tensor, sorted."""

    folder: Path
    factors: Mapping[str, Factors]
    shard: Shard

    @property
    def digest(self) -> str:
        """The identity of the weights and of all in the configuration that changes a delta."""
        use = [(name, f.scaling, f.transposed) for name, f in self.factors.items()]
        return digest("adapter", use, file_digest(self.shard.path))


def open_adapter(folder: Path, base: Checkpoint) -> Adapter:
    """Return the adapter of a folder, checked against the base it is to change.

    Raises:
        LexgraftError: another kind of adapter, an option that is more than LoRA, names or shapes
            that do not fit the base.
    """
    config = read_config(folder)
    if not has_file(folder, ADAPTER):
        pickle = next((name for name in _PICKLES if has_file(folder, name)), None)
        raise LexgraftError(
            f"no {ADAPTER} here" + (f", only {pickle}" if pickle else ""),
            where=str(folder),
            cure="pickle files can run code and are never opened: save the adapter again with "
            "`save_pretrained(…, safe_serialization=True)`"
            if pickle
            else "get the whole adapter folder again",
        )
    path = regular_file(folder, ADAPTER)
    parts, factors = by_part(base.tensors), dict[str, Factors]()
    for module, halves in sorted(_halves(path).items()):
        name = named_in(base.tensors, f"{module}.weight", parts)
        if name in factors:
            raise LexgraftError(f"two deltas of `{name}`, under two names", where=str(path))
        factors[name] = _factors(module, name, halves, config, base)
    return Adapter(folder, dict(sorted(factors.items())), shard(path))


def _halves(path: Path) -> dict[str, dict[str, TensorEntry]]:
    """Return the factors of every module, by `A` and `B` or `embedding_A` and `embedding_B`."""
    factors: dict[str, dict[str, TensorEntry]] = {}
    for entry in read_header(path):
        match, saved = _FACTOR.fullmatch(entry.name), _SAVED.fullmatch(entry.name)
        if saved is not None:
            factors.setdefault(saved[1], {})[_BELOW] = entry
            continue
        if match is None:
            raise LexgraftError(
                f"`{entry.name}` is not a LoRA factor",
                where=str(path),
                cure="train with bias none, no DoRA, no modules_to_save, no saved embeddings; or "
                "merge the adapter into a whole model and give that folder",
            )
        module, half, embedding_half = match.groups()
        factors.setdefault(module, {})[half or embedding_half] = entry
    if not factors:
        raise LexgraftError("the adapter holds no tensors", where=str(path))
    return factors


def _factors(
    module: str,
    name: str,
    halves: Mapping[str, TensorEntry],
    config: Mapping[str, Any],
    base: Checkpoint,
) -> Factors:
    """Return the factors of one tensor of the base, their kinds and ranks checked, and the fit.

    The configuration speaks of the module as the adapter calls it.
    """
    where = str(next(iter(halves.values())).file)
    keys = sorted(halves.keys() - {_BELOW})
    if keys not in _PAIRS or not all(map(_is_matrix, halves.values())):
        raise LexgraftError(f"`{name}` lacks its A or B, or they are not matrices", where=where)
    down, up = (halves[key] for key in keys)
    rank = down.shape[0]
    if not rank or rank != up.shape[1] or rank != rank_of(config, module):
        raise LexgraftError(
            f"`{name}`: A, B and {CONFIG} do not agree on the rank",
            where=where,
            cure="save it again",
        )
    turned = keys != _PAIRS[0] or flag(config, "fan_in_fan_out")
    factors = Factors(down, up, scaling_of(config, module, rank), turned)
    _check_fits(name, factors, base, where)
    if _BELOW not in halves:
        return factors
    saved = halves[_BELOW]
    if saved.shape != base.tensors[name].shape or not _is_matrix(saved):
        raise LexgraftError(
            f"`{saved.name}` is {saved.shape}, the base's `{name}` {base.tensors[name].shape}",
            where=where,
            cure="a vocabulary that was resized in training: merge the adapter into its model "
            "first, and give that folder",
        )
    return replace(factors, saved=(saved, base.tensors[name]))


def _check_fits(name: str, factors: Factors, base: Checkpoint, where: str) -> None:
    """Raise unless the delta is one of a tensor of the base that has no second use."""
    if name not in base.tensors:
        raise LexgraftError(
            f"the adapter changes `{name}`, which the base does not have",
            where=where,
            cure=f"an adapter of another base? {nearest(name, base.tensors)}"[:400],
        )
    if factors.shape != base.tensors[name].shape:
        raise LexgraftError(
            f"`{name}`: the delta is {factors.shape}, the base's tensor {base.tensors[name].shape}",
            where=where,
            cure="this is an adapter of another base",
        )
    if role_of(name) == "embedding" and "head" not in map(role_of, base.tensors):
        raise LexgraftError(
            f"the adapter changes `{name}`, which in this base is also the output head",
            where=where,
            cure="train without the embeddings, or merge the adapter into a whole model",
        )


def _is_matrix(entry: TensorEntry) -> bool:
    """Return whether a tensor has rows, columns and floating point."""
    return len(entry.shape) == len(("rows", "columns")) and entry.dtype in FLOATS


def _matrix(entry: TensorEntry, start: int, stop: int) -> Tensor:
    """Return rows of a matrix in float64."""
    columns = entry.shape[1]
    flat = read_flat(entry, start * columns, stop * columns)
    return flat.view(stop - start, columns).to(torch.float64)
