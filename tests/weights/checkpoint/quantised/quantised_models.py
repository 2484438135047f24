"""Quantised tensors made by torch, and what they stand for, computed block by block in float64."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

FP8 = torch.float8_e4m3fn
STEM = "model.layers.0.mlp.down_proj"
Block = tuple[int, int]


def save(folder: Path, tensors: Mapping[str, Tensor], **config: Any) -> Path:
    """Write a folder of one file, with its configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({n: t.contiguous() for n, t in tensors.items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", **config}))
    return folder


def grouped(kind: str, weights: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of compressed-tensors for one group of layers."""
    group = {"targets": ["Linear"], "weights": dict(weights)}
    settings = {"quant_method": "compressed-tensors", "format": kind, "config_groups": {"g": group}}
    return {"quantization_config": settings}


def expected(values: Tensor, scale: Tensor, block: Block, zero: Tensor | None = None) -> Tensor:
    """Return (value - zero) * scale in float64, each element with those of its block."""
    result = torch.empty(values.shape, dtype=torch.float64)
    for row in range(values.shape[-2]):
        for column in range(values.shape[-1]):
            at = (..., row // block[0], column // block[1])
            value = values[..., row, column].double()
            value = value if zero is None else value - zero[at].double()
            result[..., row, column] = value * scale[at].double()
    return result


def packed(values: Tensor, bits: int) -> Tensor:
    """Return signed numbers of some bits in little-endian words of 32, value i in bits i * n."""
    rows, columns = values.shape
    words = -(-columns * bits // 32)
    numbers = [[0] * words for _ in range(rows)]
    for row in range(rows):
        for column in range(columns):
            at = column * bits
            unsigned = int(values[row, column]) + 2 ** (bits - 1)
            numbers[row][at // 32] |= unsigned << at % 32
    signed = [[n - 2**32 if n >= 2**31 else n for n in row] for row in numbers]
    return torch.tensor(signed, dtype=torch.int32)
