"""A folder beside the output in which a fit saves its progress: after a kill it resumes there."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from safetensors.torch import load, save
from torch import Tensor

from lexgraft.errors import LexgraftError
from lexgraft.files.ownership import claim, remove
from lexgraft.records import write_bytes

_DIGEST = 32  # bytes at a file's end: SHA-256 of those before


class FitCache:
    """A folder of tensors and texts by name, each written whole or not at all.

    Args:
        output: What it is for: it lies in `OUTPUT.fit`; None keeps nothing.
        key: What all of it was made from; with another key nothing is found.

    Raises:
        LexgraftError: `OUTPUT.fit` is there and not ours.
    """

    def __init__(self, output: Path | None = None, key: str = "") -> None:
        folder = None if output is None else output.with_name(f"{output.name}.fit")
        if output is not None and folder is not None:
            claim(folder, "fit", output)
        self._output, self._folder, self._own = (
            output,
            folder,
            None if folder is None else folder / key,
        )

    def tensors(self, name: str) -> dict[str, Tensor]:
        """Return what was kept under a name; nothing if nothing was."""
        file = self._file(f"{name}.safetensors")
        return load(_read(file)) if file is not None and file.is_file() else {}

    def keep(self, name: str, tensors: Mapping[str, Tensor]) -> None:
        """Keep tensors in place of those that had this name."""
        file = self._file(f"{name}.safetensors")
        if file is not None:
            _write(file, save({key: tensor.contiguous() for key, tensor in tensors.items()}))

    def texts(self, name: str) -> list[str]:
        """Return the texts that were kept under a name."""
        file = self._file(f"{name}.json")
        return json.loads(_read(file)) if file is not None and file.is_file() else []

    def keep_texts(self, name: str, texts: Sequence[str]) -> None:
        """Keep texts in place of those that had this name."""
        file = self._file(f"{name}.json")
        if file is not None:
            _write(file, json.dumps(texts, ensure_ascii=False).encode())

    def drop(self) -> None:
        """Remove all of it, under whatever key."""
        if self._folder is not None and self._output is not None:
            remove(self._folder, "fit", self._output)

    def _file(self, name: str) -> Path | None:
        return None if self._own is None else self._own / name


def _write(file: Path, data: bytes) -> None:
    """Write a file that ends in its own digest: both are there after a kill, or neither."""
    write_bytes(file, data + sha256(data).digest())


def _read(file: Path) -> bytes:
    content = file.read_bytes()
    data, stated = content[:-_DIGEST], content[-_DIGEST:]
    if sha256(data).digest() != stated:
        raise LexgraftError(
            "not as it was written",
            where=str(file),
            cure="delete it: the same command makes it anew",
        )
    return data


NOTHING = FitCache()
