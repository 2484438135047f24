"""Drop deltas at random, the small ones of each row more often than the large ones."""

from typing import Any

import numpy as np

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.arrays.shapes import Float32, Int32
from lexgraft.errors import LexgraftError
from lexgraft.weights.methods.dare import STEPS, random_numbers
from lexgraft.weights.methods.magnitude_trim import RescaleNorm, restored, restoring
from lexgraft.weights.methods.ordered_sums import as_vectors, summed
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
Chances = np.ndarray[Any, np.dtype[np.int32]]


def factors(
    blocks: Blocks,
    *,
    density: Shares,
    epsilon: Fractions,
    rescale: bool,
    rescale_norm: RescaleNorm,
    **_settings: Any,
) -> tuple[float, ...] | None:
    """Return what restores every model's sum of magnitudes; None where that is not asked for."""

    def thinned(deltas: Deltas, place: TensorContext) -> Deltas:
        return prune(deltas, place, density, epsilon, rescale=False)

    return restoring(blocks, thinned, rescale=rescale, norm=rescale_norm)


@method(paper="arXiv 2406.11617, section 3", survey=factors, unit="row")
def della(
    base: Base,
    deltas: Deltas,
    place: TensorContext,
    found: tuple[float, ...] | None,
    *,
    weight: Factors = 1.0,
    density: Shares = 0.5,
    epsilon: Fractions = 0.15,
    normalize: bool = True,
    rescale: bool = True,
    rescale_norm: RescaleNorm = "share",
    lambda_: Factor = 1.0,
) -> Merged:
    """Return base + λ · the disjoint merge of mᵢ·δᵢ / pᵢ, p rising with the rank in the row.

    An element's chance of being kept is p = d - ε + 2ε·(rank - 1)/(n - 1), the largest of a row's
    n elements having rank n. `rescale_norm: l1` restores Σ|δᵢ| instead of dividing by p.
    """
    paper = rescale and rescale_norm == "share"
    pruned = restored(prune(deltas, place, density, epsilon, rescale=paper), found)
    return disjoint(base, pruned, place, weight, normalize=normalize, lambda_=lambda_)


@method(
    paper="arXiv 2406.11617, section 3, without the election of signs", survey=factors, unit="row"
)
def della_linear(
    base: Base,
    deltas: Deltas,
    place: TensorContext,
    found: tuple[float, ...] | None,
    *,
    weight: Factors = 1.0,
    density: Shares = 0.5,
    epsilon: Fractions = 0.15,
    normalize: bool = False,
    rescale: bool = True,
    rescale_norm: RescaleNorm = "share",
    lambda_: Factor = 1.0,
) -> Merged:
    """Return base + λ · Σ wᵢ·mᵢ·δᵢ / pᵢ, with chances as in `della`."""
    paper = rescale and rescale_norm == "share"
    pruned = restored(prune(deltas, place, density, epsilon, rescale=paper), found)
    return summed(base, pruned, place, weight, normalize=normalize, lambda_=lambda_)


def prune(
    deltas: Deltas, place: TensorContext, density: Shares, epsilon: Fractions, *, rescale: bool
) -> Deltas:
    """Return mᵢ·δᵢ for every model, divided element by element by its chance to rescale."""
    pruned = deltas.clone()
    pairs = zip(place.each(density), place.each(epsilon), strict=True)
    for delta, label, (share, spread) in zip(pruned, place.labels, pairs, strict=True):
        if share == 1:
            continue
        check_spread(share, spread)
        steps = _steps(as_vectors(delta), share, spread)
        numbers = torch.from_numpy(random_numbers(place, label, delta.numel()).astype(np.int32))
        delta.mul_((numbers < steps.view(-1)).view(delta.shape))
        if rescale:
            delta.mul_((STEPS / steps).view(delta.shape))
    return pruned


def check_spread(share: float, spread: float) -> None:
    """Raise unless the chances around a share stay within (0, 1].

    Raises:
        LexgraftError: a spread that is too wide.
    """
    if share != 1 and not spread < share <= 1 - spread:
        raise LexgraftError(
            f"density {share} ± epsilon {spread} leaves (0, 1]",
            where="della.epsilon",
            cure=f"take an epsilon below {min(share, 1 - share):.3g}",
        )


def chances(share: float, spread: float, width: int) -> Chances:
    """Return the chance of every rank in a row, in 65,536ths, the smallest element's first."""
    if width == 1:
        return np.full(1, round(share * STEPS), np.int32)
    rising = share - spread + 2 * spread * np.arange(width) / (width - 1)
    return np.maximum(1, np.rint(rising * STEPS)).astype(np.int32)


def _steps(
    rows: Float32[Tensor, "rows width"], share: float, spread: float
) -> Int32[Tensor, "rows width"]:
    """Return every element's chance of being kept, in 65,536ths.

    Magnitude and column are packed into one integer, so that one sort gives ranks without ties:
    of equal magnitudes the first in the row ranks highest.
    """
    width = rows.shape[1]
    magnitudes = (rows.contiguous().view(torch.int32) & 0x7FFFFFFF).numpy().astype(np.int64)
    order = np.sort((magnitudes << 32) | np.arange(width - 1, -1, -1), axis=1) & 0xFFFFFFFF
    ranked = torch.from_numpy(chances(share, spread, width))
    columns = torch.from_numpy(width - 1 - order)
    steps = torch.empty(rows.shape, dtype=torch.int32)
    return steps.scatter_(1, columns, ranked.expand(rows.shape))
