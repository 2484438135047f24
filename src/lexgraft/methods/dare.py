"""Drop deltas at random and rescale the rest."""

from hashlib import sha256

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from lexgraft.methods.registry import (
    Base,
    Deltas,
    Factor,
    Factors,
    Merged,
    Place,
    Shares,
    method,
)
from lexgraft.methods.sums import weighted_sum
from lexgraft.methods.ties import elect

_STEPS = 1 << 16  # a share is rounded to 1/65,536, and so is the factor that makes up for it
_PER_COUNTER = 16  # 16-bit numbers from one counter value of Philox 4x64


@method(paper="arXiv 2311.03099, section 3.1")
def dare_linear(
    base: Base, deltas: Deltas, place: Place, *, weight: Factors = 1.0, density: Shares = 0.5
) -> Merged:
    """Return base + Σ wᵢ·mᵢ·δᵢ / pᵢ, where mᵢ keeps each element with probability pᵢ."""
    return base + weighted_sum(drop(deltas, place, place.each(density)), place.each(weight))


@method(paper="arXiv 2311.03099, section 3.1, with arXiv 2306.01708, Algorithm 1")
def dare_ties(
    base: Base,
    deltas: Deltas,
    place: Place,
    *,
    weight: Factors = 1.0,
    density: Shares = 0.5,
    normalize: bool = False,
    lambda_: Factor = 1.0,
) -> Merged:
    """Return base + λ · the disjoint merge of mᵢ·δᵢ / pᵢ: random trimming, then elected signs."""
    dropped = drop(deltas, place, place.each(density))
    return base + elect(dropped, place.each(weight), normalize=normalize) * lambda_


def drop(deltas: Deltas, place: Place, shares: tuple[float, ...]) -> Deltas:
    """Return mᵢ·δᵢ / pᵢ for every model."""
    dropped = torch.empty_like(deltas)
    for model, (label, share) in enumerate(zip(place.labels, shares, strict=True)):
        steps = max(1, round(share * _STEPS))
        mask = random_mask(place, label, steps, deltas[model].numel()).view(deltas[model].shape)
        torch.mul(deltas[model], mask, out=dropped[model])
        dropped[model].mul_(_STEPS / steps)
    return dropped


def random_mask(place: Place, label: str, steps: int, count: int) -> Bool[Tensor, " count"]:
    """Return which of the elements from `place.start` on are kept, each with chance steps/65,536.

    Philox is a function of key and counter: the key comes from seed, tensor and model, the
    counter from the element's number, so no order of blocks, threads or models shows in it.
    """
    if steps >= _STEPS:
        return torch.ones(count, dtype=torch.bool)
    name = f"{place.seed}\n{place.tensor}\n{label}"
    key = int.from_bytes(sha256(name.encode()).digest()[:16], "little")
    first, skip = divmod(place.start, _PER_COUNTER)
    words = -(-(skip + count) // 4)
    raw = np.random.Philox(counter=first, key=key).random_raw(words)
    numbers = raw.astype("<u8", copy=False).view("<u2")[skip : skip + count]
    return torch.from_numpy(numbers < steps)
