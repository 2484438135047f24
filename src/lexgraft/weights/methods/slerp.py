"""The arc between two models, tensor by tensor."""

from functools import partial
from math import acos, sin, sqrt

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.arrays.shapes import Float32
from lexgraft.weights.methods.native_spec import KernelSpec
from lexgraft.weights.methods.ordered_sums import gram, weighted_sum
from lexgraft.weights.methods.registry import (
    Base,
    Blocks,
    Deltas,
    Fraction,
    Merged,
    Settings,
    TensorContext,
    method,
)

NEARLY_PARALLEL = 0.9995  # cosine beyond which the arc is taken as straight, as mergekit does


def two_ends(deltas: Deltas) -> Float32[Tensor, "2 *shape"]:
    """Return two models' deltas as they are; one model's after those of the base, zeros."""
    return deltas if len(deltas) > 1 else torch.cat([torch.zeros_like(deltas), deltas])


def cosine(blocks: Blocks) -> float:
    """Return the cosine between the two whole tensors; 1 where one of them is zero."""
    ends = ((base, two_ends(deltas), context) for base, deltas, context in blocks())
    (first, dot), (_, second) = gram(lambda: ends, models=True)
    norms = sqrt(first) * sqrt(second)
    return max(-1.0, min(1.0, dot / norms)) if norms else 1.0


def arc(t: float, angle_cosine: float) -> tuple[float, tuple[float, ...]]:
    """Return the base's scale and both models' weights at t of the way along the arc."""
    if abs(angle_cosine) > NEARLY_PARALLEL:
        return 1.0, (1 - t, t)
    omega = acos(angle_cosine)
    weights = sin((1 - t) * omega) / sin(omega), sin(t * omega) / sin(omega)
    return sum(weights), weights


def _native(settings: Settings, context: TensorContext) -> KernelSpec:
    return KernelSpec((1.0,) * len(context.labels), arc=partial(arc, settings["t"]))


@method(
    paper="Shoemake 1985, section 3.3, per tensor",
    survey=cosine,
    base="optional",
    models=(1, 2),
    native=_native,
    anywhere=True,
)
def slerp(
    base: Base, deltas: Deltas, _context: TensorContext, angle_cosine: float, *, t: Fraction = 0.5
) -> Merged:
    """Return sin((1-t)Ω)/sin Ω · θ₀ + sin(tΩ)/sin Ω · θ₁, from the first model to the second.

    Ω is the angle between the two models' tensors. Where they are nearly parallel, as
    fine-tuned models of one base mostly are, the straight line (1-t)·θ₀ + t·θ₁ is taken.
    One model alone is reached from the base.
    """
    scale, weights = arc(t, angle_cosine)
    return base * scale + weighted_sum(two_ends(deltas), weights)
