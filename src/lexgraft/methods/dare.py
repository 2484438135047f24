"""Drop deltas at random and rescale the rest."""

from hashlib import sha256
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Bool, UInt16
from torch import Tensor

from lexgraft.methods.registry import (
    Base,
    Blocks,
    Deltas,
    Factor,
    Factors,
    Merged,
    Place,
    Shares,
    method,
)
from lexgraft.methods.sums import normalized, weighted_sum
from lexgraft.methods.ties import elect
from lexgraft.methods.trim import l1_factors

RescaleNorm = Literal["share", "l1"]
"""What rescaling keeps: the expected delta (1/p, as in the paper), or the sum of magnitudes."""

STEPS = 1 << 16  # a share is rounded to 1/65,536, and so is the factor that makes up for it
_PER_COUNTER = 16  # 16-bit numbers from one counter value of Philox 4x64


def factors(
    blocks: Blocks,
    *,
    density: Shares,
    rescale: bool,
    rescale_norm: RescaleNorm,
    **_settings: Any,  # noqa: ANN401
) -> tuple[float, ...] | None:
    """Return what restores every model's sum of magnitudes; None where that is not asked for."""
    if not rescale or rescale_norm != "l1":
        return None

    def thinned(deltas: Deltas, place: Place) -> Deltas:
        return drop(deltas, place, place.each(density), rescale=False)

    return l1_factors(blocks, thinned)


@method(paper="arXiv 2311.03099, section 3.1", survey=factors)
def dare_linear(
    base: Base,
    deltas: Deltas,
    place: Place,
    found: tuple[float, ...] | None,
    *,
    weight: Factors = 1.0,
    density: Shares = 0.5,
    normalize: bool = False,
    rescale: bool = True,
    rescale_norm: RescaleNorm = "share",
    lambda_: Factor = 1.0,
) -> Merged:
    """Return base + λ · Σ wᵢ·mᵢ·δᵢ / pᵢ, where mᵢ keeps each element with probability pᵢ.

    `rescale_norm: l1` multiplies by Σ|δᵢ| / Σ|mᵢ·δᵢ| instead of 1/pᵢ.
    """
    paper = rescale and rescale_norm == "share"
    dropped = restored(drop(deltas, place, place.each(density), rescale=paper), found)
    weights = place.each(weight)
    if normalize:
        weights = normalized(weights, "dare_linear")
    return base + weighted_sum(dropped, weights) * lambda_


@method(paper="arXiv 2311.03099, section 3.1, with arXiv 2306.01708, Algorithm 1", survey=factors)
def dare_ties(
    base: Base,
    deltas: Deltas,
    place: Place,
    found: tuple[float, ...] | None,
    *,
    weight: Factors = 1.0,
    density: Shares = 0.5,
    normalize: bool = False,
    rescale: bool = True,
    rescale_norm: RescaleNorm = "share",
    lambda_: Factor = 1.0,
) -> Merged:
    """Return base + λ · the disjoint merge of mᵢ·δᵢ / pᵢ: random trimming, then elected signs."""
    paper = rescale and rescale_norm == "share"
    dropped = restored(drop(deltas, place, place.each(density), rescale=paper), found)
    return base + elect(dropped, place.each(weight), normalize=normalize) * lambda_


def drop(
    deltas: Deltas, place: Place, shares: tuple[float, ...], *, rescale: bool = True
) -> Deltas:
    """Return mᵢ·δᵢ for every model, divided by pᵢ to rescale."""
    dropped = torch.empty_like(deltas)
    for model, (label, share) in enumerate(zip(place.labels, shares, strict=True)):
        steps = max(1, round(share * STEPS))
        mask = random_mask(place, label, steps, deltas[model].numel()).view(deltas[model].shape)
        torch.mul(deltas[model], mask, out=dropped[model])
        if rescale:
            dropped[model].mul_(STEPS / steps)
    return dropped


def restored(thinned: Deltas, found: tuple[float, ...] | None) -> Deltas:
    """Return what is left of the deltas times their factors, which may be written over it."""
    for delta, factor in zip(thinned, found or (), strict=found is not None):
        delta.mul_(factor)
    return thinned


def random_mask(place: Place, label: str, steps: int, count: int) -> Bool[Tensor, " count"]:
    """Return which elements from `place.start` on are kept, each with chance steps/65,536."""
    if steps >= STEPS:
        return torch.ones(count, dtype=torch.bool)
    return torch.from_numpy(random_numbers(place, label, count) < steps)


def random_numbers(place: Place, label: str, count: int) -> UInt16[np.ndarray[Any, Any], " count"]:
    """Return a number below 65,536 for each of the elements from `place.start` on.

    Philox is a function of key and counter: the key comes from seed, tensor and model, the
    counter from the element's number, so no order of blocks, threads or models shows in it.
    """
    name = f"{place.seed}\n{place.tensor}\n{label}"
    key = int.from_bytes(sha256(name.encode()).digest()[:16], "little")
    first, skip = divmod(place.start, _PER_COUNTER)
    words = -(-(skip + count) // 4)
    raw = np.random.Philox(counter=first, key=key).random_raw(words)
    return raw.astype("<u8", copy=False).view("<u2")[skip : skip + count]
