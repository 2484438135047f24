"""The dtype that a model is said to be in: that of most of its weights."""

from collections.abc import Iterable

from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.checkpoint.tensor_reading import FLOATS


def main_dtype(entries: Iterable[TensorEntry]) -> str:
    """Return the code that most elements of floating point are stored in; F32 where none is."""
    sizes = dict.fromkeys(sorted(FLOATS), 0)
    for entry in entries:
        if entry.dtype in sizes:
            sizes[entry.dtype] += entry.size
    return max(sizes, key=lambda code: sizes[code]) if any(sizes.values()) else "F32"
