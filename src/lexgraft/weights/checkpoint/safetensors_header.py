"""One file's header: what it says, and that it may be believed."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from lexgraft.errors import LexgraftError
from lexgraft.files.model_files import HEADER_LIMIT
from lexgraft.files.safe_json import parse_json
from lexgraft.files.store_places import object_of

TENSOR_LIMIT = 200_000
DIMENSION_LIMIT = 8
WIDTHS = {
    "F64": 8,
    "F32": 4,
    "F16": 2,
    "BF16": 2,
    "I64": 8,
    "I32": 4,
    "I16": 2,
    "I8": 1,
    "U8": 1,
    "BOOL": 1,
    "F8_E4M3": 1,
    "F8_E5M2": 1,
    "F8_E8M0": 1,
}
_NAME = re.compile(r"[A-Za-z0-9_.\-/]{1,512}")
_QUANTISED = ("F4", "F6", "F8", "I4", "U4", "U16", "U32")  # starts of codes: what packs values
_PREFIX = 8  # bytes that hold the header's length
_LARGEST = 1 << 62  # elements or bytes


@dataclass(frozen=True)
class TensorEntry:
    """Where one tensor lies: absolute byte offsets in its file.

    Of a quantised tensor `packed` says how it is stored; dtype, shape and the number of bytes are
    those that it is read in.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: Path
    start: int
    end: int
    packed: "PackedValues | None" = None

    @property
    def size(self) -> int:
        """The number of elements."""
        return prod(self.shape)


@dataclass(frozen=True)
class PackedValues:
    """How a tensor is stored in fewer bits: values of 8 bits or less, times what scales them."""

    stored: TensorEntry
    bits: int  # of a value
    scale: TensorEntry
    zero: TensorEntry | None  # is taken off the values before they are scaled
    order: TensorEntry | None  # which group every column belongs to, where not by its place
    block: tuple[int, int]  # rows and columns that share a scale
    matrix: int  # rows after which the blocks begin anew: those of each stacked matrix


def read_header(path: Path, limit: int = HEADER_LIMIT) -> list[TensorEntry]:
    """Return what one safetensors file holds, in the order of the data.

    Raises:
        LexgraftError: a header that breaks the format or the limits; nothing larger is read.
    """
    with path.open("rb") as file:
        stored = object_of(path)
        total = os.fstat(file.fileno()).st_size if stored is None else stored.size
        length = int.from_bytes(file.read(_PREFIX), "little")
        if total < _PREFIX or not len(b"{}") <= length <= total - _PREFIX:
            raise broken(path, "it is empty, truncated or not a safetensors file")
        if length > limit:
            raise broken(path, f"its header of {length:,} bytes is over the limit of {limit:,}")
        data = file.read(length)
    if len(data) != length or data.count(b'"data_offsets"') > TENSOR_LIMIT:
        raise broken(path, f"it is truncated or holds more than {TENSOR_LIMIT:,} tensors")
    fields = parse_json(data, str(path))
    _check_metadata(path, fields.pop("__metadata__", {}))
    if len(fields) > TENSOR_LIMIT:  # a key can be spelt so that counting does not see it
        raise broken(path, f"it holds more than {TENSOR_LIMIT:,} tensors")
    entries = [_entry(path, name, value, _PREFIX + length) for name, value in fields.items()]
    entries.sort(key=lambda entry: (entry.start, entry.end))
    _check_places(path, entries, _PREFIX + length, total)
    return entries


def _entry(path: Path, name: str, value: object, data_start: int) -> TensorEntry:
    """Return the checked entry of one tensor."""
    if not _NAME.fullmatch(name) or ".." in name or name.startswith("/"):
        raise broken(path, f"tensor name {name[:80]!a} is not allowed")
    match value:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [start, end], **rest}:
            numbers = [*shape, start, end]
        case _:
            raise broken(path, f"tensor `{name}` has no proper dtype, shape and data_offsets")
    if rest or not all(type(n) is int and 0 <= n < _LARGEST for n in numbers):
        raise broken(path, f"tensor `{name}` has unknown keys or improper numbers")
    if dtype not in WIDTHS:
        known = f"tensor `{name}`: dtype {dtype[:20]!a}; known: {', '.join(WIDTHS)}"
        if dtype.startswith(_QUANTISED):
            cure = "get the model in 16 or 32 bits that these quantised weights were made from"
            raise LexgraftError(f"refused: {known}", where=str(path), cure=cure)
        raise broken(path, known)
    if len(shape) > DIMENSION_LIMIT or prod(n or 1 for n in shape) >= _LARGEST:
        raise broken(path, f"tensor `{name}` has more than {DIMENSION_LIMIT} dimensions or is vast")
    if end - start != prod(shape) * WIDTHS[dtype]:
        raise broken(path, f"tensor `{name}`: its size does not match shape and dtype")
    return TensorEntry(name, dtype, tuple(shape), path, data_start + start, data_start + end)


def _check_places(path: Path, entries: Iterable[TensorEntry], data_start: int, total: int) -> None:
    """Raise unless the tensors fill the data exactly: no hole, overlap or tail."""
    offset = data_start
    for entry in entries:
        if entry.start != offset:
            raise broken(path, f"tensor `{entry.name}` overlaps another or leaves a hole")
        offset = entry.end
    if offset != total:
        raise broken(path, f"the data ends at byte {offset:,} but the file at {total:,}")


def _check_metadata(path: Path, metadata: Any) -> None:
    """Raise unless the metadata maps text to text."""
    if not isinstance(metadata, dict) or not all(type(v) is str for v in metadata.values()):
        raise broken(path, "its __metadata__ does not map text to text")


def broken(path: Path, why: str) -> LexgraftError:
    """Return the error for a file that is not accepted."""
    return LexgraftError(
        f"refused: {why}", where=str(path), cure="get the file again from its source"
    )
