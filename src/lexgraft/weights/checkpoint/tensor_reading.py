"""Reading tensors by positioned reads: bounded windows, no mmap, an error on truncation."""

from collections.abc import Iterator

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.arrays.shapes import Shaped
from lexgraft.weights.checkpoint.disk_io import WINDOW
from lexgraft.weights.checkpoint.safetensors_header import WIDTHS, TensorEntry
from lexgraft.weights.checkpoint.tensor_bytes import fill_tensor, tensor_windows
from lexgraft.weights.checkpoint.tensor_digests import digest_now

DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "F8_E8M0": "float8_e8m0fnu",
}
"""From the code of a safetensors header to torch's name."""
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
    fill_tensor(entry, start * width, memoryview(data))
    if not data:
        return torch.empty(0, dtype=dtype_of(entry.dtype))
    return torch.frombuffer(data, dtype=dtype_of(entry.dtype))


def dtype_of(code: str) -> "torch.dtype":
    """Return torch's dtype for a code of a safetensors header."""
    return getattr(torch, DTYPES[code])


def read_windows(entry: TensorEntry, window: int = WINDOW) -> Iterator[memoryview]:
    """Yield a tensor's bytes in its dtype; each window is gone with the next."""
    yield from tensor_windows(entry, window=window)


def tensor_digest(entry: TensorEntry) -> str:
    """Return the xxh3-128 of a tensor's bytes in hex, read now."""
    return digest_now(entry)
