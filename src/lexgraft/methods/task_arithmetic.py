"""Sum of the models' deltas on the base."""

from lexgraft.methods.registry import Base, Deltas, Factors, Merged, Place, method
from lexgraft.methods.sums import weighted_sum


@method(paper="arXiv 2212.04089, section 4")
def task_arithmetic(base: Base, deltas: Deltas, place: Place, *, weight: Factors = 1.0) -> Merged:
    """Return base + Σ wᵢ·δᵢ; a negative weight takes a model's ability away."""
    return base + weighted_sum(deltas, place.each(weight))
