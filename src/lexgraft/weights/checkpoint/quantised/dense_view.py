"""A quantised checkpoint by its headers as the dense one that it stands for: scales are no tensors.

Names: `X` (8 bits) or `X_packed` (int32) with `X_scale_inv` or `X_scale`, and perhaps
`X_zero_point`, `X_g_idx`, `X_shape`. What scales activations and caches is left out.
"""

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from math import prod
from pathlib import Path

from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.checkpoint.disk_io import fill
from lexgraft.weights.checkpoint.quantised.quantisation_scheme import Quantisation, quantised
from lexgraft.weights.checkpoint.safetensors_header import (
    WIDTHS,
    PackedValues,
    TensorEntry,
    broken,
)

_SCALES = ("_scale_inv", "_scale")
_BESIDE = ("_zero_point", "_g_idx", "_shape")
_PACKED = "_packed"
_OF_ACTIVATIONS = re.compile(
    r"\.(?:input_scale_ub|(?:input|output|activation|[qkv]|kv_cache)_(?:scale|zero_point))$"
)
_REAL = frozenset({"F32", "BF16", "F16", "F8_E8M0"})  # what scales are stored in
_MATRIX = 2  # dimensions
_REQUESTS = 8  # small reads at once: of a store each is a request


def dense(checkpoint: Checkpoint, how: Quantisation, code: str) -> Checkpoint:
    """Return a checkpoint with quantised tensors as ordinary ones of the dtype `code`.

    Raises:
        LexgraftError: a tensor without its scale, or with one that does not fit.
    """
    tensors = checkpoint.tensors
    packed = {
        name.removesuffix(_PACKED): entry
        for name, entry in tensors.items()
        if entry.dtype in how.codes and len(entry.shape) >= _MATRIX and _is_stored(name, entry)
    }
    shapes = _stated_shapes(tensors, packed)
    made: dict[str, TensorEntry] = {}
    consumed: set[str] = {name for name in tensors if _OF_ACTIVATIONS.search(name)}
    for name, stored in packed.items():
        made[name] = _entry(tensors, name, stored, how, shapes.get(name), code)
        sides = (f"{name}{suffix}" for suffix in (*_SCALES, *_BESIDE))
        consumed |= {stored.name, *(side for side in sides if side in tensors)}
    others = {name: entry for name, entry in tensors.items() if name not in consumed}
    both = sorted(made.keys() & others.keys())
    if both:
        raise broken(others[both[0]].file, f"`{both[0]}` is there packed and as it is")
    return replace(checkpoint, tensors=dict(sorted((others | made).items())))


def _is_stored(name: str, entry: TensorEntry) -> bool:
    """Return whether a tensor of a quantised dtype holds values: int32 only where it is packed."""
    return name.endswith(_PACKED) if entry.dtype == "I32" else not name.endswith(_BESIDE)


def _stated_shapes(
    tensors: Mapping[str, TensorEntry], packed: Mapping[str, TensorEntry]
) -> dict[str, tuple[int, ...]]:
    """Return the shapes that packed tensors have when they are unpacked, read from the files."""
    entries = {
        name: tensors[f"{name}_shape"]
        for name, stored in packed.items()
        if stored.dtype == "I32" and f"{name}_shape" in tensors
    }
    with ThreadPoolExecutor(_REQUESTS) as pool:
        return dict(zip(entries, pool.map(_numbers, entries.values()), strict=True))


def _numbers(entry: TensorEntry) -> tuple[int, ...]:
    width = WIDTHS[entry.dtype]
    if entry.dtype not in ("I32", "I64") or not 0 < entry.size <= 3:
        raise broken(entry.file, f"`{entry.name}` is no shape")
    data = bytearray(entry.size * width)
    fill(entry.file, entry.start, memoryview(data))
    step = range(0, len(data), width)
    return tuple(int.from_bytes(data[at : at + width], "little", signed=True) for at in step)


def _entry(
    tensors: Mapping[str, TensorEntry],
    name: str,
    stored: TensorEntry,
    how: Quantisation,
    shape: tuple[int, ...] | None,
    code: str,
) -> TensorEntry:
    """Return a quantised tensor as the dense one."""
    folder = stored.file.parent
    scale = next((tensors[name + s] for s in _SCALES if name + s in tensors), None)
    if scale is None:
        raise quantised(f"`{stored.name}` is {stored.dtype} without `{name}_scale`", folder)
    if scale.dtype not in _REAL:
        raise quantised(f"`{scale.name}` is {scale.dtype}", folder)
    bits, shape = _bits_and_shape(stored, how, shape, folder)
    grid = _grid(shape, scale, how, folder)
    zero = _zero_point(tensors.get(f"{name}_zero_point"), shape, scale, bits, folder)
    order = tensors.get(f"{name}_g_idx")
    if order is not None and (order.shape != shape[-1:] or order.dtype not in ("I32", "I64")):
        raise quantised(f"`{order.name}` is {order.dtype} {order.shape}", folder)
    values = PackedValues(stored, bits, scale, zero, order, *grid)
    end = stored.start + prod(shape) * WIDTHS[code]
    return TensorEntry(name, code, shape, stored.file, stored.start, end, values)


def _bits_and_shape(
    stored: TensorEntry, how: Quantisation, shape: tuple[int, ...] | None, folder: Path
) -> tuple[int, tuple[int, ...]]:
    """Return the bits of a value and the shape of the dense tensor."""
    if stored.dtype != "I32":
        return 8, stored.shape
    words = stored.shape[-1]
    if shape is None:
        if len(how.bits) != 1:
            raise quantised(f"`{stored.name}` has no shape beside it", folder)
        shape = (*stored.shape[:-1], words * 32 // how.bits[0])
    fitting = [b for b in how.bits if -(-shape[-1] * b // 32) == words]
    if shape[:-1] != stored.shape[:-1] or min(shape) < 1 or len(fitting) != 1:
        raise quantised(f"`{stored.name}` is {stored.shape}, which does not hold {shape}", folder)
    return fitting[0], shape


def _grid(
    shape: tuple[int, ...], scale: TensorEntry, how: Quantisation, folder: Path
) -> tuple[tuple[int, int], int]:
    """Return the block that shares a scale, and the rows after which blocks begin anew."""
    *stack, rows, columns = shape
    if scale.size == 1:
        return (prod(shape[:-1]), columns), prod(shape[:-1])
    match scale.shape:
        case (*lead, first, last) if lead == stack:
            counts = first, last
        case (*lead, first) if lead == stack and first == rows:
            counts = first, 1
        case (*lead,) if lead == stack:
            counts = 1, 1
        case _:
            counts = 0, 0
    high, wide = (
        _block(size, count, [block[axis] for block in how.blocks])
        for axis, (size, count) in enumerate(zip((rows, columns), counts, strict=True))
    )
    if high is None or wide is None:
        sizes = ", ".join(f"{high} x {wide}" for high, wide in how.blocks) or "rows and tensors"
        raise quantised(
            f"`{scale.name}` is {scale.shape}, which does not fit {shape} in blocks ({sizes})",
            folder,
        )
    return (high, wide), rows


def _block(size: int, count: int, sizes: list[int]) -> int | None:
    """Return what shares a scale along one side; None: no size that is stated fits."""
    if count == 1:
        return size
    if count == size:
        return 1
    return next((block for block in sizes if -(-size // block) == count), None)


def _zero_point(
    zero: TensorEntry | None,
    shape: tuple[int, ...],
    scale: TensorEntry,
    bits: int,
    folder: Path,
) -> TensorEntry | None:
    """Return the zero points of a tensor, one for each scale; packed along the rows in int32."""
    if zero is None:
        return None
    if zero.dtype == "I32":
        rows, groups = scale.shape if len(shape) == len(scale.shape) == _MATRIX else (0, 0)
        fits = rows == shape[0] and zero.shape == (-(-rows * bits // 32), groups)
    else:
        fits = zero.shape == scale.shape and zero.dtype in _REAL | {"I8", "F8_E4M3", "F8_E5M2"}
    if not fits:
        raise quantised(f"`{zero.name}` is {zero.dtype} {zero.shape}", folder)
    return zero
