"""Elements compete: each weighs by its size in its model and its accord with the others."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor

from lexgraft.methods.registry import (
    Base,
    Blocks,
    Deltas,
    Factor,
    Factors,
    Merged,
    Place,
    Share,
    method,
)
from lexgraft.methods.sums import Doubles, as_rows, row_sizes, weighted_sum, whole_sums
from lexgraft.methods.trim import Cut, kept, largest

_TINY = 1e-30  # where no model competes, 0 is divided by this


class Norms(NamedTuple):
    """What turns products of deltas into weights of mean 1, for every pair of models."""

    largest: list[list[float]]  # |δᵢ·δⱼ|, or 1 where all are 0
    inner: list[float]  # mean of exp(N·norm(δᵢ·δᵢ))
    outer: list[list[float]]  # mean of exp(norm(δᵢ·δⱼ))


def compete(blocks: Blocks, *, density: float, **_settings: Any) -> tuple[Norms, tuple[Cut, ...]]:  # noqa: ANN401
    """Return how products become weights, and the cuts that keep every model's heaviest."""
    norms = _norms(blocks)

    def tracks() -> Iterator[tuple[Tensor, int]]:
        return ((_weights(deltas, norms), place.start) for _, deltas, place in blocks())

    _, deltas, place = next(blocks())
    keep = max(1, round(density * place.size))
    return norms, largest(tracks, [(model, keep) for model in range(len(deltas))], place.size)


@method(paper="arXiv 2410.02396, section 3.2, per tensor", survey=compete)
def pcb(
    base: Base,
    deltas: Deltas,
    place: Place,
    found: tuple[Norms, tuple[Cut, ...]],
    *,
    weight: Factors = 1.0,
    density: Share = 0.2,  # noqa: ARG001 (used by the survey)
    lambda_: Factor = 1.0,
) -> Merged:
    """Return base + λ · Σ βᵢ·wᵢ·δᵢ / Σ βᵢ.

    β of an element is softmax(N·norm(δᵢ·δᵢ)) · Σⱼ softmax(norm(δᵢ·δⱼ)) over the tensor's elements
    and the N models, norm dividing by the largest magnitude; of each model the share `density`
    with the largest β competes, the rest has β = 0.
    """
    norms, cuts = found
    betas = _weights(deltas, norms)
    for beta, cut in zip(betas, cuts, strict=True):
        beta.mul_(kept(beta, cut, place.start))
    total = weighted_sum(deltas * betas, place.each(weight))
    return base + total / weighted_sum(betas, [1.0] * len(betas)).clamp_(min=_TINY) * lambda_


def _norms(blocks: Blocks) -> Norms:
    """Return the largest products and the means of their exponentials."""
    _, deltas, place = next(blocks())
    count = range(len(deltas))
    tops = np.zeros((len(deltas), len(deltas)), np.float32)
    for _, parts, _ in blocks():
        found = [[float((parts[i] * parts[j]).abs().max()) for j in count] for i in count]
        tops = np.maximum(tops, np.array(found, np.float32))
    peaks = [[float(tops[i, j]) or 1.0 for j in count] for i in count]

    def per_row(_base: Base, parts: Deltas, _place: Place) -> list[Doubles]:
        inner = [_exp(parts[i], parts[i], peaks[i][i], len(parts)) for i in count]
        outer = [_exp(parts[i], parts[j], peaks[i][j], 1) for i in count for j in count]
        return [row_sizes(as_rows(values)) for values in (*inner, *outer)]

    means = [total / place.size for total in whole_sums(blocks, per_row)]
    n = len(deltas)
    return Norms(peaks, means[:n], [means[n + n * i : 2 * n + n * i] for i in count])


def _weights(deltas: Deltas, norms: Norms) -> Float32[Tensor, "model *shape"]:
    """Return β of every element of every model, of mean about N."""
    betas = torch.empty_like(deltas)
    for i, delta in enumerate(deltas):
        accord = torch.zeros_like(delta)
        for j, other in enumerate(deltas):
            accord.add_(_exp(delta, other, norms.largest[i][j], 1) / norms.outer[i][j])
        inner = _exp(delta, delta, norms.largest[i][i], len(deltas)) / norms.inner[i]
        torch.mul(inner, accord, out=betas[i])
    return betas


def _exp(
    one: Float32[Tensor, "*shape"], other: Float32[Tensor, "*shape"], peak: float, times: int
) -> Float32[Tensor, "*shape"]:
    """Return exp(times · one·other / peak), the same wherever in a block an element stands."""
    product = (one * other).numpy().astype(np.float64) * (times / peak)
    return torch.from_numpy(np.exp(product).astype(np.float32))
