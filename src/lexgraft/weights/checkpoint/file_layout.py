"""Where every tensor of a folder to be written will lie, planned before a byte of data exists."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod

from lexgraft.files.model_files import SINGLE
from lexgraft.weights.checkpoint.safetensors_header import WIDTHS

SHARD_LIMIT = 2 << 30  # bytes of data
ALIGNMENT = 4096  # the data of a file starts at a multiple


@dataclass(frozen=True)
class Slot:
    """A tensor to be written and its place: offset in the file, number of bytes."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: str
    offset: int
    length: int


@dataclass(frozen=True)
class Layout:
    """All files of weights of a folder: their headers, their sizes, every tensor's slot."""

    headers: dict[str, bytes]  # file → the 8 bytes of length and the JSON, padded
    sizes: dict[str, int]
    slots: dict[str, Slot]  # by tensor, sorted

    @property
    def total(self) -> int:
        """The bytes of all files of weights."""
        return sum(self.sizes.values())

    def index(self) -> bytes | None:
        """Return the text of the index that several files need; None for one file."""
        if len(self.headers) == 1:
            return None
        weights = sum(slot.length for slot in self.slots.values())
        weight_map = {name: slot.file for name, slot in self.slots.items()}
        return _json({"metadata": {"total_size": weights}, "weight_map": weight_map}, indent=2)


def plan_layout(
    tensors: Iterable[tuple[str, str, tuple[int, ...]]], shard_limit: int = SHARD_LIMIT
) -> Layout:
    """Return the layout for (name, dtype, shape) triples: shards filled in the order of names."""
    shards: list[list[tuple[str, str, tuple[int, ...]]]] = [[]]
    room = shard_limit
    for name, dtype, shape in sorted(tensors):
        length = prod(shape) * WIDTHS[dtype]
        if length > room and shards[-1]:
            shards.append([])
            room = shard_limit
        shards[-1].append((name, dtype, shape))
        room -= length
    headers: dict[str, bytes] = {}
    sizes: dict[str, int] = {}
    slots: dict[str, Slot] = {}
    for number, shard in enumerate(shards, 1):
        count = len(shards)
        file = SINGLE if count == 1 else f"model-{number:05d}-of-{count:05d}.safetensors"
        headers[file], placed, sizes[file] = _plan_file(file, shard)
        slots.update((slot.name, slot) for slot in placed)
    return Layout(headers, sizes, dict(sorted(slots.items())))


def _plan_file(
    file: str, tensors: Sequence[tuple[str, str, tuple[int, ...]]]
) -> tuple[bytes, list[Slot], int]:
    """Return one file's header, slots and size.

    Wide dtypes come first, so that all lie aligned; of one width, tensors of whole pages, so
    that the large ones can be written past the page cache.
    """
    ordered = sorted(tensors, key=_rank)
    fields: dict[str, object] = {"__metadata__": {"format": "pt"}}
    relative: list[tuple[str, str, tuple[int, ...], int, int]] = []
    offset = 0
    for name, dtype, shape in ordered:
        length = prod(shape) * WIDTHS[dtype]
        fields[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + length]}
        relative.append((name, dtype, shape, offset, length))
        offset += length
    text = _json(fields)
    start = -(-(8 + len(text)) // ALIGNMENT) * ALIGNMENT
    header = (start - 8).to_bytes(8, "little") + text.ljust(start - 8)
    slots = [Slot(n, dtype, shape, file, start + o, size) for n, dtype, shape, o, size in relative]
    return header, slots, start + offset


def _rank(tensor: tuple[str, str, tuple[int, ...]]) -> tuple[int, bool, str]:
    """Return what tensors are ordered by in a file."""
    name, dtype, shape = tensor
    width = WIDTHS[dtype]
    return -width, bool(prod(shape) * width % ALIGNMENT), name


def _json(value: object, indent: int | None = None) -> bytes:
    """Return JSON text in the order given."""
    separators = None if indent else (",", ":")
    return json.dumps(value, indent=indent, separators=separators, ensure_ascii=False).encode()
