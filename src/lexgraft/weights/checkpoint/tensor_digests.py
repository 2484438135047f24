"""The identity of stored numbers: xxh3-128, in blocks as they pass by or by reading them again."""

from collections.abc import Iterator
from pathlib import Path

from xxhash import xxh3_128

from lexgraft.files.store_places import object_of
from lexgraft.weights.checkpoint.disk_io import WINDOW, fill, page_memory
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry

_known: dict[tuple[object, ...], str] = {}  # a stretch of a file as it was → digest


def stretch_digest(path: Path, start: int, end: int) -> str:
    """Return the digest of bytes [start, end) of a file, read now."""
    hasher = xxh3_128()
    for window in stretch_windows(path, start, end):
        hasher.update(window)
    return hasher.hexdigest()


def stretch_windows(path: Path, start: int, end: int, window: int = WINDOW) -> Iterator[memoryview]:
    """Yield bytes [start, end) of a file window by window, in memory that is used again."""
    memory = page_memory(min(window, max(1, end - start)))
    for offset in range(start, end, window):
        view = memory[: min(window, end - offset)]
        fill(path, offset, view, ahead=min(window, end - offset - len(view)))
        yield view


def content_digest(entry: TensorEntry) -> str:
    """Return the digest of a tensor's bytes; not read again if this program saw them already.

    A file counts as seen while its size, time of change and inode stay what they were, an object
    in a store while its size and ETag do.
    """
    key = _key(entry)
    if key not in _known:
        _known[key] = stretch_digest(entry.file, entry.start, entry.end)
    return _known[key]


def remember(entry: TensorEntry, digest: str) -> None:
    """Note the digest of a tensor whose bytes have just passed by."""
    _known[_key(entry)] = digest


def _key(entry: TensorEntry) -> tuple[object, ...]:
    """Return what tells one stretch of one state of a file from all others."""
    stored = object_of(entry.file)
    if stored is not None:
        return (str(stored.url), stored.size, stored.tag, entry.start, entry.end)
    status = entry.file.stat()
    state = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    return (*state, entry.start, entry.end)
