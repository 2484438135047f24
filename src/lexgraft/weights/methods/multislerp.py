"""The middle of several deltas on a sphere, in one step."""

from math import sqrt

from lexgraft.weights.methods.nuslerp import Origin
from lexgraft.weights.methods.ordered_sums import Gram, gram, normalized, weighted_sum
from lexgraft.weights.methods.registry import (
    Base,
    Blocks,
    Deltas,
    Factors,
    Merged,
    TensorContext,
    method,
)


def spans(blocks: Blocks, *, origin: Origin) -> Gram:
    """Return the dot products of what is averaged: deltas, or models."""
    return gram(blocks, models=origin == "zero")


@method(paper="Goddard 2025, multislerp", survey=spans, base="optional", anywhere=True)
def multislerp(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
    products: Gram,
    *,
    weight: Factors = 1.0,
    normalize_weights: bool = True,
    eps: float = 1e-8,
    origin: Origin = "base",
) -> Merged:
    """Return base + r · m/|m| with m = Σ wᵢ·δᵢ/|δᵢ| and r = Σ wᵢ·|δᵢ|.

    The mean direction of the deltas with their mean length. The published form goes on into the
    tangent space at m/|m| and back; as the weighted sum of the tangents there is 0, that step
    changes nothing. Where the directions cancel (|m| < eps), or for one model, it is Σ wᵢ·δᵢ.
    With `origin: zero` the models take the place of the deltas.
    """
    weights = context.each(weight)
    if normalize_weights:
        weights = normalized(weights)
    factors = _factors(products, weights, eps) if len(deltas) > 1 else weights
    combination = weighted_sum(deltas, factors)
    return base * sum(factors) + combination if origin == "zero" else base + combination


def _factors(products: Gram, weights: tuple[float, ...], eps: float) -> tuple[float, ...]:
    """Return every vector's factor in the result."""
    sizes = [sqrt(products[i][i]) for i in range(len(products))]
    units = [w / (size + eps) for w, size in zip(weights, sizes, strict=True)]
    square = sum(a * b * products[i][j] for i, a in enumerate(units) for j, b in enumerate(units))
    length = sqrt(max(0.0, square))
    if length < eps:
        return weights
    radius = sum(w * size for w, size in zip(weights, sizes, strict=True))
    return tuple(radius * unit / length for unit in units)
