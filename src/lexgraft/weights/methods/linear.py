"""Weighted mean of the models."""

from lexgraft.weights.methods.native_spec import KernelSpec
from lexgraft.weights.methods.ordered_sums import normalized, weighted_sum
from lexgraft.weights.methods.registry import (
    Base,
    Deltas,
    Factors,
    Merged,
    Settings,
    TensorContext,
    method,
)


def _native(settings: Settings, context: TensorContext) -> KernelSpec:
    weights = context.each(settings["weight"])
    if settings["normalize"]:
        return KernelSpec(normalized(weights))
    return KernelSpec(weights, scale=sum(weights))


@method(paper="arXiv 2203.05482, section 2", base="none", native=_native, anywhere=True)
def linear(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
    *,
    weight: Factors = 1.0,
    normalize: bool = True,
) -> Merged:
    """Return Σ wᵢ·θᵢ / Σ wᵢ over the models θᵢ, written as base + Σ wᵢ·δᵢ / Σ wᵢ.

    Without `normalize` the sum Σ wᵢ·θᵢ = (Σ wᵢ)·base + Σ wᵢ·δᵢ is not divided.
    """
    weights = context.each(weight)
    if normalize:
        return base + weighted_sum(deltas, normalized(weights))
    return base * sum(weights) + weighted_sum(deltas, weights)
