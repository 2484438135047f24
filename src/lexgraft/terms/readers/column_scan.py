"""Delimited text by columns: millions of rows looked at in arrays, a piece of a file at a time."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from msgspec import Struct

from lexgraft.arrays.shapes import Bool, Int64, UInt8
from lexgraft.records import Progress, silent
from lexgraft.terms.readers.file_start import unpacked
from lexgraft.terms.readers.import_log import ImportLog

Numbers = Int64[np.ndarray, "_"]
Flags = Bool[np.ndarray, "_"]
Signs = UInt8[np.ndarray, "..."]
Edges = Int64[np.ndarray, "row _"]

_PIECE = 1 << 18  # bytes looked at together
_LINE_FEED, _RETURN, _ZERO = 10, 13, 48
_DIGITS = 18  # more might not fit
_POWERS = 10 ** np.arange(_DIGITS, dtype=np.int64)[::-1]
_LETTERS = 7  # of a short code, seen as one number
_PLACES = 256 ** np.arange(_LETTERS, dtype=np.int64)[::-1]


class FilePiece(Struct, frozen=True):
    """Some whole rows of a file, and where their cells stand."""

    data: bytes
    offset: int  # of the data in the file
    signs: Signs  # the data again
    lines: Numbers  # number of each row's line
    edges: Edges  # cell k of a row lies between its edges k and k + 1
    read: int  # lines, also of rows that have not the width
    odd: tuple[tuple[int, bytes], ...]  # those: line and content

    def starts(self, column: int) -> Numbers:
        """Return where the cells of a column start."""
        return self.edges[:, column] + 1

    def lengths(self, column: int) -> Numbers:
        """Return how many bytes the cells of a column have."""
        return self.edges[:, column + 1] - self.starts(column)

    def text(self, row: int, column: int) -> str:
        """Return one cell."""
        cell = self.data[self.edges[row, column] + 1 : self.edges[row, column + 1]]
        return cell.decode(errors="replace")

    def numbers(self, column: int, skipped: int = 0) -> Numbers:
        """Return a column of digits behind some skipped bytes, -1 where a cell is anything else."""
        length = self.lengths(column) - skipped
        digits = self._last(column, length, _DIGITS) - np.uint8(_ZERO)
        width = digits.shape[1]
        digits[np.arange(width) < width - length[:, None]] = 0
        wrong = (length < 1) | (length > _DIGITS) | (digits > 9).any(axis=1)
        return np.where(wrong, -1, digits.astype(np.int64) @ _POWERS[_DIGITS - width :])

    def codes(self, column: int) -> Numbers:
        """Return a column of up to seven bytes each as numbers; of longer cells, the last seven."""
        length = self.lengths(column)
        letters = self._last(column, length, _LETTERS)
        width = letters.shape[1]
        letters[np.arange(width) < width - length[:, None]] = 0
        return letters.astype(np.int64) @ _PLACES[_LETTERS - width :]

    def equals(self, column: int, value: bytes) -> Flags:
        """Tell which cells of a column have this content."""
        same = self.lengths(column) == len(value)
        letters = self.signs[self.starts(column)[same, None] + np.arange(len(value))]
        same[same] = (letters == np.frombuffer(value, np.uint8)).all(axis=1)
        return same

    def _last(self, column: int, length: Numbers, limit: int) -> Signs:
        """Return the last bytes of each cell, as many as the longest has; others before shorter."""
        width = int(min(limit, max(1, length.max(initial=1))))
        positions = self.edges[:, column + 1, None] - np.arange(width, 0, -1)
        return self.signs[np.maximum(positions, 0)]


class ScannedColumn:
    """A column of numbers, gathered piece by piece in one array that is allocated once."""

    def __init__(self, files: Iterable[Path]) -> None:
        """Allocate one number a line; pages that are not used take no memory."""
        self._room = np.empty(sum(map(line_count, files)), np.int64)
        self._size = 0

    def add(self, numbers: Numbers) -> None:
        """Add some numbers at the end."""
        end = self._size + len(numbers)
        self._room[self._size : end] = numbers
        self._size = end

    def numbers(self) -> Numbers:
        """Return those that were added, without a copy."""
        return self._room[: self._size]


def pieces(
    path: Path, separator: bytes, width: int, progress: Progress = silent, *, header: bool
) -> Iterator[FilePiece]:
    """Yield the rows of a file piece by piece; a quotation mark is a character like any other."""
    with unpacked(path, progress) as file:
        offset = len(file.readline()) if header else 0
        line, remainder = 1 + header, b""
        while True:
            chunk = file.read(_PIECE)
            data = remainder + chunk if chunk else remainder + b"\n" * bool(remainder)
            end = data.rfind(b"\n") + 1
            data, remainder = data[:end], data[end:]
            if data:
                piece = _whole_rows(data, separator, width, offset, line)
                yield piece
                offset, line = offset + len(data), line + piece.read
            if not chunk:
                return


def skip_rows(tally: ImportLog, lines: Numbers, reason: str) -> None:
    """Count rows that a rule of the format leaves out, with the numbers of their lines."""
    first: Sequence[int] = lines[:10].tolist()
    for line in first:
        tally.skip_row(line, reason)
    if remaining := len(lines) - len(first):
        tally.skip_row(int(lines[len(first)]), reason, remaining)


def line_count(path: Path) -> int:
    """Return how many lines a file has, or one more."""
    with unpacked(path) as file:
        return 1 + sum(data.count(b"\n") for data in iter(lambda: file.read(_PIECE), b""))


def _whole_rows(data: bytes, separator: bytes, width: int, offset: int, line: int) -> FilePiece:
    """Return whole lines with the places of their cells."""
    signs = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(signs == _LINE_FEED)
    marks = np.flatnonzero(signs == separator[0])
    counts = np.diff(np.searchsorted(marks, ends), prepend=0)
    before = np.concatenate(([-1], ends[:-1]))
    good = counts == width - 1
    edges = np.empty((int(good.sum()), width + 1), np.int64)
    edges[:, 0] = before[good]
    edges[:, 1:-1] = marks[np.repeat(good, counts)].reshape(-1, width - 1)
    edges[:, -1] = (ends - (signs[ends - 1] == _RETURN))[good]
    odd = tuple(
        (line + int(row), data[before[row] + 1 : ends[row] + 1]) for row in np.flatnonzero(~good)
    )
    return FilePiece(data, offset, signs, line + np.flatnonzero(good), edges, len(ends), odd)
