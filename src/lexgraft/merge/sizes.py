"""How large a merge's delta is beside its parents': what makes methods comparable."""

from math import fsum, sqrt

import numpy as np

from lexgraft.checkpoint.constituent import read_rows, rows
from lexgraft.lazy import Tensor
from lexgraft.merge.memory import merged_tensors
from lexgraft.merge.plan import MergePlan


def delta_sizes(plan: MergePlan) -> dict[str, float]:
    """Return the Euclidean norm of every model's delta by label, and `merged`: the result's.

    The merged delta is that of the stored result, rounded to the plan's dtype, over the tensors
    that any model changes.
    """
    squares: dict[str, list[float]] = {"merged": [], **{label: [] for label in plan.labels}}
    for name, value in merged_tensors(plan):
        entry = plan.base.tensors[name]
        squares["merged"].append(_square(value - read_rows(entry, 0, rows(entry))))
        for part in plan.parts(name):
            delta = part.delta(name)
            if delta is not None:
                squares[part.label].append(_square(delta))
    return {label: sqrt(fsum(parts)) for label, parts in squares.items()}


def _square(tensor: Tensor) -> float:
    """Return the sum of squares in float64."""
    values = tensor.numpy().reshape(-1)
    return float(np.multiply(values, values, dtype=np.float64).sum())
