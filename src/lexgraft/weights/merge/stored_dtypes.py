"""The dtype each tensor of a result is stored in: the plan's, or its own where that was chosen."""

import re
from collections.abc import Callable, Iterable, Mapping

from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.checkpoint.input_model import InputModel
from lexgraft.weights.checkpoint.main_dtype import main_dtype
from lexgraft.weights.checkpoint.safetensors_header import WIDTHS
from lexgraft.weights.checkpoint.tensor_reading import FLOATS
from lexgraft.weights.checkpoint.view import folders

CODES = {"bfloat16": "BF16", "float16": "F16", "float32": "F32"}
"""The dtypes that weights are written in, by torch's name."""

_NUMBER = re.compile(r"(?<=\.)\d+(?=\.)")


def own_dtypes(checkpoint: Checkpoint) -> dict[str, str]:
    """Return the tensors that a model stores otherwise than most of its weights, with their codes.

    A routing bias, a decay or a scale in float32 beside weights in bfloat16 has been stored so on
    purpose: rounded, it means something else. Each folder that tensors are taken from is a model.
    """
    if len({entry.dtype for entry in checkpoint.tensors.values()} & FLOATS) <= 1:
        return {}
    main: dict[object, str] = {}  # of the model that a file belongs to
    for folder in folders(checkpoint):
        entries = folder.tensors.values()
        main.update(dict.fromkeys({entry.file for entry in entries}, main_dtype(entries)))
    return {
        name: entry.dtype
        for name, entry in checkpoint.tensors.items()
        if entry.dtype in FLOATS and entry.dtype != main[entry.file]
    }


def kept_dtypes(
    base: Checkpoint,
    models: Iterable[InputModel],
    makers: Callable[[str], Iterable[InputModel]],
    merged: frozenset[str],
    dtype: str,
) -> dict[str, str]:
    """Return the tensors that are not stored in the plan's dtype, with their codes, sorted.

    Args:
        base: the model whose tensors the result has.
        models: all models of the merge.
        makers: which of them make a tensor.
        merged: the tensors that some model may change.
        dtype: torch's name of the dtype that the plan asks for.
    """
    target, of_base = CODES[dtype], own_dtypes(base)
    of_models = {
        model.label: own_dtypes(model.source) if isinstance(model.source, Checkpoint) else {}
        for model in models
    }
    kept: dict[str, str] = {}
    for name in sorted({*of_base}.union(*of_models.values()) & base.tensors.keys()):
        codes = [of_base[name]] if name in of_base else []
        if name in merged:
            own = (of_models[model.label].get(name) for model in makers(name))
            codes += [code for code in own if code is not None]
        widest = max(codes, key=lambda code: WIDTHS[code], default=target)
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
