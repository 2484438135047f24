"""Keep the middle: neither the largest deltas nor the many small ones."""

from collections.abc import Callable

from lexgraft.arrays.lazy_torch import torch
from lexgraft.weights.methods.magnitude_trim import (
    TrimThreshold,
    delta_tracks,
    kept,
    kept_counts,
    l1_factors,
    largest,
)
from lexgraft.weights.methods.native_spec import KernelSpec
from lexgraft.weights.methods.ordered_sums import summed, summed_spec
from lexgraft.weights.methods.registry import (
    Base,
    Blocks,
    Deltas,
    Factor,
    Factors,
    Fraction,
    Merged,
    NativeMapping,
    Settings,
    Shares,
    TensorContext,
    method,
)
from lexgraft.weights.methods.ties import disjoint, disjoint_spec

Fractions = Fraction | dict[str, Fraction]
Band = tuple[TrimThreshold, TrimThreshold]  # what is too large, and all down to what is too small


def bands(
    blocks: Blocks,
    *,
    density: Shares,
    gamma: Fractions,
    rescale: bool,
) -> tuple[Band, ...]:
    """Return every model's band: round(density · size) elements below the round(γ · size) largest.

    Where both do not fit into the tensor, fewer of the largest are left out.
    """
    _, _, context = next(blocks())
    cuts = largest(delta_tracks(blocks), _band_ranks(context, density, gamma), context.size)
    thresholds = tuple(zip(cuts[::2], cuts[1::2], strict=True))
    if not rescale:
        return thresholds
    factors = l1_factors(blocks, lambda deltas, block: _middle(deltas, thresholds, block))
    return tuple((a, b._replace(factor=f)) for (a, b), f in zip(thresholds, factors, strict=True))


def _band_ranks(context: TensorContext, density: Shares, gamma: Fractions) -> list[tuple[int, int]]:
    """Return (model, k) for the two cuts of every model: k largest left out, k largest in all."""
    thresholds: list[tuple[int, int]] = []
    pairs = zip(kept_counts(context, density), context.each(gamma), strict=True)
    for model, (keep, top) in enumerate(pairs):
        above = min(round(top * context.size), context.size - keep)
        thresholds += [(model, above), (model, above + keep)]
    return thresholds


def _native(finish: Callable[..., KernelSpec]) -> NativeMapping:
    """Return how the compiled loops keep the bands, and finish what is left of the deltas."""

    def spec(settings: Settings, context: TensorContext) -> KernelSpec | None:
        if settings["rescale"]:
            return None
        thresholds = tuple(_band_ranks(context, settings["density"], settings["gamma"]))
        return finish(settings, context, thresholds=thresholds, band=True)

    return spec


@method(paper="arXiv 2312.06795, section 3", survey=bands, native=_native(summed_spec))
def breadcrumbs(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
    thresholds: tuple[Band, ...],
    *,
    weight: Factors = 1.0,
    density: Shares = 0.5,
    gamma: Fractions = 0.01,
    normalize: bool = False,
    rescale: bool = False,
    lambda_: Factor = 1.0,
) -> Merged:
    """Return base + λ · Σ wᵢ·mᵢ·δᵢ, mᵢ keeping a share of the elements below the γ largest."""
    middle = _middle(deltas, thresholds, context)
    return summed(base, middle, context, weight, normalize=normalize, lambda_=lambda_)


@method(
    paper="arXiv 2312.06795, with arXiv 2306.01708, Algorithm 1",
    survey=bands,
    native=_native(disjoint_spec),
)
def breadcrumbs_ties(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
    thresholds: tuple[Band, ...],
    *,
    weight: Factors = 1.0,
    density: Shares = 0.5,
    gamma: Fractions = 0.01,
    normalize: bool = False,
    rescale: bool = False,
    lambda_: Factor = 1.0,
) -> Merged:
    """Return base + λ · the disjoint merge of mᵢ·δᵢ, m as in `breadcrumbs`."""
    middle = _middle(deltas, thresholds, context)
    return disjoint(base, middle, context, weight, normalize=normalize, lambda_=lambda_)


def _middle(deltas: Deltas, thresholds: tuple[Band, ...], context: TensorContext) -> Deltas:
    """Return the deltas with all outside their bands set to 0."""
    middle = torch.empty_like(deltas)
    for delta, (top, bottom), result in zip(deltas, thresholds, middle, strict=True):
        mask = kept(delta, bottom, context.start) & ~kept(delta, top, context.start)
        torch.mul(delta, mask, out=result)
        if bottom.factor != 1:
            result.mul_(bottom.factor)
    return middle
