"""The sum of the deltas, only where enough models claim it as their own."""

from typing import Annotated

from msgspec import Meta

from lexgraft.weights.methods.ordered_sums import weighted_sum
from lexgraft.weights.methods.registry import (
    Base,
    Deltas,
    Factor,
    Factors,
    Merged,
    TensorContext,
    method,
)


@method(paper="arXiv 2405.07813, equations 4 and 6")
def consensus_ta(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
    *,
    weight: Factors = 1.0,
    agree: Annotated[int, Meta(ge=0, le=1000)] = 2,
    tall: Annotated[float, Meta(ge=0, le=10)] = 0.4,
    lambda_: Factor = 1.0,
) -> Merged:
    """Return base + λ · m·τ with τ = Σ wᵢ·δᵢ, where m is 1 if at least `agree` models claim it.

    A model claims an element if |wᵢ·δᵢ| ≥ `tall` · |τ - wᵢ·δᵢ| (and not 0): what it wants makes up
    enough of the sum. With `agree: 2` elements that one model alone wants, or none, fall away.
    """
    weights = context.each(weight)
    total = weighted_sum(deltas, weights)
    claims = total * 0  # NaN stays NaN
    for delta, factor in zip(deltas, weights, strict=True):
        weighted = delta * factor
        claims.add_((weighted.abs() >= (total - weighted).abs_() * tall) & (weighted != 0))
    return base + total * (claims >= agree) * lambda_
