"""Files on a real disk: space taken first, short reads and writes continued, names made durable."""

import errno
import mmap
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from lexgraft.errors import LexgraftError
from lexgraft.files.store_places import object_of
from lexgraft.files.store_url import StoredObject

WINDOW = 4 << 20  # bytes read or written at once
PIECE = 256 << 10  # bytes that are still in the second cache when they are looked at
PAGE = 4096  # what direct writing wants offsets, lengths and memory to be multiples of
_NO_FALLOCATE = {errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}
_NO_DIRECT = {errno.EINVAL, errno.EOPNOTSUPP}
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FAILING = {errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.ELOOP}
Look = Callable[[memoryview, int], None]
"""Is shown a piece of what was read, with where it begins."""

_TRIES = 3  # of a read that the disk answers with an error


def page_memory(size: int) -> memoryview:
    """Return memory that begins at a page, for direct reads and writes; kept for many uses."""
    return memoryview(mmap.mmap(-1, -(-size // PAGE) * PAGE))


def fill(
    path: Path,
    offset: int,
    view: memoryview,
    ahead: int = 0,
    look: Look | None = None,
) -> None:
    """Fill memory from a file, or from the object it stands for, however short the reads are.

    The kernel is asked to fetch the `ahead` bytes that follow while these are worked on. Whoever
    wants to look at all of it once is shown piece by piece, with where it begins, in the cache.

    Raises:
        LexgraftError: the file ends too early or cannot be read, with its name and the offset.
    """
    stored = object_of(path)
    if stored is not None and not stored.fetched:
        _fill_from_store(stored, offset, view, ahead, look)
        return
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        step = PIECE if look else max(1, len(view))
        for start in range(0, len(view), step):
            piece = view[start : start + step]
            _fill(handle, piece, offset + start, path)
            if start == 0 and ahead > 0:
                os.posix_fadvise(handle, offset + len(view), ahead, os.POSIX_FADV_WILLNEED)
            if look:
                look(piece, start)
    finally:
        os.close(handle)


def _fill_from_store(
    stored: StoredObject, offset: int, view: memoryview, ahead: int, look: Look | None
) -> None:
    from lexgraft.files.ranged_reads import read_ahead  # merges of folders need none of it

    read_ahead().fill(stored, offset, view, ahead)
    for start in range(0, len(view) if look else 0, PIECE):
        if look:
            look(view[start : start + PIECE], start)


def reserve(folder: Path, file: str, size: int) -> int:
    """Return the handle of a `.part` file with all its space taken."""
    partial_name, final = part_name(folder, file), folder / file
    if final.exists():  # killed while the names were being given
        final.rename(partial_name)
    handle = os.open(partial_name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        os.posix_fallocate(handle, 0, size)
    except OSError as error:
        if error.errno not in _NO_FALLOCATE:
            os.close(handle)
            raise
    os.ftruncate(handle, size)
    return handle


@contextmanager
def direct_handle(path: Path, *, enabled: bool = True) -> Generator[int | None]:
    """Return a handle that writes past the page cache; None where there is no such thing."""
    try:
        handle = (
            os.open(path, os.O_WRONLY | os.O_DIRECT | os.O_NOFOLLOW | os.O_CLOEXEC)
            if enabled
            else None
        )
    except OSError as error:
        if error.errno not in _NO_DIRECT:
            raise
        handle = None
    try:
        yield handle
    finally:
        if handle is not None:
            os.close(handle)


def on_page(window: bytes | memoryview) -> bool:
    """Return whether bytes begin where a page of memory does, as direct writing asks for."""
    return len(window) > 0 and np.frombuffer(window, np.uint8).ctypes.data % PAGE == 0


def write_all(handle: int, data: bytes | memoryview, offset: int) -> None:
    """Write all of the data at an offset, however short the single writes are."""
    view = memoryview(data)
    while view:
        count = os.pwrite(handle, view, offset)
        view, offset = view[count:], offset + count


def replace_file(path: Path, data: bytes) -> None:
    """Replace a file's content, whole or not at all; durable with the next `sync_folder`."""
    aside = part_name(path.parent, path.name)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(aside, flags, 0o644)
    try:
        write_all(handle, data, 0)
        os.fsync(handle)
    finally:
        os.close(handle)
    aside.replace(path)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, with names that outlive a power cut."""
    lacking = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(lacking):
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names given in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def part_name(folder: Path, file: str) -> Path:
    """Return the name that a file has until it is complete."""
    return folder / f"{file}.part"


def disk_error(folder: Path, error: OSError) -> Exception:
    """Return an error the user can act on for a full or failing disk, otherwise the error."""
    if error.errno in _NO_SPACE:
        return full(folder, error.strerror or "no space")
    if error.errno in _FAILING:
        return LexgraftError(
            f"cannot be written: {error.strerror}",
            where=str(error.filename or folder),
            cure="check the disk and the rights; finished tensors are kept",
        )
    return error


def full(folder: Path, why: str) -> LexgraftError:
    """Return the error for a disk that is too full."""
    return LexgraftError(
        f"not enough space on the disk: {why}",
        where=str(folder),
        cure="free some and run again: finished tensors are kept",
    )


def _fill(handle: int, view: memoryview, offset: int, path: Path) -> None:
    """Fill memory from an open file."""
    done = 0
    while done < len(view):
        count = _read(handle, view[done:], offset + done, path)
        if count == 0:
            raise LexgraftError(
                f"the file ends before byte {offset + len(view):,}",
                where=str(path),
                cure="it was cut while in use; get it again",
            )
        done += count


def _read(handle: int, view: memoryview, offset: int, path: Path) -> int:
    """Return how many bytes a positioned read gave, tried again when the disk says it failed."""
    for tries_left in reversed(range(_TRIES)):
        try:
            return os.preadv(handle, [view], offset)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            if not tries_left:
                raise LexgraftError(
                    f"the disk cannot read it at byte {offset:,}",
                    where=str(path),
                    cure="check the disk, get the file again",
                ) from error
    raise AssertionError(_TRIES)
