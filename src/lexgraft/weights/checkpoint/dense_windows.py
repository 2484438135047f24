"""Quantised values made dense window by window: (value - zero point) x scale, rounded once.

The product is taken in float32 and rounded to the dtype that is read, as by the loaders of such
models; of values of 8 bits and scales in bfloat16 it is exact before it is rounded.
"""

from functools import lru_cache

import numpy as np
from numpy import ndarray

from lexgraft.arrays.shapes import Float32, Shaped, UInt8
from lexgraft.weights.checkpoint.disk_io import PIECE, Look, fill
from lexgraft.weights.checkpoint.file_state import state_key
from lexgraft.weights.checkpoint.number_tables import numbers_of, table_of
from lexgraft.weights.checkpoint.safetensors_header import WIDTHS, PackedValues, TensorEntry

_HELD = 1 << 20  # bytes of scales below which all of a tensor's are read at once, and kept
Rows = Float32[ndarray, "row column"]


def fill_dense(
    entry: TensorEntry,
    packed: PackedValues,
    start: int,
    view: memoryview,
    ahead: int = 0,
    look: Look | None = None,
) -> None:
    """Fill memory with the bytes of a quantised tensor from byte `start` on, as it is read.

    Args:
        entry: the dense tensor.
        packed: what it is made of.
        start: a byte of the dense tensor.
        view: what is filled.
        ahead: bytes of the dense tensor that are wanted next.
        look: is shown each piece, with where in the view it begins.

    Raises:
        LexgraftError: a file ends too early or cannot be read.
    """
    width, columns = WIDTHS[entry.dtype], entry.shape[-1]
    line, stop = columns * width, start + len(view)  # bytes of a dense row
    first, last = start // line, -(-stop // line)
    raw = _stored_rows(entry, packed, first, last, ahead)
    step = max(1, PIECE // line)
    filled = 0
    for row in range(first, last, step):
        end = min(row + step, last)
        values = _dense_rows(entry, packed, raw[row - first : end - first], row)
        piece = _rounded(values, entry.dtype).reshape(-1).view(np.uint8)
        piece = piece[max(0, start - row * line) : stop - row * line]
        target = view[filled : filled + len(piece)]
        target[:] = piece.data
        if look:
            look(target, filled)
        filled += len(piece)


def _stored_rows(
    entry: TensorEntry, packed: PackedValues, first: int, last: int, ahead: int
) -> UInt8[ndarray, "row byte"]:
    """Return rows [first, last) as they are stored."""
    stored, rows = packed.stored, entry.size // entry.shape[-1]
    line = (stored.end - stored.start) // rows
    raw = np.empty((last - first, line), np.uint8)
    size = max(1, entry.end - entry.start)
    beyond = min(ahead * (stored.end - stored.start) // size // line, rows - last) * line
    fill(stored.file, stored.start + first * line, raw.data.cast("B"), ahead=beyond)
    return raw


def _dense_rows(
    entry: TensorEntry, packed: PackedValues, raw: UInt8[ndarray, "row byte"], first: int
) -> Rows:
    """Return rows from the `first` on in float32."""
    columns = entry.shape[-1]
    table = table_of(packed.stored.dtype, packed.bits)
    single = table.shape[1] == 1  # a value per byte: a flat table is faster
    taken = np.take(table[:, 0], raw) if single else np.take(table, raw, axis=0)
    values = taken.reshape(len(raw), -1)[:, :columns]
    scaled = _scale_rows(entry, packed, first, first + len(raw))
    high = slice(int(scaled[0]), int(scaled[-1]) + 1)  # rows of scales
    inner = scaled - scaled[0]
    scales = _side_rows(packed.scale, high.start, high.stop, _groups(entry, packed))[inner]
    if packed.zero is not None:
        zeros = _zero_rows(entry, packed, packed.zero, high)[inner]
        values = _over_blocks(np.subtract, values, zeros, packed)
    with np.errstate(over="ignore", invalid="ignore"):  # the engine says where, and of which file
        return _over_blocks(np.multiply, values, scales, packed)


def _over_blocks(
    operation: np.ufunc,
    values: Rows,
    numbers: Float32[ndarray, "row group"],
    packed: PackedValues,
) -> Rows:
    """Return values combined with the numbers of their blocks; each row has a row of those."""
    wide, (count, columns) = packed.block[1], values.shape
    if packed.order is not None and numbers.shape[1] > 1:
        numbers = numbers[:, _order_of(packed.order)]
    elif wide < columns and columns % wide == 0 and values.flags.c_contiguous:
        shaped = values.reshape(count, -1, wide)
        return operation(shaped, numbers[:, :, None], out=shaped).reshape(count, columns)
    elif wide < columns:
        numbers = np.repeat(numbers, wide, axis=1)[:, :columns]
    return operation(values, numbers)


def _scale_rows(
    entry: TensorEntry, packed: PackedValues, first: int, last: int
) -> Shaped[ndarray, " row"]:
    """Return which row of scales belongs to each of some rows."""
    high, rows = packed.block[0], np.arange(first, last)
    per_matrix = -(-packed.matrix // high)
    return rows // packed.matrix * per_matrix + rows % packed.matrix // high


def _groups(entry: TensorEntry, packed: PackedValues) -> int:
    """Return how many scales a row has."""
    return -(-entry.shape[-1] // packed.block[1])


def _zero_rows(
    entry: TensorEntry, packed: PackedValues, zero: TensorEntry, rows: slice
) -> Float32[ndarray, "row group"]:
    """Return rows of zero points; in int32 they are packed one below the other."""
    groups = _groups(entry, packed)
    if zero.dtype != "I32":
        return _side_rows(zero, rows.start, rows.stop, groups)
    in_word = 32 // packed.bits
    first, last = rows.start // in_word, -(-rows.stop // in_word)
    words = _bytes(zero, first * groups * 4, last * groups * 4).reshape(-1, groups, 4)
    numbers = np.take(table_of("I32", packed.bits), words.swapaxes(1, 2), axis=0)
    below = numbers.transpose(0, 1, 3, 2).reshape(-1, groups)  # word, byte, value in it
    return below[rows.start - first * in_word : rows.stop - first * in_word]


def _side_rows(
    entry: TensorEntry, first: int, last: int, groups: int
) -> Float32[ndarray, "row group"]:
    """Return rows of scales or zero points in float32."""
    line = groups * WIDTHS[entry.dtype]
    return numbers_of(_bytes(entry, first * line, last * line), entry.dtype).reshape(-1, groups)


def _order_of(entry: TensorEntry) -> Shaped[ndarray, " column"]:
    """Return the group of every column."""
    kind = np.int64 if entry.dtype == "I64" else np.int32
    return _bytes(entry, 0, entry.end - entry.start).view(kind)


def _bytes(entry: TensorEntry, start: int, stop: int) -> UInt8[ndarray, " byte"]:
    """Return some of a small tensor's bytes; what is small is read whole, once."""
    if entry.end - entry.start <= _HELD:
        return _whole(state_key(entry), entry)[start:stop]
    data = np.empty(stop - start, np.uint8)
    fill(entry.file, entry.start + start, data.data)
    return data


@lru_cache(maxsize=12)
def _whole(key: tuple[object, ...], entry: TensorEntry) -> UInt8[ndarray, " byte"]:
    """Return all bytes of a small tensor; `key` is the state of its file."""
    data = np.empty(entry.end - entry.start, np.uint8)
    fill(entry.file, entry.start, data.data)
    return data


def _rounded(values: Rows, code: str) -> Shaped[ndarray, "row column"]:
    """Return numbers as a dtype stores them: rounded to nearest, ties to even."""
    if code == "F32":
        return np.ascontiguousarray(values)
    if code == "F16":
        with np.errstate(over="ignore"):
            return values.astype(np.float16)
    bits = np.ascontiguousarray(values).view(np.uint32)
    odd = bits >> 16
    odd &= 1
    odd += 0x7FFF
    odd += bits
    odd >>= 16
    return odd.astype(np.uint16)
