"""Files on a real disk: space taken first, short reads and writes continued, names made durable."""

import errno
import os
from hashlib import sha256
from pathlib import Path

from lexgraft.checkpoint.layout import Slot
from lexgraft.errors import UserError

_WINDOW = 8 << 20  # bytes
_NO_FALLOCATE = {errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def reserve(folder: Path, file: str, size: int) -> int:
    """Return the handle of a `.part` file with all its space taken."""
    part, final = part_name(folder, file), folder / file
    if final.exists():  # killed while the names were being given
        final.rename(part)
    handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        os.posix_fallocate(handle, 0, size)
    except OSError as error:
        if error.errno not in _NO_FALLOCATE:
            raise disk_error(folder, error) from error
    os.truncate(handle, size)
    return handle


def write_all(handle: int, data: bytes | memoryview, offset: int, folder: Path) -> None:
    """Write all of the data at an offset, however short the single writes are."""
    view = memoryview(data)
    try:
        while view:
            count = os.pwrite(handle, view, offset)
            view, offset = view[count:], offset + count
    except OSError as error:
        raise disk_error(folder, error) from error


def slot_digest(handle: int, slot: Slot) -> str:
    """Return the SHA-256 of what lies in a slot."""
    hasher, end = sha256(), slot.offset + slot.length
    for at in range(slot.offset, end, _WINDOW):
        hasher.update(os.pread(handle, min(_WINDOW, end - at), at))
    return hasher.hexdigest()


def disk_error(folder: Path, error: OSError) -> Exception:
    """Return an error the user can act on for a full disk, the error itself otherwise."""
    if error.errno in _NO_SPACE:
        return full(folder, error.strerror or "no space")
    return error


def full(folder: Path, why: str) -> UserError:
    """Return the error for a disk that is too full."""
    return UserError(
        f"not enough space on the disk: {why}",
        where=str(folder),
        cure="free some and run again: finished tensors are kept",
    )


def part_name(folder: Path, file: str) -> Path:
    """Return the name that a file has until it is complete."""
    return folder / f"{file}.part"


def sync_folder(folder: Path) -> None:
    """Make names given in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
