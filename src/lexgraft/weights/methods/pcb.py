"""Elements compete: each weighs by its size in its model and its accord with the others."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.arrays.shapes import Float32
from lexgraft.weights.methods.magnitude_trim import TrimThreshold, kept, largest
from lexgraft.weights.methods.ordered_sums import Doubles, weighted_sum, whole_sums
from lexgraft.weights.methods.registry import (
    Base,
    Blocks,
    Deltas,
    Factor,
    Factors,
    Merged,
    Share,
    TensorContext,
    method,
)

_TINY = 1e-30  # where no model competes, 0 is divided by this


class Norms(NamedTuple):
    """What turns products of deltas into weights of mean 1, for every pair of models."""

    largest: Doubles  # |δᵢ·δⱼ|, or 1 where all are 0
    outer: Doubles  # mean of exp(norm(δᵢ·δⱼ))
    inner: Doubles  # mean of exp(N·norm(δᵢ·δᵢ)), per model


def compete(blocks: Blocks, *, density: float) -> tuple[Norms, tuple[TrimThreshold, ...]]:
    """Return how products become weights, and the cuts that keep every model's heaviest."""
    norms = _norms(blocks)

    def tracks() -> Iterator[tuple[Tensor, int]]:
        return ((_weights(deltas, norms), context.start) for _, deltas, context in blocks())

    _, deltas, context = next(blocks())
    keep = max(1, round(density * context.size))
    return norms, largest(tracks, [(model, keep) for model in range(len(deltas))], context.size)


@method(paper="arXiv 2410.02396, section 3.2, per tensor", survey=compete)
def pcb(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
    competition: tuple[Norms, tuple[TrimThreshold, ...]],
    *,
    weight: Factors = 1.0,
    density: Share = 0.2,
    lambda_: Factor = 1.0,
) -> Merged:
    """Return base + λ · Σ βᵢ·wᵢ·δᵢ / Σ βᵢ.

    β of an element is softmax(N·norm(δᵢ·δᵢ)) · Σⱼ softmax(norm(δᵢ·δⱼ)) over the tensor's elements
    and the N models, norm dividing by the largest magnitude; of each model the share `density`
    with the largest β competes, the rest has β = 0.
    """
    norms, cuts = competition
    betas = _weights(deltas, norms)
    for beta, cut in zip(betas, cuts, strict=True):
        beta.mul_(kept(beta, cut, context.start))
    total = weighted_sum(deltas * betas, context.each(weight))
    return base + total / weighted_sum(betas, [1.0] * len(betas)).clamp_(min=_TINY) * lambda_


def _norms(blocks: Blocks) -> Norms:
    """Return the largest products and the means of their exponentials."""
    tops, size, count = np.zeros((0, 0)), 1, 0
    for _, deltas, context in blocks():
        peaks_of_block = [
            [float((first * second).abs().max()) for second in deltas] for first in deltas
        ]
        tops = np.maximum(tops, peaks_of_block) if tops.size else np.array(peaks_of_block)
        size, count = context.size, len(deltas)
    peaks = np.where(tops == 0, 1.0, tops)

    def per_row(_base: Base, deltas: Deltas, _context: TensorContext) -> list[Doubles]:
        powers = _powers(deltas, peaks)
        squares = [powers[i][i] ** count for i in range(count)]
        exponentials = [*squares, *(power for row in powers for power in row)]
        rows = deltas.shape[1] if deltas.ndim > 1 else 1  # a scalar is one row
        return [values.reshape(rows, -1).sum(axis=1) for values in exponentials]

    means = np.array(whole_sums(blocks, per_row)) / size
    return Norms(peaks, means[count:].reshape(count, count), means[:count])


def _weights(deltas: Deltas, norms: Norms) -> Float32[Tensor, "model *shape"]:
    """Return β of every element of every model, of mean about N."""
    betas = torch.empty_like(deltas)
    powers = _powers(deltas, norms.largest)
    for i, beta in enumerate(betas):
        accord = sum(power / mean for power, mean in zip(powers[i], norms.outer[i], strict=True))
        inner = powers[i][i] ** len(deltas) / norms.inner[i]
        beta.copy_(torch.from_numpy(np.asarray(inner * accord)))
    return betas


def _powers(deltas: Deltas, peaks: Doubles) -> list[list[Doubles]]:
    """Return exp(δᵢ·δⱼ / peak) for every pair, the same wherever in a block an element stands."""
    powers: list[list[Doubles]] = []
    for i, delta in enumerate(deltas):
        with np.errstate(invalid="ignore"):  # beyond float32: NaN, which the engine refuses by name
            products = [
                (delta * deltas[j]).numpy().astype(np.float64) / peaks[i, j] for j in range(i + 1)
            ]
        powers.append([np.asarray(np.exp(product)) for product in products])
    return [[powers[max(i, j)][min(i, j)] for j in range(len(powers))] for i in range(len(powers))]
