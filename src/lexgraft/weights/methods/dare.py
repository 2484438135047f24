"""Drop deltas at random and rescale the rest."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import numpy as np

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.arrays.shapes import Bool, UInt16
from lexgraft.weights.methods.magnitude_trim import RescaleNorm, restored, restoring
from lexgraft.weights.methods.native_spec import KernelSpec
from lexgraft.weights.methods.ordered_sums import summed, summed_spec
from lexgraft.weights.methods.registry import (
    Base,
    Blocks,
    Deltas,
    Factor,
    Factors,
    Merged,
    NativeMapping,
    Settings,
    Shares,
    TensorContext,
    method,
)
from lexgraft.weights.methods.ties import disjoint, disjoint_spec

STEPS = 1 << 16  # a share is rounded to 1/65,536, and so is the factor that makes up for it
_PER_COUNTER = 16  # 16-bit numbers from one counter value of Philox 4x64


def factors(
    blocks: Blocks,
    *,
    density: Shares,
    rescale: bool,
    rescale_norm: RescaleNorm,
) -> tuple[float, ...] | None:
    """Return what restores every model's sum of magnitudes; None where that is not asked for."""

    def thinned(deltas: Deltas, context: TensorContext) -> Deltas:
        return drop(deltas, context, context.each(density), rescale=False)

    return restoring(blocks, thinned, rescale=rescale, norm=rescale_norm)


def _native(finish: Callable[..., KernelSpec]) -> NativeMapping:
    """Return how the compiled loops drop elements, and finish what is left of the deltas."""

    def spec(settings: Settings, context: TensorContext) -> KernelSpec | None:
        if settings["rescale"] and settings["rescale_norm"] != "share":
            return None
        steps = tuple(_steps(share) for share in context.each(settings["density"]))
        return finish(settings, context, steps=steps, rescale=settings["rescale"])

    return spec


@method(paper="arXiv 2311.03099, section 3.1", survey=factors, native=_native(summed_spec))
def dare_linear(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
    norm_factors: tuple[float, ...] | None,
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
    dropped = restored(drop(deltas, context, context.each(density), rescale=paper), norm_factors)
    return summed(base, dropped, context, weight, normalize=normalize, lambda_=lambda_)


@method(
    paper="arXiv 2311.03099, section 3.1, with arXiv 2306.01708, Algorithm 1",
    survey=factors,
    native=_native(disjoint_spec),
)
def dare_ties(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
    norm_factors: tuple[float, ...] | None,
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
    dropped = restored(drop(deltas, context, context.each(density), rescale=paper), norm_factors)
    return disjoint(base, dropped, context, weight, normalize=normalize, lambda_=lambda_)


def drop(
    deltas: Deltas, context: TensorContext, shares: tuple[float, ...], *, rescale: bool = True
) -> Deltas:
    """Return mᵢ·δᵢ for every model, divided by pᵢ to rescale."""
    dropped = torch.empty_like(deltas)
    for model, (label, share) in enumerate(zip(context.labels, shares, strict=True)):
        steps = _steps(share)
        mask = random_mask(context, label, steps, deltas[model].numel()).view(deltas[model].shape)
        torch.mul(deltas[model], mask.float(), out=dropped[model])  # faster than by truth values
        if rescale:
            dropped[model].mul_(STEPS / steps)
    return dropped


def _steps(share: float) -> int:
    """Return a share in 65,536ths, at least one of them."""
    return max(1, round(share * STEPS))


def random_mask(
    context: TensorContext, label: str, steps: int, count: int
) -> Bool[Tensor, " count"]:
    """Return which elements from `place.start` on are kept, each with chance steps/65,536."""
    if steps >= STEPS:
        return torch.ones(count, dtype=torch.bool)
    return torch.from_numpy(random_numbers(context, label, count) < steps)


def random_numbers(
    context: TensorContext, label: str, count: int
) -> UInt16[np.ndarray[Any, Any], " count"]:
    """Return a number below 65,536 for each of the elements from `place.start` on.

    Philox is a function of key and counter: the key comes from seed, tensor and model, the
    counter from the element's number, so no order of blocks, threads or models shows in it.
    """
    key = philox_key(context, label)
    first, skip = divmod(context.start, _PER_COUNTER)
    words = -(-(skip + count) // 4)
    raw = np.random.Philox(counter=first, key=key).random_raw(words)
    return raw.astype("<u8", copy=False).view("<u2")[skip : skip + count]


def philox_key(context: TensorContext, label: str) -> int:
    """Return the 128 bits that a tensor's chances for one model are keyed by."""
    name = f"{context.seed}\n{context.tensor}\n{label}"
    return int.from_bytes(sha256(name.encode()).digest()[:16], "little")
