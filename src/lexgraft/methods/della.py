"""Drop deltas at random, the small ones of each row more often than the large ones."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, Int64
from torch import Tensor

from lexgraft.errors import UserError
from lexgraft.methods.dare import STEPS, RescaleNorm, random_numbers, restored
from lexgraft.methods.registry import (
    Base,
    Blocks,
    Deltas,
    Factor,
    Factors,
    Fraction,
    Merged,
    Place,
    Shares,
    method,
)
from lexgraft.methods.sums import as_vectors, normalized, weighted_sum
from lexgraft.methods.ties import elect
from lexgraft.methods.trim import l1_factors

Fractions = Fraction | dict[str, Fraction]


def factors(
    blocks: Blocks,
    *,
    density: Shares,
    epsilon: Fractions,
    rescale: bool,
    rescale_norm: RescaleNorm,
    **_settings: Any,  # noqa: ANN401
) -> tuple[float, ...] | None:
    """Return what restores every model's sum of magnitudes; None where that is not asked for."""
    if not rescale or rescale_norm != "l1":
        return None

    def thinned(deltas: Deltas, place: Place) -> Deltas:
        return prune(deltas, place, density, epsilon, rescale=False)

    return l1_factors(blocks, thinned)


@method(paper="arXiv 2406.11617, section 3", survey=factors, unit="row")
def della(
    base: Base,
    deltas: Deltas,
    place: Place,
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
    return base + elect(pruned, place.each(weight), normalize=normalize) * lambda_


@method(
    paper="arXiv 2406.11617, section 3, without the election of signs", survey=factors, unit="row"
)
def della_linear(
    base: Base,
    deltas: Deltas,
    place: Place,
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
    weights = place.each(weight)
    if normalize:
        weights = normalized(weights, "della_linear")
    return base + weighted_sum(pruned, weights) * lambda_


def prune(
    deltas: Deltas, place: Place, density: Shares, epsilon: Fractions, *, rescale: bool
) -> Deltas:
    """Return mᵢ·δᵢ for every model, divided element by element by its chance to rescale."""
    pruned = deltas.clone()
    pairs = zip(place.each(density), place.each(epsilon), strict=True)
    for delta, label, (share, spread) in zip(pruned, place.labels, pairs, strict=True):
        if share == 1:
            continue
        if not spread < share <= 1 - spread:
            raise UserError(
                f"density {share} ± epsilon {spread} leaves (0, 1]",
                where="della.epsilon",
                cure=f"take an epsilon below {min(share, 1 - share):.3g}",
            )
        steps = _steps(as_vectors(delta), share, spread)
        numbers = torch.from_numpy(random_numbers(place, label, delta.numel()).astype(np.int64))
        delta.mul_((numbers < steps.view(-1)).view(delta.shape))
        if rescale:
            delta.mul_((STEPS / steps).to(torch.float32).view(delta.shape))
    return pruned


def _steps(
    rows: Float32[Tensor, "rows width"], share: float, spread: float
) -> Int64[Tensor, "rows width"]:
    """Return every element's chance of being kept, in 65,536ths.

    Magnitude and column are packed into one integer, so that one sort gives ranks without ties:
    of equal magnitudes the first in the row ranks highest.
    """
    width = rows.shape[1]
    if width == 1:
        return torch.full_like(rows, round(share * STEPS), dtype=torch.int64)
    magnitudes = (rows.contiguous().view(torch.int32) & 0x7FFFFFFF).numpy().astype(np.int64)
    order = np.sort((magnitudes << 32) | np.arange(width - 1, -1, -1), axis=1) & 0xFFFFFFFF
    chances = share - spread + 2 * spread * np.arange(width) / (width - 1)
    steps = np.empty_like(order)
    ranked = np.maximum(1, np.rint(chances * STEPS)).astype(np.int64)
    np.put_along_axis(steps, width - 1 - order, np.broadcast_to(ranked, order.shape), axis=1)
    return torch.from_numpy(steps)
