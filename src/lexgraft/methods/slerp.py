"""The arc between two models, tensor by tensor."""

from math import acos, fsum, sin, sqrt
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from lexgraft.methods.registry import Base, Blocks, Deltas, Fraction, Merged, Place, method

NEARLY_PARALLEL = 0.9995  # cosine beyond which the arc is taken as straight, as mergekit does


class Angle(NamedTuple):
    """The cosine between the two models' tensors; 1 where one of them is zero."""

    cosine: float


def angle(blocks: Blocks, **_settings: Any) -> Angle:  # noqa: ANN401
    """Return the cosine between the two whole tensors, from float64 sums added block by block."""
    sums: list[tuple[float, float, float]] = []
    for base, deltas, _ in blocks():
        first, second = _float64(base + deltas[0]), _float64(base + deltas[-1])
        sums.append((_total(first * second), _total(first * first), _total(second * second)))
    dot, first_square, second_square = (fsum(column) for column in zip(*sums, strict=True))
    norms = sqrt(first_square) * sqrt(second_square)
    return Angle(max(-1.0, min(1.0, dot / norms)) if norms else 1.0)


@method(paper="Shoemake 1985, section 3.3, per tensor", survey=angle, models=(2, 2))
def slerp(base: Base, deltas: Deltas, _place: Place, found: Angle, *, t: Fraction = 0.5) -> Merged:
    """Return sin((1-t)Ω)/sin Ω · θ₀ + sin(tΩ)/sin Ω · θ₁, from the first model to the second.

    Ω is the angle between the two models' tensors. Where they are nearly parallel, as
    fine-tuned models of one base mostly are, the straight line (1-t)·θ₀ + t·θ₁ is taken.
    """
    if abs(found.cosine) > NEARLY_PARALLEL:
        return base + deltas[0] * (1 - t) + deltas[1] * t
    omega = acos(found.cosine)
    first, second = sin((1 - t) * omega) / sin(omega), sin(t * omega) / sin(omega)
    return (base + deltas[0]) * first + (base + deltas[1]) * second


def _float64(tensor: Tensor) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return a tensor's values in float64."""
    return tensor.numpy().astype(np.float64)


def _total(values: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    """Return a sum whose order depends on nothing but the number of values."""
    return float(values.reshape(-1).sum())
