"""What one model alone changed is kept whole; what several changed is averaged."""

from typing import Annotated, Any

import numpy as np
from msgspec import Meta

from lexgraft.arrays.lazy_torch import Tensor
from lexgraft.arrays.shapes import Bool, Int64
from lexgraft.weights.methods.ordered_sums import weighted_sum
from lexgraft.weights.methods.registry import (
    Base,
    Blocks,
    Deltas,
    Fraction,
    Merged,
    TensorContext,
    method,
)

Epsilon = Annotated[float, Meta(ge=0, le=1)]


@method(paper="arXiv 2601.13572, RAM")
def ram(base: Base, deltas: Deltas, _context: TensorContext, *, epsilon: Epsilon = 1e-5) -> Merged:
    """Return base + Σ δᵢ / n over the n models with |δᵢ| > ε, element by element."""
    return _merged(base, deltas, epsilon, tuple(1.0 for _ in deltas))


def boosts(
    blocks: Blocks,
    *,
    r: float,
    alpha: float,
    epsilon: float,
) -> tuple[float, ...]:
    """Return every model's λ = 1 + r · min(ρ, α), ρ being its shared per unshared elements."""
    shared: Any = 0
    alone: Any = 0
    for _, deltas, _ in blocks():
        changed = _changed(deltas, epsilon)
        count = changed.sum(0)
        shared = shared + _per_model(changed & (count > 1))
        alone = alone + _per_model(changed & (count == 1))
    rho = shared / np.maximum(alone, 1e-12)
    return tuple(float(value) for value in 1 + r * np.minimum(rho, alpha))


@method(paper="arXiv 2601.13572, RAM+, per tensor", survey=boosts)
def ramplus_tl(
    base: Base,
    deltas: Deltas,
    _context: TensorContext,
    model_factors: tuple[float, ...],
    *,
    r: Fraction = 0.1,
    alpha: Fraction = 0.2,
    epsilon: Epsilon = 1e-5,
) -> Merged:
    """Return what `ram` does, with λᵢ·δᵢ where model i alone changed an element.

    λᵢ = 1 + r · min(ρᵢ, α) makes up for what averaging takes from a model; ρᵢ is the number of
    its elements that others changed too, per element that it changed alone, in this tensor.
    """
    return _merged(base, deltas, epsilon, model_factors)


def _merged(base: Base, deltas: Deltas, epsilon: float, alone: tuple[float, ...]) -> Merged:
    """Return the merge with one factor per model for what it changed alone."""
    changed = _changed(deltas, epsilon)
    count = changed.sum(0)
    unshared = weighted_sum(deltas * (changed & (count == 1)), alone)
    shared = weighted_sum(deltas * (changed & (count > 1)), [1.0] * len(deltas))
    return base + (unshared + shared / count.clamp(min=1))


def _changed(deltas: Deltas, epsilon: float) -> Bool[Tensor, "model *shape"]:
    """Return which elements every model changed; NaN counts as a change."""
    return ~(deltas.abs() <= epsilon)


def _per_model(changed: Bool[Tensor, "model *shape"]) -> Int64[np.ndarray[Any, Any], " model"]:
    """Return how many elements are marked, for every model."""
    return changed.reshape(len(changed), -1).sum(1).numpy()
