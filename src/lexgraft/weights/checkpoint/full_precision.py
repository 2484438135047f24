"""Weights that arithmetic can be done with: quantised ones are refused with the way out."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lexgraft.errors import LexgraftError
from lexgraft.files.safe_json import read_json
from lexgraft.weights.checkpoint.checkpoint_index import (
    Checkpoint,
    has_file,
    open_checkpoint,
    regular_file,
)
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.checkpoint.tensor_reading import FLOATS

_KEYS = ("quantization_config", "compression_config", "quantization")
_FILES = ("quantize_config.json", "quant_config.json", "hf_quant_config.json")
_PACKED = re.compile(
    r"\.(?:qweight|qzeros|g_idx|SCB|weight_format|weight_packed|weight_scale(?:_inv|_2)?"
    r"|weight_zero_point|input_scale|weight\.(?:nested_)?(?:absmax|quant_map)"
    r"|weight\.quant_state\.\w+)$"
)
"""What GPTQ, AWQ, bitsandbytes, fp8 and compressed-tensors store beside packed weights."""
_BLOCKS = re.compile(r"_(?:blocks|scales)$")  # MXFP4, in bytes
_CURE = (
    "get the model in 16 or 32 bits that it was made from, merge that, and quantise the result; "
    "an adapter that was trained on the quantised model (QLoRA) goes onto that one as well"
)


def open_full_precision(folder: Path) -> Checkpoint:
    """Return the index of a folder of weights that can be merged.

    Raises:
        LexgraftError: they are quantised, by the configuration or by the kinds of the tensors; and
            all that `open_checkpoint` refuses.
    """
    if has_file(folder, "config.json"):
        refuse_quantised(read_json(regular_file(folder, "config.json")), folder)
    for name in _FILES:
        if has_file(folder, name):
            raise _quantised(f"{name} is beside them", folder)
    checkpoint = open_checkpoint(folder)
    packed = _first_packed(checkpoint.tensors.values())
    if packed is not None:
        raise _quantised(f"`{packed.name}` is {packed.dtype} {packed.shape}", folder)
    return checkpoint


def refuse_quantised(config: Mapping[str, Any], folder: Path) -> None:
    """Raise when a configuration says that the weights are quantised.

    Raises:
        LexgraftError: it does.
    """
    parts = {"": config} | {f"{k}.": v for k, v in config.items() if isinstance(v, dict)}
    for prefix, part in parts.items():
        for key in _KEYS:
            settings = part.get(key)
            if isinstance(settings, dict) and settings:
                kind = settings.get("quant_method") or settings.get("quant_algo") or "?"
                bits = "".join(
                    f", {name} {settings[name]!a:.20}"
                    for name in ("bits", "load_in_4bit", "load_in_8bit", "fmt", "format")
                    if settings.get(name)
                )
                raise _quantised(f"`{prefix}{key}` says {kind!a:.40}{bits}", folder)


def _first_packed(tensors: Iterable[TensorEntry]) -> TensorEntry | None:
    """Return the first tensor of a kind that only quantised models have."""
    for entry in tensors:
        matrix = entry.dtype not in FLOATS and len(entry.shape) > 1
        packed_matrix = matrix and (entry.name.endswith(".weight") or _BLOCKS.search(entry.name))
        if packed_matrix or _PACKED.search(entry.name):
            return entry
    return None


def _quantised(why: str, folder: Path) -> LexgraftError:
    return LexgraftError(f"quantised weights: {why}", where=str(folder), cure=_CURE)
