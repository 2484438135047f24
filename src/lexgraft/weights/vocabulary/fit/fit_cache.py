"""A folder beside the output in which a fit saves its progress: after a kill it resumes there."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from safetensors.torch import load, save
from torch import Tensor

from lexgraft.files.ownership import claim, remove
from lexgraft.records import write_bytes


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
        return load(file.read_bytes()) if file is not None and file.is_file() else {}

    def keep(self, name: str, tensors: Mapping[str, Tensor]) -> None:
        """Keep tensors in place of those that had this name."""
        file = self._file(f"{name}.safetensors")
        if file is not None:
            write_bytes(file, save({key: tensor.contiguous() for key, tensor in tensors.items()}))

    def texts(self, name: str) -> list[str]:
        """Return the texts that were kept under a name."""
        file = self._file(f"{name}.json")
        exists = file is not None and file.is_file()
        return json.loads(file.read_text(encoding="utf-8")) if file is not None and exists else []

    def keep_texts(self, name: str, texts: Sequence[str]) -> None:
        """Keep texts in place of those that had this name."""
        file = self._file(f"{name}.json")
        if file is not None:
            write_bytes(file, json.dumps(texts, ensure_ascii=False).encode())

    def drop(self) -> None:
        """Remove all of it, under whatever key."""
        if self._folder is not None and self._output is not None:
            remove(self._folder, "fit", self._output)

    def _file(self, name: str) -> Path | None:
        return None if self._own is None else self._own / name


NOTHING = FitCache()
