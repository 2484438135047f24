"""Crash-safe, resumable writing of a model folder: old or new, never half."""

import fcntl
import os
import shutil
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from lexgraft.checkpoint.disk import (
    full,
    part_name,
    reserve,
    slot_digest,
    sync_folder,
    write_all,
)
from lexgraft.checkpoint.index import INDEX
from lexgraft.checkpoint.journal import JOURNAL, Journal
from lexgraft.checkpoint.layout import Layout
from lexgraft.errors import UserError
from lexgraft.records import write_bytes

MANIFEST = "manifest.json"
SYNC_EVERY = 256 << 20  # bytes; at most this much work is lost by a kill
SLACK = 64 << 20  # bytes to stay free, beside one per cent


class FolderWriter:
    """A model folder being written: any tensor in any order, then `finish`."""

    def __init__(self, folder: Path, layout: Layout, journal: Journal) -> None:
        """Use `open_folder`, which locks the folder and checks what is in it."""
        self._folder, self._layout, self._journal = folder, layout, journal
        self._pending: dict[str, str] = {}
        self._pending_bytes = 0
        self._handles = {file: reserve(folder, file, n) for file, n in layout.sizes.items()}
        self.done = self._verified()

    def write(self, name: str, windows: Iterable[bytes | memoryview]) -> None:
        """Write one tensor's bytes to their place."""
        slot = self._layout.slots[name]
        handle, at, hasher = self._handles[slot.file], slot.offset, sha256()
        for window in windows:
            write_all(handle, window, at, self._folder)
            hasher.update(window)
            at += len(window)
        if at != slot.offset + slot.length:
            raise ValueError(f"{name}: {at - slot.offset} bytes of {slot.length}")
        self._pending[name] = hasher.hexdigest()
        self._pending_bytes += slot.length
        if self._pending_bytes >= SYNC_EVERY:
            self.sync()

    def sync(self) -> None:
        """Put everything written so far on the disk, then into the journal."""
        if self._pending:
            for handle in self._handles.values():
                os.fsync(handle)
            self._journal.add(self._pending)
            self.done.update(self._pending)
            self._pending, self._pending_bytes = {}, 0

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of every tensor's bytes, once all are written, by sorted name."""
        self.sync()
        return {name: self.done[name] for name in self._layout.slots}

    def finish(self, sides: Mapping[str, bytes], manifest: bytes) -> None:
        """Write headers and side files, give the files their names; the manifest comes last."""
        for file, data in sides.items():
            write_bytes(self._folder / file, data)
        for file, header in self._layout.headers.items():
            write_all(self._handles[file], header, 0, self._folder)
            os.fsync(self._handles[file])
            part_name(self._folder, file).rename(self._folder / file)
        sync_folder(self._folder)
        index = self._layout.index()
        if index is not None:
            write_bytes(self._folder / INDEX, index)
        write_bytes(self._folder / MANIFEST, manifest)
        sync_folder(self._folder)
        self._journal.remove()
        sync_folder(self._folder)

    def close(self) -> None:
        """Close all files; an unfinished run can be resumed from what is there."""
        for handle in self._handles.values():
            os.close(handle)
        self._journal.close()

    def _verified(self) -> dict[str, str]:
        """Return what the journal records and the files do hold."""
        slots = self._layout.slots
        return {
            name: digest
            for name, digest in self._journal.done.items()
            if name in slots and slot_digest(self._handles[slots[name].file], slots[name]) == digest
        }


@contextmanager
def open_folder(
    folder: Path, layout: Layout, key: str, inputs: Sequence[Path]
) -> Generator[FolderWriter]:
    """Return a writer for a folder that is new, empty, or an unfinished run with this key.

    Raises:
        UserError: the folder is an input, holds something else, is in use, or does not fit.
    """
    refuse_inputs(folder, inputs)
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        _check_content(folder)
        _check_space(folder, layout)
        writer = FolderWriter(folder, layout, Journal(folder / JOURNAL, key))
        try:
            yield writer
        except KeyboardInterrupt:
            writer.sync()
            raise
        finally:
            writer.close()


def refuse_inputs(folder: Path, inputs: Sequence[Path]) -> None:
    """Raise when the output folder is an input, lies in one or holds one."""
    here = folder.resolve()
    for path in inputs:
        there = path.resolve()
        if here.is_relative_to(there) or there.is_relative_to(here):
            raise UserError(
                f"the output folder and the input {path} are one, or one lies in the other",
                where=str(folder),
                cure="choose another output folder: inputs are never overwritten",
            )


@contextmanager
def locked(folder: Path) -> Generator[None]:
    """Hold a folder for this run alone; the lock goes with the process, however it ends."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                "another run is writing here", where=str(folder), cure="wait, or choose another"
            ) from error
        yield
    finally:
        os.close(handle)


def _check_content(folder: Path) -> None:
    """Raise when the folder holds anything but an unfinished run."""
    names = sorted(path.name for path in folder.iterdir())
    if names and JOURNAL not in names and names != [JOURNAL + ".part"]:
        raise UserError(
            f"the output folder is not empty: it holds {names[0]!a}",
            where=str(folder),
            cure="choose a new folder, or empty this one",
        )


def _check_space(folder: Path, layout: Layout) -> None:
    """Raise when the files would not fit on the disk."""
    there = sum(path.stat().st_blocks * 512 for path in sorted(folder.iterdir()))
    needed = layout.total - there + layout.total // 100 + SLACK
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise full(folder, f"{needed:,} bytes are needed, {free:,} are free")
