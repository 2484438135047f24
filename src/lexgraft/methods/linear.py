"""Weighted mean of the models."""

from lexgraft.errors import UserError
from lexgraft.methods.registry import Base, Deltas, Factors, Merged, Place, method
from lexgraft.methods.sums import weighted_sum

_ZERO = 1e-6


@method(paper="arXiv 2203.05482, section 2")
def linear(base: Base, deltas: Deltas, place: Place, *, weight: Factors = 1.0) -> Merged:
    """Return Σ wᵢ·θᵢ / Σ wᵢ over the models θᵢ, written as base + Σ wᵢ·δᵢ / Σ wᵢ."""
    weights = place.each(weight)
    total = sum(weights)
    if abs(total) < _ZERO:
        raise UserError(
            "the weights add up to 0: their mean is undefined",
            where="linear.weight",
            cure="use task_arithmetic to subtract a model",
        )
    return base + weighted_sum(deltas, tuple(w / total for w in weights))
