"""Trim, elect signs, merge: only the large elements that agree on a sign."""

from typing import Any

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.arrays.shapes import Float32
from lexgraft.weights.methods.magnitude_trim import TrimThreshold, cuts, kept_counts, trimmed
from lexgraft.weights.methods.native_spec import KernelSpec
from lexgraft.weights.methods.ordered_sums import weighted_sum
from lexgraft.weights.methods.registry import (
    Base,
    Deltas,
    Factor,
    Factors,
    Merged,
    Settings,
    Shares,
    TensorContext,
    method,
)

_TINY = 1e-30  # where no model agrees, 0 is divided by this


def disjoint_spec(settings: Settings, context: TensorContext, **thinning: Any) -> KernelSpec:
    """Return `disjoint` as the compiled loops do it, of deltas that are thinned in a way."""
    return KernelSpec(
        context.each(settings["weight"]),
        lambda_=settings["lambda"],
        elect=True,
        normalize=settings["normalize"],
        **thinning,
    )


def _native(settings: Settings, context: TensorContext) -> KernelSpec | None:
    if settings["rescale"]:
        return None
    thresholds = tuple(enumerate(kept_counts(context, settings["density"])))
    return disjoint_spec(settings, context, thresholds=thresholds)


@method(paper="arXiv 2306.01708, Algorithm 1", survey=cuts, native=_native, anywhere=True)
def ties(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
    thresholds: tuple[TrimThreshold, ...],
    *,
    weight: Factors = 1.0,
    density: Shares = 0.2,
    normalize: bool = True,
    rescale: bool = False,
    lambda_: Factor = 1.0,
) -> Merged:
    """Return base + λ · Σ wᵢ·δ̂ᵢ / Σ |wᵢ| over the models whose sign is the elected one.

    δ̂ is δ with all but its largest share of elements set to 0; the elected sign is that of
    Σ wᵢ·δ̂ᵢ. Without `normalize` the sum is not divided; with `rescale` δ̂ is
    multiplied by Σ|δ| / Σ|δ̂|.
    """
    thinned = trimmed(deltas, thresholds, context)
    return disjoint(base, thinned, context, weight, normalize=normalize, lambda_=lambda_)


def disjoint(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
    weight: Factors,
    *,
    normalize: bool,
    lambda_: float,
) -> Merged:
    """Return base + λ · the disjoint merge of the deltas (see `elect`)."""
    return base + elect(deltas, context.each(weight), normalize=normalize) * lambda_


def elect(
    trimmed: Float32[Tensor, "model *shape"],
    weights: tuple[float, ...],
    *,
    normalize: bool,
    majority: Float32[Tensor, "*shape"] | None = None,
) -> Float32[Tensor, "*shape"]:
    """Return the disjoint merge: the weighted sum or mean of what has the elected sign.

    That is the sign of the majority given, or of the weighted sum.
    """
    weighted = [delta * weight for delta, weight in zip(trimmed, weights, strict=True)]
    elected = weighted_sum(trimmed, weights) if majority is None else majority
    elected = elected.sign()
    total, divisor = torch.zeros_like(elected), torch.zeros_like(elected)
    for vote, weight in zip(weighted, weights, strict=True):
        agrees = (vote * elected).gt_(0)  # 1 or 0, in float32
        total.add_(vote.mul_(agrees))
        if normalize:
            divisor.add_(agrees.mul_(abs(weight)))
    return total.div_(divisor.clamp_(min=_TINY)) if normalize else total
