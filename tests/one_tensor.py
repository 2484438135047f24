"""Merging a single tensor in a single block, as the examples worked by hand do."""

from typing import Any

import torch

from lexgraft.weights.methods import get_method
from lexgraft.weights.methods.registry import TensorContext

Numbers = list[Any]


def merge_one(method: str, base: Numbers, *models: Numbers, **parameters: Any) -> Numbers:
    """Return the merged values, given those of the base and every model's deltas."""
    start, deltas = torch.tensor(base, dtype=torch.float32), torch.tensor(models)
    labels = ("language", "domain", "third")[: len(models)]
    place = TensorContext("model.layers.0.mlp.up_proj.weight", labels, 0, 2, start.numel(), seed=1)
    found = get_method(method)
    block = start, deltas.float(), place
    (merged,) = found.merge(lambda: iter([block]), found.settings(parameters, labels))
    return merged.tolist()


def flat(matrix: Numbers) -> list[float]:
    """Return a matrix's values row by row."""
    return [value for row in matrix for value in row]
