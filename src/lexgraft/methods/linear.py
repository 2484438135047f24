"""Weighted mean of the models."""

from lexgraft.methods.registry import Base, Deltas, Factors, Merged, Place, method
from lexgraft.methods.sums import normalized, weighted_sum


@method(paper="arXiv 2203.05482, section 2")
def linear(
    base: Base, deltas: Deltas, place: Place, *, weight: Factors = 1.0, normalize: bool = True
) -> Merged:
    """Return Σ wᵢ·θᵢ / Σ wᵢ over the models θᵢ, written as base + Σ wᵢ·δᵢ / Σ wᵢ.

    Without `normalize` the sum Σ wᵢ·θᵢ = (Σ wᵢ)·base + Σ wᵢ·δᵢ is not divided.
    """
    weights = place.each(weight)
    if normalize:
        return base + weighted_sum(deltas, normalized(weights))
    return base * sum(weights) + weighted_sum(deltas, weights)
