"""Drop deltas at random, the small ones of each row more often than the large ones."""

from collections.abc import Callable
from functools import partial

import numpy as np

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.arrays.shapes import Float32, Int32
from lexgraft.errors import LexgraftError
from lexgraft.weights.methods.dare import STEPS, random_numbers
from lexgraft.weights.methods.magnitude_trim import RescaleNorm, restored, restoring
from lexgraft.weights.methods.native_spec import Chances, KernelSpec
from lexgraft.weights.methods.ordered_sums import as_vectors, summed, summed_spec
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


def factors(
    blocks: Blocks,
    *,
    density: Shares,
    epsilon: Fractions,
    rescale: bool,
    rescale_norm: RescaleNorm,
) -> tuple[float, ...] | None:
    """Return what restores every model's sum of magnitudes; None where that is not asked for."""

    def thinned(deltas: Deltas, context: TensorContext) -> Deltas:
        return prune(deltas, context, density, epsilon, rescale=False)

    return restoring(blocks, thinned, rescale=rescale, norm=rescale_norm)


def _native(finish: Callable[..., KernelSpec]) -> NativeMapping:
    """Return how the compiled loops drop elements by rank, and finish what is left."""

    def spec(settings: Settings, context: TensorContext) -> KernelSpec | None:
        if settings["rescale"] and settings["rescale_norm"] != "share":
            return None
        shares, spreads = context.each(settings["density"]), context.each(settings["epsilon"])
        pairs = tuple(zip(shares, spreads, strict=True))
        for share, spread in pairs:
            check_spread(share, spread)
        ranked = tuple(
            None if share == 1 else partial(chances, share, spread) for share, spread in pairs
        )
        return finish(settings, context, ranked=ranked, rescale=settings["rescale"])

    return spec


@method(
    paper="arXiv 2406.11617, section 3",
    survey=factors,
    unit="row",
    native=_native(disjoint_spec),
)
def della(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
    norm_factors: tuple[float, ...] | None,
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
    pruned = restored(prune(deltas, context, density, epsilon, rescale=paper), norm_factors)
    return disjoint(base, pruned, context, weight, normalize=normalize, lambda_=lambda_)


@method(
    paper="arXiv 2406.11617, section 3, without the election of signs",
    survey=factors,
    unit="row",
    native=_native(summed_spec),
)
def della_linear(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
    norm_factors: tuple[float, ...] | None,
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
    pruned = restored(prune(deltas, context, density, epsilon, rescale=paper), norm_factors)
    return summed(base, pruned, context, weight, normalize=normalize, lambda_=lambda_)


def prune(
    deltas: Deltas, context: TensorContext, density: Shares, epsilon: Fractions, *, rescale: bool
) -> Deltas:
    """Return mᵢ·δᵢ for every model, divided element by element by its chance to rescale."""
    pruned = deltas.clone()
    pairs = zip(context.each(density), context.each(epsilon), strict=True)
    for delta, label, (share, spread) in zip(pruned, context.labels, pairs, strict=True):
        if share == 1:
            continue
        check_spread(share, spread)
        steps = _steps(as_vectors(delta), share, spread)
        numbers = torch.from_numpy(random_numbers(context, label, delta.numel()).astype(np.int32))
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
