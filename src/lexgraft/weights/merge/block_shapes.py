"""How a tensor is cut into blocks: by what its method must have whole (pure)."""

from math import prod

from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.methods.registry import Unit

BLOCK = 1 << 18  # elements of a tensor worked on at once, rounded to whole rows: fits the cache


def block_shape(entry: TensorEntry, unit: Unit) -> tuple[int, ...]:
    """Return a tensor's shape as its method sees it: stacked matrices are one below the other.

    So a block holds some rows of one expert, not all of it; whole tensors keep their shape.
    """
    if unit == "tensor" or len(entry.shape) <= len(("rows", "columns")):
        return entry.shape
    return (prod(entry.shape[:-1]), entry.shape[-1])


def rows_of_block(entry: TensorEntry, unit: Unit) -> int:
    """Return how many rows of a tensor make a block: all of them where the method wants it."""
    shape = block_shape(entry, unit)
    rows = shape[0] if shape else 1
    if unit == "tensor" or (unit == "row" and len(shape) <= 1):
        return max(1, rows)
    width = entry.size // rows if entry.size else 1
    return max(1, BLOCK // width)


def largest_block(entry: TensorEntry, unit: Unit) -> int:
    """Return the elements of a tensor's largest block."""
    shape = block_shape(entry, unit)
    width = entry.size // shape[0] if shape and entry.size else 1
    return min(entry.size, rows_of_block(entry, unit) * width)
