"""Text files as people have them: UTF-8, with or without a mark, refused in words where not."""

from pathlib import Path

from lexgraft.errors import LexgraftError

LARGEST = 256 << 20  # bytes of one text file


def read_text(path: Path) -> str:
    """Return what a text file holds; a byte order mark is passed over.

    Raises:
        LexgraftError: it cannot be read, is no plain file, is far too large, or is not UTF-8.
    """
    data = read_plain_file(path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LexgraftError(
            f"not UTF-8: byte {data[error.start]:#04x} in line {line}",
            where=str(path),
            cure="save it as plain text, in UTF-8",
        ) from error


def read_plain_file(path: Path) -> bytes:
    """Return the bytes of a text file.

    Raises:
        LexgraftError: it cannot be read, is no plain file, or is far too large.
    """
    try:
        if path.exists() and not path.is_file():
            raise LexgraftError("a text file is wanted here", where=str(path))
        if path.stat().st_size > LARGEST:
            raise LexgraftError(f"larger than {LARGEST:,} bytes", where=str(path))
        return path.read_bytes()
    except OSError as error:
        raise LexgraftError(
            f"cannot be read: {error.strerror}", where=str(path), cure="check its name and rights"
        ) from error
