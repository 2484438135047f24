"""What was learnt of the layers' inputs, in files: exact sums of products, added or taken away."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Literal

import msgspec
import numpy as np
from msgspec import Struct
from xxhash import xxh3_128

from lexgraft.arrays.lazy_torch import torch
from lexgraft.arrays.shapes import Float64
from lexgraft.errors import LexgraftError
from lexgraft.records import digest, write_bytes
from lexgraft.weights.checkpoint.safetensors_header import read_header
from lexgraft.weights.checkpoint.tensor_reading import read_tensor
from lexgraft.weights.methods.input_moments import InputMoments, Moments

INDEX = "statistics.json"
SOLVING = 2  # raised whenever the bytes that are made from the same sums change
KEPT_SOLVED = 3  # inputs whose projections stay in memory: those of neighbouring layers
_MATRICES = 6  # of float64 that a projection is solved with, its system counted
_AGAIN = "remove the folder: `lexgraft adopt` learns again"

Side = Literal["general", "questions"]
Square = Float64[np.ndarray, "input input"]


class InputRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """The sums of one input over one set of texts."""

    grid: float  # what the whole numbers in the sums are multiples of, before squaring
    digest: str  # of the stored bytes


class SideRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """One set of texts, and what a model's layers read of it."""

    model: str  # digest of the weights that read it
    texts: dict[str, tuple[tuple[int, ...], ...]]  # digest → rows of tokens, to be taken away again
    tokens: int
    inputs: dict[str, InputRecord]


class StatisticsIndex(Struct, frozen=True, forbid_unknown_fields=True):
    """Which weights read which input, and both sets of texts."""

    weights: dict[str, str]  # tensor → input, called by the first of its tensors
    widths: dict[str, int]  # input → its numbers per token
    general: SideRecord
    questions: SideRecord


@dataclass(frozen=True)
class InputStatistics:
    """Opened statistics; sums are read when a tensor is merged."""

    folder: Path
    index: StatisticsIndex
    _recent: OrderedDict[str, InputMoments] = field(default_factory=OrderedDict[str, InputMoments])
    _turn: Lock = field(default_factory=Lock)

    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes as what is in the files, none of it read."""
        return InputStatistics, (self.folder, self.index)

    @cached_property
    def digest(self) -> str:
        """The identity of all that was learnt: every file is checked against it when it is read."""
        return digest("input statistics", SOLVING, self.index)

    @cached_property
    def weights(self) -> Mapping[str, str]:
        """Tensor → input, of those that general text says enough about.

        Fewer tokens than numbers per token cannot tell an input that general text never uses from
        one that it was not seen to use.
        """
        tokens, widths = self.index.general.tokens, self.index.widths
        return {name: read for name, read in self.index.weights.items() if widths[read] <= tokens}

    @property
    def left_out(self) -> tuple[str, ...]:
        """The tensors with too few tokens to learn from, which stay the first model's."""
        return tuple(name for name in self.index.weights if name not in self.weights)

    @property
    def solving_bytes(self) -> int:
        """The memory that projections take while they are solved and used."""
        widths = (self.index.widths[read] for read in self.weights.values())
        return 8 * (_MATRICES + KEPT_SOLVED) * max(widths, default=0) ** 2

    def moments(self, name: str) -> InputMoments | None:
        """Return what was learnt of a tensor's input; None: nothing."""
        read = self.weights.get(name)
        if read is None:
            return None
        with self._turn:  # a merge asks for many tensors at once
            solved = self._recent.pop(read, None) or InputMoments(lambda: self._read(read))
            self._recent[read] = solved
            while len(self._recent) > KEPT_SOLVED:
                self._recent.popitem(last=False)
        return solved

    def _read(self, read: str) -> tuple[Moments, Moments]:
        general, questions = (
            torch.from_numpy(self.sums(side, read) * record.inputs[read].grid ** 2)
            for side, record in self._sides.items()
        )
        return general, questions

    def sums(self, side: Side, read: str) -> Square:
        """Return the sums of an input over one set of texts, in whole numbers.

        Raises:
            LexgraftError: the file is not as it was written.
        """
        path = _file(self.folder, side, read)
        stated = self.side(side).inputs[read].digest
        if not path.is_file():
            raise LexgraftError("learnt sums are gone", where=str(path), cure=_AGAIN)
        (entry,) = read_header(path)
        stored = read_tensor(entry).numpy()
        if _content(stored) != stated:
            raise LexgraftError("not as it was written", where=str(path), cure=_AGAIN)
        return unfolded(stored, self.index.widths[read])

    def side(self, side: Side) -> SideRecord:
        """Return the record of one set of texts."""
        return self._sides[side]

    @property
    def _sides(self) -> dict[Side, SideRecord]:
        return {"general": self.index.general, "questions": self.index.questions}


def open_statistics(folder: Path) -> InputStatistics | None:
    """Return the statistics of a folder; None where none have been finished.

    Raises:
        LexgraftError: an index that is not one.
    """
    path = folder / INDEX
    if not path.is_file():
        return None
    try:
        index = msgspec.json.decode(path.read_bytes(), type=StatisticsIndex)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LexgraftError(
            f"no index of statistics: {error}", where=str(path), cure=_AGAIN
        ) from error
    return InputStatistics(folder, index)


def write_sums(folder: Path, side: Side, read: str, sums: Square, grid: float) -> InputRecord:
    """Write the sums of one input, and return what the index says of them."""
    stored = folded(sums)
    from safetensors.torch import save  # loads torch, which most merges do without

    write_bytes(_file(folder, side, read), save({"sums": torch.from_numpy(stored)}))
    return InputRecord(grid, _content(stored))


def finish_statistics(folder: Path, index: StatisticsIndex) -> InputStatistics:
    """Write the index, which makes the folder whole, and return the statistics."""
    write_bytes(folder / INDEX, msgspec.json.format(msgspec.json.encode(index), indent=1) + b"\n")
    return InputStatistics(folder, index)


def folded(square: Square) -> Float64[np.ndarray, "rows columns"]:
    """Return a symmetric matrix in half the space: (size + 1) · ⌈size / 2⌉ numbers for size².

    With the halves A, Bᵀ / B, D of an even one: B, and beside it D's upper triangle in the space
    above that of A, one column to the right (rectangular full packed, Gustavson et al. 2010).

    >>> folded(np.array([[1.0, 2.0], [2.0, 3.0]])).tolist()
    [[2.0, 1.0, 3.0]]
    """
    even = np.pad(square, (0, len(square) % 2))
    half = len(even) // 2
    packed = np.zeros((half, len(even) + 1))
    packed[:, :half] = even[half:, :half]
    packed[:, half:-1] = np.tril(even[:half, :half])
    packed[:, half + 1 :] += np.triu(even[half:, half:])
    return packed


def unfolded(packed: Float64[np.ndarray, "rows columns"], size: int) -> Square:
    """Return the symmetric matrix of so many rows that `folded` has packed."""
    half = len(packed)
    even = np.zeros((2 * half, 2 * half))
    even[half:, :half] = packed[:, :half]
    even[:half, half:] = packed[:, :half].T
    low, high = np.tril(packed[:, half:-1]), np.triu(packed[:, half + 1 :])
    even[:half, :half] = low + np.tril(low, -1).T
    even[half:, half:] = high + np.triu(high, 1).T
    return even[:size, :size]


def _content(stored: Float64[np.ndarray, "rows columns"]) -> str:
    return xxh3_128(np.ascontiguousarray(stored).data).hexdigest()


def _file(folder: Path, side: Side, read: str) -> Path:
    return folder / side / f"{digest(read)[:16]}.safetensors"  # a name is no path
