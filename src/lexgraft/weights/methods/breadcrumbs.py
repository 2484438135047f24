"""Keep the middle: neither the largest deltas nor the many small ones."""

from typing import Any

from lexgraft.arrays.lazy_torch import torch
from lexgraft.weights.methods.magnitude_trim import (
    TrimThreshold,
    delta_tracks,
    kept,
    kept_counts,
    l1_factors,
    largest,
)
from lexgraft.weights.methods.ordered_sums import summed
from lexgraft.weights.methods.registry import (
    Base,
    Blocks,
    Deltas,
    Factor,
    Factors,
    Fraction,
    Merged,
    Shares,
    TensorContext,
    method,
)
from lexgraft.weights.methods.ties import disjoint

Fractions = Fraction | dict[str, Fraction]
Band = tuple[TrimThreshold, TrimThreshold]  # what is too large, and all down to what is too small


def bands(
    blocks: Blocks,
    *,
    density: Shares,
    gamma: Fractions,
    rescale: bool,
    **_settings: Any,
) -> tuple[Band, ...]:
    """Return every model's band: round(density · size) elements below the round(γ · size) largest.

    Where both do not fit into the tensor, fewer of the largest are left out.
    """
    _, _, place = next(blocks())
    cuts = largest(delta_tracks(blocks), wanted_bands(place, density, gamma), place.size)
    found = tuple(zip(cuts[::2], cuts[1::2], strict=True))
    if not rescale:
        return found
    factors = l1_factors(blocks, lambda deltas, at: _middle(deltas, found, at))
    return tuple((a, b._replace(factor=f)) for (a, b), f in zip(found, factors, strict=True))


def wanted_bands(place: TensorContext, density: Shares, gamma: Fractions) -> list[tuple[int, int]]:
    """Return (model, k) for the two cuts of every model: k largest left out, k largest in all."""
    wanted: list[tuple[int, int]] = []
    pairs = zip(kept_counts(place, density), place.each(gamma), strict=True)
    for model, (keep, top) in enumerate(pairs):
        above = min(round(top * place.size), place.size - keep)
        wanted += [(model, above), (model, above + keep)]
    return wanted


@method(paper="arXiv 2312.06795, section 3", survey=bands)
def breadcrumbs(
    base: Base,
    deltas: Deltas,
    place: TensorContext,
    found: tuple[Band, ...],
    *,
    weight: Factors = 1.0,
    density: Shares = 0.5,
    gamma: Fractions = 0.01,
    normalize: bool = False,
    rescale: bool = False,
    lambda_: Factor = 1.0,
) -> Merged:
    """Return base + λ · Σ wᵢ·mᵢ·δᵢ, mᵢ keeping a share of the elements below the γ largest."""
    middle = _middle(deltas, found, place)
    return summed(base, middle, place, weight, normalize=normalize, lambda_=lambda_)


@method(paper="arXiv 2312.06795, with arXiv 2306.01708, Algorithm 1", survey=bands)
def breadcrumbs_ties(
    base: Base,
    deltas: Deltas,
    place: TensorContext,
    found: tuple[Band, ...],
    *,
    weight: Factors = 1.0,
    density: Shares = 0.5,
    gamma: Fractions = 0.01,
    normalize: bool = False,
    rescale: bool = False,
    lambda_: Factor = 1.0,
) -> Merged:
    """Return base + λ · the disjoint merge of mᵢ·δᵢ, m as in `breadcrumbs`."""
    middle = _middle(deltas, found, place)
    return disjoint(base, middle, place, weight, normalize=normalize, lambda_=lambda_)


def _middle(deltas: Deltas, found: tuple[Band, ...], place: TensorContext) -> Deltas:
    """Return the deltas with all outside their bands set to 0."""
    middle = torch.empty_like(deltas)
    for delta, (top, rest), result in zip(deltas, found, middle, strict=True):
        mask = kept(delta, rest, place.start) & ~kept(delta, top, place.start)
        torch.mul(delta, mask, out=result)
        if rest.factor != 1:
            result.mul_(rest.factor)
    return middle
