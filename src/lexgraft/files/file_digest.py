"""The digest of a file or of a folder's files, once for all that must know them again."""

from hashlib import sha256
from pathlib import Path

from lexgraft.errors import LexgraftError
from lexgraft.files.ownership import MARKER

_BLOCK = 4 << 20  # bytes read at once


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files by name, in hex; marks do not count.

    Raises:
        LexgraftError: nothing is there.
    """
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file() and p.name != MARKER)
        lines = (f"{p.relative_to(path)} {file_digest(p)}" for p in files)
        return sha256("\n".join(lines).encode()).hexdigest()
    if not path.is_file():
        raise LexgraftError("no such file", where=str(path))
    hasher = sha256()
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            hasher.update(block)
    return hasher.hexdigest()
