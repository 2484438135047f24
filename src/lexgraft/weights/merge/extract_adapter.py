"""A model's delta as a LoRA adapter: the best low-rank part of every linear layer."""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from math import fsum
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from msgspec import Struct
from safetensors.torch import save

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.arrays.shapes import Float, Float64
from lexgraft.errors import LexgraftError
from lexgraft.files.model_files import ADAPTER, CONFIG
from lexgraft.files.safe_json import read_json
from lexgraft.records import Progress, digest, silent, write_bytes
from lexgraft.weights.checkpoint.input_model import IDENTITY, InputModel
from lexgraft.weights.checkpoint.layer_stack import LayerStack, folder_stack
from lexgraft.weights.checkpoint.module_names import by_part, named_in
from lexgraft.weights.checkpoint.tensor_names import role_of
from lexgraft.weights.checkpoint.tensor_reading import FLOATS

EXACT = 512  # smaller side of a matrix up to which all singular values are computed
_OVERSAMPLING = 16  # directions beyond the rank that the search keeps
_ROUNDS = 6  # of power iteration
_ROWS = 1024  # rows widened to float64 at once
_STORED_TURNED = frozenset({"gpt2", "openai-gpt"})  # their linear layers are stored (in, out)

Matrix = Float64[np.ndarray, "_ _"]
Stored = Float[np.ndarray, "_ _"]


class ExplainedShare(Struct, frozen=True, forbid_unknown_fields=True):
    """One linear layer: how large its delta is, and how much of it the adapter holds."""

    name: str
    layer: int | None
    role: str
    norm: float
    explained: float  # share of the squared norm


class Extraction(Struct, frozen=True, forbid_unknown_fields=True):
    """What went into an adapter, and what did not."""

    rank: int
    explained: float  # share of the squared norm of all linear layers' deltas
    covered: float  # the same of the whole delta, with what an adapter cannot hold
    shares: tuple[ExplainedShare, ...]
    left_out: tuple[str, ...]  # tensors that differ and are no linear layer


class _Parts(NamedTuple):
    """The factors of one delta: rows by rank, rank by columns."""

    up: Matrix
    down: Matrix
    square: float
    explained: float


def extract(model: InputModel, rank: int, output: Path, progress: Progress = silent) -> Extraction:
    """Write a PEFT adapter with the best approximation of rank `rank` of a model's delta.

    Per linear layer the truncated singular value decomposition (Eckart & Young 1936); of large
    matrices by random projection with power iteration (Halko et al. 2011, arXiv 0909.4061,
    algorithms 4.4 and 5.1). Norms, embeddings and the head are named, not stored.

    Raises:
        LexgraftError: no linear layer differs, an impossible rank, or a folder that is not empty.
    """
    _check(rank, output)
    base = model.base.tensors
    names = [name for name in model.touched if base[name].dtype in FLOATS]
    live = _live_modules(model.base.folder)
    parts = by_part(live)
    linear = [
        name
        for name in names
        if _is_linear(name, base[name].shape)
        and (not live or named_in(live, name.removesuffix(".weight"), parts) in live)
    ]
    if not linear:
        raise LexgraftError(
            "no linear layer differs from the base",
            where=str(model.folder),
            cure="give the base first and a model that was trained from it second",
        )
    turned = read_json(model.base.folder / "config.json").get("model_type") in _STORED_TURNED
    modules = [named_in(live, name.removesuffix(".weight"), parts) for name in linear]
    tensors: dict[str, Tensor] = {}
    shares: list[ExplainedShare] = []
    stack = folder_stack(base, model.base.folder)
    squares: list[tuple[float, float]] = []
    for number, name in enumerate(linear):
        progress("extract", number, len(linear))
        delta = model.delta(name)
        assert delta is not None
        factors = _factors((delta.T if turned else delta).numpy(), rank, name)
        stem = f"base_model.model.{modules[number]}"
        tensors[f"{stem}.lora_A.weight"] = torch.from_numpy(factors.down).float().contiguous()
        tensors[f"{stem}.lora_B.weight"] = torch.from_numpy(factors.up).float().contiguous()
        squares.append((factors.explained, factors.square))
        shares.append(_share(name, factors, stack))
    progress("extract", len(linear), len(linear))
    left_out = tuple(name for name in model.touched if name not in frozenset(linear))
    unexplained = fsum(_square(model, name) for name in left_out)
    total, captured = (
        fsum(square for _, square in squares),
        fsum(captured_square for captured_square, _ in squares),
    )
    _write(output, model, _config(modules, rank, turned=turned), tensors)
    covered = captured / (total + unexplained) if total + unexplained else 1.0
    explained = captured / total if total else 1.0
    return Extraction(rank, explained, covered, tuple(shares), left_out)


def truncated(matrix: Stored, rank: int, key: str) -> tuple[Matrix, Matrix, Matrix]:
    """Return the `rank` largest singular values with their vectors: U, σ (as a row), V transposed.

    Each pair of vectors has the sign under which the largest entry of v is positive.
    """
    if min(matrix.shape) <= max(EXACT, rank + _OVERSAMPLING):
        u, values, v = np.linalg.svd(matrix.astype(np.float64), full_matrices=False)
    else:
        generator = np.random.default_rng(int(digest("extract", key), 16))
        probe = generator.standard_normal((matrix.shape[1], rank + _OVERSAMPLING))
        basis = np.linalg.qr(_times(matrix, probe))[0]
        for _ in range(_ROUNDS):
            basis = np.linalg.qr(_times(matrix, np.linalg.qr(_turned_times(matrix, basis))[0]))[0]
        inner, values, v = np.linalg.svd(_turned_times(matrix, basis).T, full_matrices=False)
        u = basis @ inner
    u, values, v = u[:, :rank], values[:rank], v[:rank]
    signs = np.sign(v[np.arange(len(v)), np.abs(v).argmax(axis=1)])
    return u * signs, values[None, :], v * signs[:, None]


def share_rows(extraction: Extraction) -> list[list[str]]:
    """Return the table: explained share by layer, the linear layers of each put together."""
    by_layer: dict[int | None, list[ExplainedShare]] = {}
    for share in extraction.shares:
        by_layer.setdefault(share.layer, []).append(share)
    rows = [["layer", "linear layers", "delta norm", "explained", "least"]]
    for layer, shares in sorted(
        by_layer.items(), key=lambda pair: -1 if pair[0] is None else pair[0]
    ):
        total = fsum(layer_share.norm**2 for layer_share in shares)
        explained = fsum(layer_share.explained * layer_share.norm**2 for layer_share in shares)
        weakest = min(shares, key=lambda layer_share: layer_share.explained)
        rows.append(
            [
                "none" if layer is None else str(layer),
                str(len(shares)),
                f"{total**0.5:.4g}",
                f"{explained / total:.1%}" if total else "",
                f"{weakest.explained:.1%} {weakest.name}",
            ]
        )
    return rows


def _check(rank: int, output: Path) -> None:
    """Raise for what cannot be extracted."""
    if rank < 1:
        raise LexgraftError(f"rank {rank} is not positive", where="--rank")
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise LexgraftError(
            "the output folder is not empty", where=str(output), cure="choose another"
        )


def _is_linear(name: str, shape: Sequence[int]) -> bool:
    """Return whether a tensor is the weight of a linear layer inside the model."""
    matrix = len(shape) == 2 and min(shape) > 1
    return matrix and name.endswith(".weight") and role_of(name) in {"attention", "mlp", "other"}


def _factors(matrix: Stored, rank: int, key: str) -> _Parts:
    """Return B = U·√σ and A = √σ·Vᵀ with zeros up to the rank, and the squares they hold."""
    u, values, v = truncated(matrix, rank, key)
    roots = np.sqrt(values)
    up = np.zeros((matrix.shape[0], rank))
    down = np.zeros((rank, matrix.shape[1]))
    up[:, : u.shape[1]], down[: len(v)] = u * roots, v * roots.T
    square = fsum(float(np.square(piece).sum()) for piece in _pieces(matrix))
    return _Parts(up, down, square, min(square, float(np.square(values).sum())))


def _live_modules(base: Path) -> frozenset[str]:
    """Return the names of a base's linear layers when it is loaded, by which PEFT finds them.

    None where transformers is not there or does not know it: its files' names are taken then.
    """
    if find_spec("transformers") is None:
        return frozenset()
    from lexgraft.models.folder_loading import linear_modules  # heavy, and only needed here

    return linear_modules(base)


def _share(name: str, factors: _Parts, stack: LayerStack) -> ExplainedShare:
    explained = factors.explained / factors.square if factors.square else 1.0
    layer = stack.layer_of(name)
    return ExplainedShare(name, layer, role_of(name), factors.square**0.5, explained)


def _square(model: InputModel, name: str) -> float:
    delta = model.delta(name)
    return 0.0 if delta is None else float(delta.double().square().sum())


def _pieces(matrix: Stored) -> Iterator[Matrix]:
    for start in range(0, len(matrix), _ROWS):
        yield matrix[start : start + _ROWS].astype(np.float64)


def _times(matrix: Stored, right: Matrix) -> Matrix:
    """Return matrix · other, rows after rows in float64."""
    return np.concatenate([piece @ right for piece in _pieces(matrix)])


def _turned_times(matrix: Stored, right: Matrix) -> Matrix:
    """Return matrixᵀ · other."""
    total = np.zeros((matrix.shape[1], right.shape[1]))
    for number, piece in enumerate(_pieces(matrix)):
        total += piece.T @ right[number * _ROWS : number * _ROWS + len(piece)]
    return total


def _config(modules: Sequence[str], rank: int, *, turned: bool) -> dict[str, Any]:
    """Return PEFT's configuration: scaling alpha / r = 1, every layer by its full name."""
    return {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": None,
        "r": rank,
        "lora_alpha": rank,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": turned,
        "inference_mode": True,
        "init_lora_weights": True,
        "modules_to_save": None,
        "target_modules": sorted(modules),
    }


def _write(
    output: Path, model: InputModel, config: dict[str, Any], tensors: dict[str, Tensor]
) -> None:
    """Write the adapter; its configuration, which makes it one, comes last."""
    write_bytes(output / ADAPTER, save(tensors, metadata={"format": "pt"}))
    write_bytes(output / IDENTITY, _json({"base_digest": model.base.digest}))
    write_bytes(output / CONFIG, _json(config))


def _json(content: object) -> bytes:
    text = msgspec.json.encode(content, order="sorted")
    return msgspec.json.format(text, indent=2) + b"\n"
