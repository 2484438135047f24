"""A disk that forgets: what a power cut leaves of the file operations of a run.

Every operation of a real run is written down. A cut after any of them is then played: what was
synced stays; of the rest, any part of any write may be lost, sector by sector, and any name.
"""

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SECTOR = 512  # bytes that a disk writes whole
Operation = tuple[Any, ...]


class Trace:
    """The file operations of a run in one folder, in order; files are numbered as they appear."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.operations: list[Operation] = []
        self.names: dict[str, int] = {}
        self.start: dict[str, bytes] = {}
        if folder.is_dir():
            for path in sorted(folder.iterdir()):
                self.start[path.name] = path.read_bytes()
                self.names[path.name] = len(self.names)
        self._files = len(self.names)
        self._handles: dict[int, int | None] = {}

    def name_of(self, path: Any) -> str | None:
        """Return the name of a path that lies in the folder."""
        given = Path(path)
        return given.name if given.parent == self.folder else None

    def opened(self, handle: int, path: Any, flags: int) -> None:
        if Path(path) == self.folder:
            self._handles[handle] = None
            return
        name = self.name_of(path)
        if name is None or flags & os.O_ACCMODE == os.O_RDONLY:
            self._handles.pop(handle, None)
            return
        if name not in self.names:
            self.names[name] = self._files
            self.operations.append(("link", name, self._files))
            self._files += 1
        self._handles[handle] = self.names[name]
        if flags & os.O_TRUNC:
            self.operations.append(("size", self.names[name], 0))

    def synced(self, handle: int) -> None:
        if handle in self._handles:
            file = self._handles[handle]
            self.operations.append(("sync names",) if file is None else ("sync", file))

    def wrote(self, handle: int, data: bytes, offset: int | None) -> None:
        if self._handles.get(handle) is not None:
            self.operations.append(("write", self._handles[handle], offset, data))

    def sized(self, handle: int, size: int) -> None:
        if self._handles.get(handle) is not None:
            self.operations.append(("size", self._handles[handle], size))

    def renamed(self, source: Any, target: Any) -> None:
        old, new = self.name_of(source), self.name_of(target)
        if old is not None and new is not None:
            self.names[new] = self.names.pop(old)
            self.operations.append(("rename", old, new, self.names[new]))

    def removed(self, path: Any) -> None:
        name = self.name_of(path)
        if name is not None:
            del self.names[name]
            self.operations.append(("remove", name))


def _allocate(*_given: int) -> None:
    """Take no space: some file systems cannot."""


@contextmanager
def traced(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Trace]:
    """Write down the file operations that happen in a folder; nothing is really synced."""
    trace = Trace(folder)
    real: dict[str, Callable[..., Any]] = {
        name: getattr(os, name)
        for name in ("open", "pwrite", "write", "ftruncate", "rename", "replace", "unlink")
    }

    def opened(path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
        handle = real["open"](path, flags & ~os.O_DIRECT, mode, **more)
        trace.opened(handle, path, flags)
        return handle

    def pwrite(handle: int, data: Any, offset: int) -> int:
        trace.wrote(handle, bytes(data), offset)
        return real["pwrite"](handle, data, offset)

    def write(handle: int, data: Any) -> int:
        trace.wrote(handle, bytes(data), None)
        return real["write"](handle, data)

    def ftruncate(handle: int, size: int) -> None:
        trace.sized(handle, size)
        real["ftruncate"](handle, size)

    def rename(source: Any, target: Any) -> None:
        real["rename"](source, target)
        trace.renamed(source, target)

    def unlink(path: Any) -> None:
        real["unlink"](path)
        trace.removed(path)

    with monkeypatch.context() as patch:
        for name, fake in {
            "open": opened,
            "pwrite": pwrite,
            "write": write,
            "ftruncate": ftruncate,
            "rename": rename,
            "replace": rename,
            "unlink": unlink,
            "fsync": trace.synced,
            "posix_fallocate": _allocate,
        }.items():
            patch.setattr(os, name, fake)
        yield trace


class _File:
    """One file's content as the disk holds it, and the operations it may still lose."""

    def __init__(self, content: bytes = b"") -> None:
        self.content, self.loose = bytearray(content), list[Operation]()

    def left(self, chance: np.random.Generator) -> bytes:
        """Return what a cut leaves: any sectors of any unsynced write, any change of size."""
        content = bytearray(self.content)
        for operation in self.loose:
            if operation[0] == "size":
                if chance.random() < 0.5:
                    _resize(content, operation[2])
            else:
                _put(content, operation, lambda: bool(chance.random() < 0.5))
        return bytes(content)

    def settle(self) -> None:
        """Make all of it durable."""
        for operation in self.loose:
            if operation[0] == "size":
                _resize(self.content, operation[2])
            else:
                _put(self.content, operation, lambda: True)
        self.loose.clear()


def _resize(content: bytearray, size: int) -> None:
    del content[size:]
    content.extend(bytes(size - len(content)))


def _put(content: bytearray, operation: Operation, lands: Callable[[], bool]) -> None:
    """Write what lands of some data, sector by sector; None appends."""
    _, _, offset, data = operation
    at = len(content) if offset is None else offset
    for start in range(0, len(data), SECTOR):
        if lands():
            piece = data[start : start + SECTOR]
            if len(content) < at + start + len(piece):
                _resize(content, at + start + len(piece))
            content[at + start : at + start + len(piece)] = piece


class _Disk:
    """Files and names, and the changes of names that a cut may still lose."""

    def __init__(self, start: dict[str, bytes]) -> None:
        self.files = {number: _File(data) for number, data in enumerate(start.values())}
        self.names = {name: number for number, name in enumerate(start)}
        self.loose: list[Operation] = []

    def play(self, operation: Operation) -> None:
        """Do one operation."""
        match operation:
            case ("sync", file):
                self.files[file].settle()
            case ("sync names",):
                for change in self.loose:
                    self.name(change)
                self.loose.clear()
            case ("write" | "size", file, *_):
                self.files[file].loose.append(operation)
            case _:
                if operation[0] == "link":
                    self.files[operation[2]] = _File()
                self.loose.append(operation)

    def name(self, change: Operation) -> None:
        """Apply one change of names."""
        match change:
            case ("link", name, file):
                self.names[name] = file
            case ("rename", old, new, file):
                self.names.pop(old, None)
                self.names[new] = file
            case _:
                self.names.pop(change[1], None)


def cut(trace: Trace, after: int, seed: int, target: Path) -> None:
    """Put into a folder what is left when the power fails after that many operations."""
    chance, disk = np.random.default_rng([seed, after]), _Disk(trace.start)
    for operation in trace.operations[:after]:
        disk.play(operation)
    for change in disk.loose:
        if chance.random() < 0.5:
            disk.name(change)
    target.mkdir(parents=True)
    for name, file in disk.names.items():
        (target / name).write_bytes(disk.files[file].left(chance))
