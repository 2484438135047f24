"""Files that we read again: what was written is on record beside them, and is checked."""

import fnmatch
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.records import read_lines, write_bytes, write_lines

RECORD = "written.json"
"""Lies beside such files: their sizes and digests as they were written."""

T = TypeVar("T", bound=Struct)


class FileContent(Struct, frozen=True, forbid_unknown_fields=True):
    """What one file was written with."""

    bytes: int
    sha256: str


def write_checked(path: Path, rows: Iterable[Struct]) -> None:
    """Write records as JSON lines, whole or not at all, and put on record what they are.

    A kill between the two leaves a file that is not on record, never one that seems changed.
    """
    counted = _Counted(rows)
    with _recording(path) as record:
        write_lines(path, counted)
        record(counted.content())


def write_checked_bytes(path: Path, data: bytes) -> None:
    """Replace a file's content, whole or not at all, and put on record what it is."""
    with _recording(path) as record:
        write_bytes(path, data)
        record(_content(data))


@contextmanager
def _recording(path: Path) -> Generator[Callable[[FileContent], None]]:
    """Strike a file off the record while it is written; what it is then is put there."""
    strike_off(path)
    records = _records(path.parent)
    yield lambda content: _write(path.parent, {**records, path.name: content})


def read_checked(path: Path, kind: type[T], cure: str, *, foreign: bool = False) -> list[T]:
    """Return the records of a file that `write_checked` wrote.

    Args:
        path: the file.
        kind: what its lines are.
        cure: what to do when it is not as it was written.
        foreign: a file that is not on record is somebody's own, and read as it is.

    Raises:
        LexgraftError: it is gone, cut, changed, or was never put on record.
    """
    check_content(path, cure, foreign=foreign)
    return read_lines(path, kind)


def check_content(path: Path, cure: str, *, foreign: bool = False) -> None:
    """Raise for a file that is not as it was written, as `read_checked` does.

    Raises:
        LexgraftError: it is gone, cut, changed, or was never put on record.
    """
    content = _records(path.parent).get(path.name)
    if content is None and foreign:
        return
    if content is None:
        raise LexgraftError("not on record as written here", where=str(path), cure=cure)
    if not path.is_file():
        raise LexgraftError("gone since it was written", where=str(path), cure=cure)
    found = _content(path.read_bytes())
    if found != content:
        change = (
            f"{found.bytes:,} bytes of {content.bytes:,}"
            if found.bytes != content.bytes
            else "other content"
        )
        raise LexgraftError(f"not as it was written: {change}", where=str(path), cure=cure)


def gone_files(folder: Path, cure: str) -> list[Path]:
    """Return the files on record in a folder that are gone.

    Raises:
        LexgraftError: one that is there is cut or changed.
    """
    files = [folder / name for name in sorted(_records(folder))]
    gone = [path for path in files if not path.is_file()]
    for path in files:
        if path not in gone:
            check_content(path, cure)
    return gone


def strike_off(path: Path) -> None:
    """Take a file off the record: it is written anew, or gone and was not needed again."""
    records = _records(path.parent)
    if records.pop(path.name, None) is not None:
        _write(path.parent, records)


def is_on_record(path: Path) -> bool:
    """Return whether a file is there, and was put on record when it was written."""
    return path.is_file() and path.name in _records(path.parent)


def files_like(folder: Path, pattern: str) -> list[Path]:
    """Return the files of a folder whose names match, and those on record that are gone."""
    recorded = fnmatch.filter(_records(folder), pattern)
    return sorted({*folder.glob(pattern), *(folder / name for name in recorded)})


class _Counted:
    """Records that are counted and digested as they are written."""

    def __init__(self, rows: Iterable[Struct]) -> None:
        self._rows, self._hasher, self._bytes = rows, sha256(), 0

    def __iter__(self) -> Iterator[Struct]:
        encode = msgspec.json.Encoder().encode
        for row in self._rows:
            line = encode(row) + b"\n"
            self._hasher.update(line)
            self._bytes += len(line)
            yield row

    def content(self) -> FileContent:
        """Return what has passed."""
        return FileContent(self._bytes, self._hasher.hexdigest())


def _content(data: bytes) -> FileContent:
    return FileContent(len(data), sha256(data).hexdigest())


def _records(folder: Path) -> dict[str, FileContent]:
    file = folder / RECORD
    if not file.is_file():
        return {}
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, FileContent])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LexgraftError(
            f"not a record of what was written: {error}",
            where=str(file),
            cure="delete it and give the same command again: nothing is asked twice",
        ) from error


def _write(folder: Path, records: dict[str, FileContent]) -> None:
    data = msgspec.json.format(msgspec.json.encode(records, order="sorted"), indent=1)
    write_bytes(folder / RECORD, data + b"\n")
