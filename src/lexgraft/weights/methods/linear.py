"""Weighted mean of the models."""

from lexgraft.weights.methods.ordered_sums import normalized, weighted_sum
from lexgraft.weights.methods.registry import Base, Deltas, Factors, Merged, TensorContext, method


@method(paper="arXiv 2203.05482, section 2")
def linear(
    base: Base,
    deltas: Deltas,
    place: TensorContext,
    *,
    weight: Factors = 1.0,
    normalize: bool = True,
) -> Merged:
    """Return Σ wᵢ·θᵢ / Σ wᵢ over the models θᵢ, written as base + Σ wᵢ·δᵢ / Σ wᵢ.

    Without `normalize` the sum Σ wᵢ·θᵢ = (Σ wᵢ)·base + Σ wᵢ·δᵢ is not divided.
    """
    weights = place.each(weight)
    if normalize:
        return base + weighted_sum(deltas, normalized(weights))
    return base * sum(weights) + weighted_sum(deltas, weights)
