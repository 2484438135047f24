"""A GGUF file's header: its metadata and where each tensor lies; bounded, nothing in it trusted."""

import os
import struct
from collections.abc import Sequence
from itertools import accumulate
from math import prod
from pathlib import Path

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.gguf.byte_cursor import Cursor, Value
from lexgraft.weights.checkpoint.gguf.dequantise import KINDS, QuantisedType

HEADER_LIMIT = 64 * 2**20  # bytes; a vocabulary of 262,144 tokens needs about six million
ENTRIES_LIMIT = 100_000  # metadata keys, tensors


class TensorInfo(Struct, frozen=True):
    """One tensor: its shape (rows first), its type and its bytes in the joined file."""

    shape: tuple[int, ...]
    kind: QuantisedType
    start: int
    size: int


class Gguf(Struct, frozen=True):
    """An opened file: parts that belong behind each other, what is known, what is stored."""

    files: tuple[Path, ...]
    starts: tuple[int, ...]  # of each part in the joined file, and the end
    metadata: dict[str, Value]
    tensors: dict[str, TensorInfo]

    @property
    def label(self) -> str:
        """The first part's path, for messages."""
        return str(self.files[0])

    def read(self, start: int, size: int) -> bytes:
        """Return bytes of the joined file.

        Raises:
            LexgraftError: the file has become shorter since it was opened.
        """
        return _read(self.files, self.starts, start, size)


def open_gguf(files: Sequence[Path]) -> Gguf:
    """Return the header of a file, or of parts that make one file when joined in order.

    Raises:
        LexgraftError: a part is missing, or the header is damaged, cut short, too large or of a
            kind that this reader does not know.
    """
    missing = [path for path in files if not path.is_file()]
    if missing or not files:
        raise LexgraftError("no such file", where=str(missing[0]) if missing else "GGUF")
    starts = (0, *accumulate(path.stat().st_size for path in files))
    cursor = Cursor(_read(tuple(files), starts, 0, min(starts[-1], HEADER_LIMIT)))
    try:
        metadata, tensors = _parse(cursor, starts[-1])
    except (struct.error, UnicodeDecodeError) as error:
        raise LexgraftError(
            f"the GGUF header is damaged or cut short ({error})",
            where=str(files[0]),
            cure="fetch the file again; parts must be given in order",
        ) from error
    except LexgraftError as error:
        raise LexgraftError(error.what, where=str(files[0]), cure=error.cure) from error
    return Gguf(tuple(files), starts, metadata, tensors)


def _parse(cursor: Cursor, end: int) -> tuple[dict[str, Value], dict[str, TensorInfo]]:
    """Return metadata and tensors from a header's bytes."""
    if cursor.data[:4] != b"GGUF":
        raise LexgraftError("not a GGUF file", cure="its first four bytes should read GGUF")
    cursor.at = 4
    version = int(cursor.scalar("I"))
    if version not in (2, 3):
        raise LexgraftError(
            f"GGUF version {version}", cure="versions 2 and 3, little-endian, are read"
        )
    tensor_count, key_count = int(cursor.scalar("Q")), int(cursor.scalar("Q"))
    if max(tensor_count, key_count) > ENTRIES_LIMIT:
        raise LexgraftError(
            f"{tensor_count:,} tensors and {key_count:,} keys: beyond {ENTRIES_LIMIT:,}"
        )
    metadata: dict[str, Value] = {}
    for _ in range(key_count):
        key = cursor.name()
        if key in metadata:
            raise LexgraftError(f"metadata key {key!r} occurs twice")
        metadata[key] = cursor.value(int(cursor.scalar("I")))
    return metadata, _tensors(cursor, tensor_count, _alignment(metadata), end)


def _tensors(cursor: Cursor, count: int, alignment: int, end: int) -> dict[str, TensorInfo]:
    """Return the tensors by name, each within the file; their data starts after the header."""
    tensors: dict[str, TensorInfo] = {}
    for _ in range(count):
        name = cursor.name()
        if name in tensors:
            raise LexgraftError(f"tensor {name!r} occurs twice")
        tensors[name] = _tensor(cursor, name)
    data = -(-cursor.at // alignment) * alignment
    placed = {
        name: TensorInfo(info.shape, info.kind, data + info.start, info.size)
        for name, info in tensors.items()
    }
    for name, info in placed.items():
        if info.start % alignment or info.start + info.size > end:
            raise LexgraftError(
                f"tensor {name!r} lies outside the file ({end:,} bytes) or between its steps",
                cure="the file is cut short or damaged: fetch it again",
            )
    return placed


def _tensor(cursor: Cursor, name: str) -> TensorInfo:
    """Return one tensor with its place counted from the start of the data."""
    rank = int(cursor.scalar("I"))
    if not 1 <= rank <= 4:
        raise LexgraftError(f"tensor {name!r} has {rank} dimensions")
    shape = tuple(int(cursor.scalar("Q")) for _ in range(rank))[::-1]
    number, start = int(cursor.scalar("I")), int(cursor.scalar("Q"))
    kind = KINDS.get(number)
    if kind is None:
        kinds = ", ".join(kind.name for kind in KINDS.values())
        raise LexgraftError(f"tensor {name!r} is of type {number}", cure=f"types read: {kinds}")
    if 0 in shape or shape[-1] % kind.values:
        raise LexgraftError(f"tensor {name!r} of type {kind.name} cannot have the shape {shape}")
    return TensorInfo(shape, kind, start, prod(shape) // kind.values * kind.bytes)


def _alignment(metadata: dict[str, Value]) -> int:
    """Return the step in which tensors are placed."""
    step = metadata.get("general.alignment", 32)
    if not isinstance(step, int) or not 8 <= step <= 2**16 or step & (step - 1):
        raise LexgraftError(f"general.alignment is {step!r}")
    return step


def _read(files: tuple[Path, ...], starts: tuple[int, ...], start: int, size: int) -> bytes:
    """Return bytes of the joined parts."""
    pieces: list[bytes] = []
    for path, first, last in zip(files, starts, starts[1:], strict=False):
        low, high = max(start, first), min(start + size, last)
        if low < high:
            with path.open("rb") as file:
                pieces.append(os.pread(file.fileno(), high - low, low - first))
    data = b"".join(pieces)
    if len(data) != size:
        raise LexgraftError("the file has become shorter", where=str(files[0]))
    return data
