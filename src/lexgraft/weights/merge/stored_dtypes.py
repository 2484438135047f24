"""The dtype each tensor of a result is stored in: the plan's, or its own where that was chosen."""

import re
from collections.abc import Iterable, Mapping

from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.checkpoint.input_model import InputModel
from lexgraft.weights.checkpoint.safetensors_header import WIDTHS, TensorEntry
from lexgraft.weights.checkpoint.tensor_reading import FLOATS
from lexgraft.weights.checkpoint.view import folders

CODES = {"bfloat16": "BF16", "float16": "F16", "float32": "F32"}
"""The dtypes that weights are written in, by torch's name."""

_NUMBER = re.compile(r"(?<=\.)\d+(?=\.)")


def main_dtype(entries: Iterable[TensorEntry]) -> str:
    """Return the code that most elements of floating point are stored in; F32 where none is."""
    sizes = dict.fromkeys(sorted(FLOATS), 0)
    for entry in entries:
        if entry.dtype in sizes:
            sizes[entry.dtype] += entry.size
    return max(sizes, key=lambda code: sizes[code]) if any(sizes.values()) else "F32"


class OwnDtypes:
    """The tensors that a model stores otherwise than most of its weights.

    A routing bias, a decay or a scale in float32 beside weights in bfloat16 has been stored so on
    purpose: rounded, it means something else.
    """

    def __init__(self) -> None:
        self._main: dict[object, str] = {}  # of the model that a file belongs to

    def of(self, checkpoint: Checkpoint, name: str) -> str | None:
        """Return the dtype of a tensor if its model's main dtype is another; None: it is not."""
        entry = checkpoint.tensors[name]
        if entry.dtype not in FLOATS:
            return None
        if entry.file not in self._main:
            for folder in folders(checkpoint):
                main = main_dtype(folder.tensors.values())
                self._main.update(dict.fromkeys((e.file for e in folder.tensors.values()), main))
        return None if entry.dtype == self._main[entry.file] else entry.dtype


def kept_dtypes(
    base: Checkpoint,
    models: Mapping[str, tuple[InputModel, ...]],
    merged: frozenset[str],
    dtype: str,
) -> dict[str, str]:
    """Return the tensors that are not stored in the plan's dtype, with their codes, sorted.

    Args:
        base: the model whose tensors the result has.
        models: the models that make each tensor.
        merged: the tensors that some model may change.
        dtype: torch's name of the dtype that the plan asks for.
    """
    own, target = OwnDtypes(), CODES[dtype]
    kept: dict[str, str] = {}
    for name in base.tensors:
        codes = [own.of(base, name)]
        if name in merged:
            sources = (model.source for model in models[name])
            codes += [own.of(s, name) for s in sources if isinstance(s, Checkpoint)]
        found = [code for code in codes if code is not None]
        widest = max(found, key=lambda code: WIDTHS[code], default=target)
        if widest != target and (name not in merged or WIDTHS[widest] >= WIDTHS[target]):
            kept[name] = widest
    return kept


def grouped(kept: Mapping[str, str]) -> dict[str, tuple[str, int]]:
    """Return dtype (torch's name) and number of the tensors, numbers in their names as `*`."""
    names = {code: name for name, code in CODES.items()}
    groups: dict[str, tuple[str, int]] = {}
    for name, code in kept.items():
        pattern = _NUMBER.sub("*", name)
        _, count = groups.get(pattern, ("", 0))
        groups[pattern] = (names.get(code, "float64"), count + 1)
    return groups
