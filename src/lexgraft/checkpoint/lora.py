"""A PEFT LoRA adapter as deltas of the base: (alpha / r) · B · A, for the rows asked for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float32
from torch import Tensor

from lexgraft.checkpoint.index import (
    ADAPTER,
    Checkpoint,
    Shard,
    TensorEntry,
    file_digest,
    read_header,
    regular_file,
    shard,
)
from lexgraft.checkpoint.names import role_of
from lexgraft.checkpoint.read import FLOATS, read_flat
from lexgraft.checkpoint.strict import read_json
from lexgraft.errors import UserError, nearest
from lexgraft.records import digest

CONFIG = "adapter_config.json"
_FACTOR = re.compile(r"base_model\.model\.(.+)\.lora_(?:([AB])\.weight|embedding_([AB]))")
_PLAIN_PATTERN = re.compile(r"\^?[A-Za-z0-9_.]{1,256}")
_REFUSED = (
    "use_dora", "lora_bias", "modules_to_save", "trainable_token_indices", "layer_replication",
    "target_parameters", "use_qalora", "use_bdlora", "megatron_config", "alora_invocation_tokens",
    "arrow_config", "kasa_config", "monteclora_config", "velora_config",
)  # fmt: skip
_PLAIN_STARTS = frozenset({"gaussian", "orthogonal", "eva"})  # these leave the base as it is


@dataclass(frozen=True)
class Factors:
    """The two low-rank factors of one tensor's delta."""

    down: TensorEntry  # A, of shape (r, in)
    up: TensorEntry  # B, of shape (out, r)
    scaling: float
    transposed: bool  # the base stores (in, out)

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the delta as the base stores the tensor."""
        rows, columns = self.up.shape[0], self.down.shape[1]
        return (columns, rows) if self.transposed else (rows, columns)

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
        UserError: another kind of adapter, an option that is more than LoRA, names or shapes
            that do not fit the base.
    """
    config = read_json(folder / CONFIG)
    _check_config(config, str(folder / CONFIG))
    path = regular_file(folder, ADAPTER)
    halves = _halves(path)
    factors = {
        name: _factors(name, module, pair, config, base)
        for (name, module), pair in sorted(halves.items())
    }
    return Adapter(folder, factors, shard(path))


def _halves(path: Path) -> dict[tuple[str, str], dict[str, TensorEntry]]:
    """Return the A and B of every module: (tensor of the base, module) → letter → entry."""
    found: dict[tuple[str, str], dict[str, TensorEntry]] = {}
    for entry in read_header(path):
        parts = _FACTOR.fullmatch(entry.name)
        if parts is None:
            raise UserError(
                f"`{entry.name}` is not a LoRA factor",
                where=str(path),
                cure="train with bias none, no DoRA, no modules_to_save, no saved embeddings; or "
                "merge the adapter into a whole model and give that folder",
            )
        module, letter, embedding_letter = parts.groups()
        kind = "embedding" if embedding_letter else "linear"
        found.setdefault((f"{module}.weight", f"{kind} {module}"), {})[
            letter or embedding_letter
        ] = entry
    if not found:
        raise UserError("the adapter holds no tensors", where=str(path))
    return found


def _factors(
    name: str,
    module: str,
    pair: Mapping[str, TensorEntry],
    config: Mapping[str, Any],
    base: Checkpoint,
) -> Factors:
    """Return the factors of one tensor, their ranks, shapes and target checked."""
    kind, path = module.split(" ", 1)
    where = str(next(iter(pair.values())).file)
    if name not in base.tensors:
        raise UserError(
            f"the adapter changes `{name}`, which the base does not have",
            where=where,
            cure=f"an adapter of another base? {nearest(name, base.tensors)}"[:400],
        )
    if pair.keys() != {"A", "B"} or any(
        len(e.shape) != 2 or e.dtype not in FLOATS for e in pair.values()
    ):
        raise UserError(f"`{name}` lacks its A or B, or they are not matrices", where=where)
    down, up = pair["A"], pair["B"]
    rank = down.shape[0]
    if not rank or rank != up.shape[1] or rank != _pattern(config, "rank_pattern", "r", path):
        raise UserError(
            f"`{name}`: A, B and {CONFIG} do not agree on the rank",
            where=where,
            cure="save it again",
        )
    alpha = _pattern(config, "alpha_pattern", "lora_alpha", path)
    scaling = alpha / (sqrt(rank) if config.get("use_rslora") else rank)
    turned = kind == "embedding" or bool(config.get("fan_in_fan_out"))
    factors = Factors(down, up, scaling, turned)
    if factors.shape != base.tensors[name].shape:
        raise UserError(
            f"`{name}`: the delta is {factors.shape}, the base's tensor {base.tensors[name].shape}",
            where=where,
            cure="this is an adapter of another base",
        )
    if role_of(name) == "embedding" and "head" not in map(role_of, base.tensors):
        raise UserError(
            f"the adapter changes `{name}`, which in this base is also the output head",
            where=where,
            cure="train without the embeddings, or merge the adapter into a whole model",
        )
    return factors


def _check_config(config: Mapping[str, Any], where: str) -> None:
    """Raise for every option under which the delta is not simply (alpha / r) · B · A."""
    if config.get("peft_type") != "LORA":
        raise UserError(
            f"peft_type {config.get('peft_type')!a} is not LORA",
            where=where,
            cure="merge that adapter into a whole model and give the folder",
        )
    start = config.get("init_lora_weights", True)
    wrong = [key for key in _REFUSED if config.get(key)]
    wrong += ["bias"] if config.get("bias", "none") != "none" else []
    wrong += ["init_lora_weights"] if isinstance(start, str) and start not in _PLAIN_STARTS else []
    if wrong:
        raise UserError(
            f"`{wrong[0]}: {config[wrong[0]]!a:.80}` is more than plain LoRA",
            where=where,
            cure="merge that adapter into a whole model and give the folder",
        )
    for key in ("r", "lora_alpha"):
        if type(config.get(key)) not in {int, float} or not 0 < config[key] < 1e6:
            raise UserError(f"`{key}` must be a positive number", where=where)


def _pattern(config: Mapping[str, Any], patterns: str, default: str, module: str) -> float:
    """Return a module's own value, found by the end of its path, or the adapter's.

    PEFT reads the keys as regular expressions; here they are plain, for no expression from a
    file is ever run.
    """
    for key, value in (config.get(patterns) or {}).items():
        if not _PLAIN_PATTERN.fullmatch(key) or type(value) not in {int, float} or value <= 0:
            raise UserError(
                f"{patterns}: {key[:80]!a}: {value!a:.20} is not a plain name and number",
                where=CONFIG,
                cure="write the modules' names out",
            )
        if key == f"^{module}" or module == key or module.endswith(f".{key}"):
            return value
    return config[default]


def _matrix(entry: TensorEntry, start: int, stop: int) -> Tensor:
    """Return rows of a matrix in float64."""
    columns = entry.shape[1]
    flat = read_flat(entry, start * columns, stop * columns)
    return flat.view(stop - start, columns).to(torch.float64)
