"""The space of a disk: what is free, what lies there already, and whether work will fit."""

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from lexgraft.errors import LexgraftError

SLACK = 64 << 20  # bytes to stay free, beside one per cent


def free_bytes(path: Path) -> int:
    """Return the free bytes of the disk that something lies on, or will lie on."""
    existing = next(p for p in (path, *path.absolute().parents) if p.exists())
    return shutil.disk_usage(existing).free


def bytes_below(folders: Iterable[Path]) -> int:
    """Return what the files of folders take on their disk; links are not followed."""
    sizes = (
        os.lstat(Path(parent, name)).st_blocks * 512
        for folder in folders
        for parent, _, names in os.walk(folder)
        for name in names
    )
    return sum(sizes)


def check_space(folder: Path, parts: Mapping[str, int], present: int = 0) -> None:
    """Raise when what will be written to a folder would not fit on its disk.

    Args:
        folder: where it will lie.
        parts: what will be written, in words, with its bytes.
        present: bytes of it that are there already.

    Raises:
        LexgraftError: it would not; what is already there stays.
    """
    total = sum(parts.values())
    needed, free = total + total // 100 + SLACK - present, free_bytes(folder)
    if needed > free:
        listed = ", ".join(f"{name} {size / 1e9:.2f}" for name, size in parts.items() if size)
        raise LexgraftError(
            f"not enough space on the disk: {needed / 1e9:.2f} GB are needed for all that will be "
            f"written ({listed}), {free / 1e9:.2f} are free",
            where=str(folder),
            cure="free some, or give an output on another disk; nothing that is there is lost",
        )
