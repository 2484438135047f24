"""Crash-safe, resumable writing of a model folder: old or new, never half."""

import os
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from xxhash import xxh3_128

from lexgraft.errors import LexgraftError
from lexgraft.files.disk_space import SLACK, free_bytes
from lexgraft.files.folder_lock import locked
from lexgraft.files.model_files import INDEX
from lexgraft.files.ownership import check_outputs, clash
from lexgraft.weights.checkpoint.disk_io import (
    PAGE,
    direct_handle,
    disk_error,
    full,
    make_folder,
    on_page,
    part_name,
    replace_file,
    reserve,
    sync_folder,
    write_all,
)
from lexgraft.weights.checkpoint.file_layout import Layout, Slot
from lexgraft.weights.checkpoint.journal import JOURNAL, Journal, Record
from lexgraft.weights.checkpoint.manifest_file import MANIFEST
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.checkpoint.tensor_digests import digest_now

SYNC_EVERY = 256 << 20  # bytes; at most this much work is lost by a kill
_DIGEST = "digest"


class FolderWriter:
    """A model folder being written: any tensor in any order, by any thread, then `finish`."""

    def __init__(self, folder: Path, layout: Layout, journal: Journal) -> None:
        """Use `open_folder`, which locks the folder and checks what is in it."""
        self._folder, self._layout, self._journal = folder, layout, journal
        self._pending: dict[str, Record] = {}
        self._pending_bytes = 0
        self._lock, self._syncing = Lock(), Lock()
        self._broken = False
        self._handles: dict[str, int] = {}
        self.done: dict[str, Record] = {}

    def open(self) -> None:
        """Take the space of all files and verify what an earlier run has finished."""
        for name in (MANIFEST, INDEX):  # only a whole folder has them
            (self._folder / name).unlink(missing_ok=True)
        sync_folder(self._folder)
        for file, size in self._layout.sizes.items():
            self._handles[file] = reserve(self._folder, file, size)
        sync_folder(self._folder)
        self.done = self._verified()

    def ordered(self, names: Iterable[str]) -> list[str]:
        """Return tensors in the order in which they are best written: the largest first."""
        slots = self._layout.slots
        return sorted(names, key=lambda name: (-slots[name].length, name))

    def write(self, name: str, windows: Iterable[bytes | memoryview]) -> str:
        """Write one tensor's bytes to their place and return their digest.

        They count as finished only after `note`; until then they may be written again.
        """
        slot = self._layout.slots[name]
        return write_slot(self._folder, slot, self._handles[slot.file], windows)

    def note(self, name: str, digest: str, record: Mapping[str, str] | None = None) -> None:
        """Take a tensor as finished, with what is to be known of it after a restart."""
        with self._lock:
            self._pending[name] = {_DIGEST: digest, **(record or {})}
            self._pending_bytes += self._layout.slots[name].length
            due = self._pending_bytes >= SYNC_EVERY
        if due:
            self.sync()

    def sync(self) -> None:
        """Put everything noted so far on the disk, then into the journal."""
        with self._syncing:
            with self._lock:
                pending, self._pending, self._pending_bytes = self._pending, {}, 0
            if not pending or self._broken:
                return
            self._broken = True  # after a failed fsync the next one would say that all is well
            for file in dict.fromkeys(self._layout.slots[name].file for name in pending):
                os.fsync(self._handles[file])
            self._journal.add(pending)
            self.done.update(pending)
            self._broken = False

    def digests(self) -> dict[str, str]:
        """Return the digest of every tensor's bytes, once all are written, by sorted name."""
        return {name: record[_DIGEST] for name, record in self.records().items()}

    def records(self) -> dict[str, Record]:
        """Return what was noted of every tensor, once all are written, by sorted name."""
        self.sync()
        return {name: self.done[name] for name in self._layout.slots}

    def finish(self, assets: Mapping[str, bytes], manifest: bytes) -> None:
        """Write headers and side files, give the files their names; the manifest comes last."""
        for file, data in assets.items():
            make_folder((self._folder / file).parent)
            replace_file(self._folder / file, data)
        for file, header in self._layout.headers.items():
            write_all(self._handles[file], header, 0)
            os.fsync(self._handles[file])
        for file in self._layout.headers:
            part_name(self._folder, file).rename(self._folder / file)
        sync_folder(self._folder)
        index = self._layout.index()
        if index is not None:
            replace_file(self._folder / INDEX, index)
            sync_folder(self._folder)
        replace_file(self._folder / MANIFEST, manifest)
        sync_folder(self._folder)
        self._journal.remove()
        sync_folder(self._folder)

    def close(self) -> None:
        """Close all files; an unfinished run can be resumed from what is there."""
        for handle in self._handles.values():
            os.close(handle)
        self._journal.close()

    def _verified(self) -> dict[str, Record]:
        """Return what the journal records and the files do hold."""
        return {
            name: record
            for name, record in self._journal.done.items()
            if name in self._layout.slots and self._held(name) == record.get(_DIGEST)
        }

    def _held(self, name: str) -> str:
        """Return the digest of what lies in a tensor's place."""
        slot = self._layout.slots[name]
        partial_name = part_name(self._folder, slot.file)
        end = slot.offset + slot.length
        return digest_now(TensorEntry(name, slot.dtype, slot.shape, partial_name, slot.offset, end))


def write_slot(folder: Path, slot: Slot, handle: int, windows: Iterable[bytes | memoryview]) -> str:
    """Write one tensor's bytes to their place in an unfinished file and return their digest.

    `handle` is the file's; whole pages go past its cache where the disk allows it.
    """
    offset, hasher = slot.offset, xxh3_128()
    with direct_handle(
        part_name(folder, slot.file), enabled=offset % PAGE == 0 and slot.length >= PAGE
    ) as direct:
        for window in windows:
            whole_pages = offset % PAGE == 0 and len(window) % PAGE == 0 and on_page(window)
            write_all(handle if direct is None or not whole_pages else direct, window, offset)
            hasher.update(window)
            offset += len(window)
    if offset != slot.offset + slot.length:
        raise ValueError(f"{slot.name}: {offset - slot.offset} bytes of {slot.length}")
    return hasher.hexdigest()


@contextmanager
def open_folder(
    folder: Path, layout: Layout, key: str, inputs: Sequence[Path]
) -> Generator[FolderWriter]:
    """Return a writer for a folder that is new, empty, or an unfinished run with this key.

    Raises:
        LexgraftError: the folder is an input, holds something else, is in use, or does not fit.
    """
    refuse_inputs(folder, inputs)
    check_outputs([folder], (), folders=True)
    is_new = not folder.exists()
    try:
        make_folder(folder)
        with locked(folder):
            _check_content(folder)
            _check_space(folder, layout)
            writer = FolderWriter(folder, layout, Journal(folder / JOURNAL, key))
            try:
                writer.open()
                yield writer
            except KeyboardInterrupt:
                writer.sync()
                raise
            except Exception:
                with suppress(OSError):
                    writer.sync()
                raise
            finally:
                writer.close()
    except OSError as error:
        raise disk_error(folder, error) from error
    finally:
        if is_new:
            with suppress(OSError):  # not empty: what was begun goes on from there
                folder.rmdir()


def refuse_taken(folder: Path, inputs: Sequence[Path]) -> None:
    """Raise when `open_folder` would refuse the folder as it is: before long work, not after."""
    refuse_inputs(folder, inputs)
    if folder.is_dir():
        _check_content(folder)


def refuse_inputs(folder: Path, inputs: Sequence[Path]) -> None:
    """Raise when the output folder is an input, lies in one or holds one."""
    for path in inputs:
        if clash(folder, path):
            raise LexgraftError(
                f"the output folder and the input {path} are one, or one lies in the other",
                where=str(folder),
                cure="choose another output folder: inputs are never overwritten",
            )


def _check_content(folder: Path) -> None:
    """Raise when the folder holds anything but an unfinished run."""
    names = sorted(path.name for path in folder.iterdir())
    if names and JOURNAL not in names and names != [JOURNAL + ".part"]:
        raise LexgraftError(
            f"the output folder is not empty: it holds {names[0]!a}",
            where=str(folder),
            cure="choose a new folder, or empty this one",
        )


def _check_space(folder: Path, layout: Layout) -> None:
    """Raise when the files would not fit on the disk."""
    present = sum(path.stat().st_blocks * 512 for path in sorted(folder.iterdir()))
    needed = layout.total - present + layout.total // 100 + SLACK
    free = free_bytes(folder)
    if needed > free:
        raise full(folder, f"{needed:,} bytes are needed, {free:,} are free")
