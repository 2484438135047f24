"""Weights that arithmetic can be done with: quantised ones made dense, or refused by name."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lexgraft.files.safe_json import read_json
from lexgraft.weights.checkpoint.checkpoint_index import (
    Checkpoint,
    has_file,
    open_checkpoint,
    regular_file,
)
from lexgraft.weights.checkpoint.quantised.dense_view import dense
from lexgraft.weights.checkpoint.quantised.quantisation_scheme import quantisation_of, quantised
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.checkpoint.tensor_reading import FLOATS

_FILES = ("quantize_config.json", "quant_config.json", "hf_quant_config.json")
_PACKED = re.compile(
    r"\.(?:qweight|qzeros|g_idx|SCB|weight_format|weight_packed|weight_scale(?:_inv|_2)?"
    r"|weight_zero_point|input_scale|weight\.(?:nested_)?(?:absmax|quant_map)"
    r"|weight\.quant_state\.\w+)$"
)
"""What GPTQ, AWQ, bitsandbytes, fp8 and compressed-tensors store beside packed weights."""
_BLOCKS = re.compile(r"_(?:blocks|scales)$")  # MXFP4, in bytes
_CODES = {"bfloat16": "BF16", "float16": "F16", "float32": "F32"}


def open_full_precision(folder: Path, dtype: str | None = None) -> Checkpoint:
    """Return the index of a folder of weights that can be merged.

    Quantised weights in fp8 or of compressed-tensors are ordinary tensors of it: each window is
    made dense as it is read. Their scales are none.

    Args:
        folder: the model's.
        dtype: that quantised weights are read in: float32 where it is asked for, or else what the
            configuration says the model computes in, bfloat16 where it does not say.

    Raises:
        LexgraftError: they are quantised otherwise, by the configuration or by the kinds of the
            tensors; and all that `open_checkpoint` refuses.
    """
    has_config = has_file(folder, "config.json")
    config = read_json(regular_file(folder, "config.json")) if has_config else {}
    how = quantisation_of(config, folder)
    for name in _FILES:
        if has_file(folder, name):
            raise quantised(f"{name} is beside them", folder)
    checkpoint = open_checkpoint(folder)
    if how is not None:
        code = "F32" if dtype == "float32" else _computed_in(config)
        checkpoint = dense(checkpoint, how, code)
    packed = _first_packed(checkpoint.tensors.values())
    if packed is not None:
        raise quantised(f"`{packed.name}` is {packed.dtype} {packed.shape}", folder)
    return checkpoint


def _computed_in(config: Mapping[str, Any]) -> str:
    """Return the code of the dtype that a configuration says its model computes in."""
    inner = config.get("text_config")
    for settings in (config, inner if isinstance(inner, dict) else {}):
        for stated in (settings.get("dtype"), settings.get("torch_dtype")):
            if isinstance(stated, str) and stated.removeprefix("torch.") in _CODES:
                return _CODES[stated.removeprefix("torch.")]
    return "BF16"


def _first_packed(tensors: Iterable[TensorEntry]) -> TensorEntry | None:
    """Return the first tensor of a kind that only quantised models have."""
    for entry in tensors:
        matrix = entry.dtype not in FLOATS and len(entry.shape) > 1
        packed_matrix = matrix and (entry.name.endswith(".weight") or _BLOCKS.search(entry.name))
        if packed_matrix or entry.dtype.startswith("F8") or _PACKED.search(entry.name):
            return entry
    return None
