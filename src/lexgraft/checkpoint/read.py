"""Reading tensors by positioned reads: bounded windows, no mmap, an error on truncation."""

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import torch
from jaxtyping import Shaped
from torch import Tensor

from lexgraft.checkpoint.header import WIDTHS, TensorEntry
from lexgraft.errors import UserError

WINDOW = 8 << 20  # bytes
DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8,
    "U8": torch.uint8, "BOOL": torch.bool,
}  # fmt: skip
CODES = {dtype: code for code, dtype in DTYPES.items()}
FLOATS = frozenset({"F64", "F32", "F16", "BF16"})


def read_tensor(entry: TensorEntry) -> Tensor:
    """Return a whole tensor in its stored dtype."""
    return read_flat(entry, 0, entry.size).view(entry.shape)


def read_flat(entry: TensorEntry, start: int, stop: int) -> Shaped[Tensor, " elements"]:
    """Return the elements [start, stop) of a tensor in row-major order, in its stored dtype."""
    width = WIDTHS[entry.dtype]
    if not 0 <= start <= stop <= entry.size:
        raise ValueError(f"elements {start}:{stop} of {entry.size}")
    data = bytearray((stop - start) * width)
    _read_into(entry.file, entry.start + start * width, memoryview(data))
    if not data:
        return torch.empty(0, dtype=DTYPES[entry.dtype])
    return torch.frombuffer(data, dtype=DTYPES[entry.dtype])


def read_windows(entry: TensorEntry, window: int = WINDOW) -> Iterator[bytes]:
    """Yield a tensor's bytes as they are stored, window by window."""
    for start in range(entry.start, entry.end, window):
        data = bytearray(min(window, entry.end - start))
        _read_into(entry.file, start, memoryview(data))
        yield bytes(data)


def tensor_digest(entry: TensorEntry) -> str:
    """Return the SHA-256 of a tensor's bytes in hex."""
    hasher = sha256()
    for window in read_windows(entry):
        hasher.update(window)
    return hasher.hexdigest()


def _read_into(path: Path, offset: int, view: memoryview) -> None:
    """Fill a buffer from a file, however short the single reads are."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        done = 0
        while done < len(view):
            count = os.preadv(handle, [view[done:]], offset + done)
            if count == 0:
                raise UserError(
                    f"the file ends before byte {offset + len(view):,}",
                    where=str(path),
                    cure="it was cut while in use; get it again",
                )
            done += count
    finally:
        os.close(handle)
