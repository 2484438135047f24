"""Sums in a fixed order, so that bits vary with neither machine nor blocks."""

from collections.abc import Callable, Sequence
from math import fsum, isqrt
from typing import Any

import numpy as np

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.arrays.shapes import Float32
from lexgraft.errors import LexgraftError
from lexgraft.weights.methods.native_spec import KernelSpec
from lexgraft.weights.methods.registry import (
    Base,
    Blocks,
    Deltas,
    Factors,
    Merged,
    Settings,
    TensorContext,
)

_ZERO = 1e-6
_SLICE = 1 << 16  # elements widened at once, so that they stay in cache

Doubles = np.ndarray[Any, np.dtype[np.float64]]
Gram = tuple[tuple[float, ...], ...]
"""The dot products of several vectors: symmetric, squares of their lengths on the diagonal."""


def weighted_sum(deltas: Deltas, weights: Sequence[float]) -> Merged:
    """Return Σ wᵢ·δᵢ in float32; no fused multiply-add, whose use depends on the machine."""
    total = torch.zeros_like(deltas[0])
    for delta, weight in zip(deltas, weights, strict=True):
        total.add_(delta * weight)
    return total


def summed(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
    weight: Factors,
    *,
    normalize: bool,
    lambda_: float,
) -> Merged:
    """Return base + λ · Σ wᵢ·δᵢ, the sum divided by Σ wᵢ to normalize."""
    weights = context.each(weight)
    if normalize:
        weights = normalized(weights)
    return base + weighted_sum(deltas, weights) * lambda_


def summed_spec(settings: Settings, context: TensorContext, **thinning: Any) -> KernelSpec:
    """Return `summed` as the compiled loops do it, of deltas that are thinned in a way."""
    weights = context.each(settings["weight"])
    if settings["normalize"]:
        weights = normalized(weights)
    return KernelSpec(weights, lambda_=settings["lambda"], **thinning)


def normalized(weights: Sequence[float]) -> tuple[float, ...]:
    """Return wᵢ / Σ w.

    Raises:
        LexgraftError: the weights add up to 0.
    """
    total = sum(weights)
    if abs(total) < _ZERO:
        raise LexgraftError(
            "the weights add up to 0: their mean is undefined",
            where="weight",
            cure="use task_arithmetic to subtract a model",
        )
    return tuple(weight / total for weight in weights)


def row_dots(
    first: Float32[Tensor, "rows width"], second: Float32[Tensor, "rows width"]
) -> Doubles:
    """Return the dot product of every row of one matrix with that row of the other, in float64.

    A row's product depends on that row alone, whatever rows stand beside it.
    """
    if first.device.type != "cpu":
        return (first.double() * second.double()).sum(1).cpu().numpy()
    dots = np.empty(len(first), np.float64)
    step = max(1, _SLICE // max(1, first.shape[1]))
    for start in range(0, len(first), step):
        a, b = (
            matrix[start : start + step].numpy().astype(np.float64) for matrix in (first, second)
        )
        dots[start : start + step] = np.multiply(a, b, out=a).sum(axis=1)
    return dots


def row_sizes(values: Float32[Tensor, "rows width"]) -> Doubles:
    """Return the sum of magnitudes of every row, in float64."""
    if values.device.type != "cpu":
        return values.double().abs().sum(1).cpu().numpy()
    return np.abs(values.numpy()).sum(axis=1, dtype=np.float64)


def lengths(vectors: Float32[Tensor, "rows width"]) -> Doubles:
    """Return the Euclidean length of every row, in float64."""
    return np.sqrt(row_dots(vectors, vectors))


def whole_sums(
    blocks: Blocks, per_row: Callable[[Base, Deltas, TensorContext], list[Doubles]]
) -> list[float]:
    """Return the sums, over all rows of a tensor, of the numbers found for each row of a block.

    As the sum over the rows is exact but for one rounding, how rows are put into blocks does
    not show.
    """
    columns: list[list[Doubles]] = []
    for base, deltas, context in blocks():
        row_values = per_row(base, deltas, context)
        columns = columns or [[] for _ in row_values]
        for column, values in zip(columns, row_values, strict=True):
            column.append(values)
    return [fsum(np.concatenate(column)) for column in columns]


def gram(blocks: Blocks, *, models: bool) -> Gram:
    """Return the dot products of the deltas, or of the whole models, over a whole tensor."""

    def per_row(base: Base, deltas: Deltas, _context: TensorContext) -> list[Doubles]:
        rows = [as_rows(base + delta if models else delta) for delta in deltas]
        return [row_dots(rows[i], rows[j]) for i in range(len(rows)) for j in range(i + 1)]

    sums = whole_sums(blocks, per_row)
    count = range((isqrt(8 * len(sums) + 1) - 1) // 2)  # n (n + 1) / 2 sums of n vectors
    return tuple(
        tuple(sums[max(i, j) * (max(i, j) + 1) // 2 + min(i, j)] for j in count) for i in count
    )


def as_rows(block: Float32[Tensor, "..."]) -> Float32[Tensor, "rows width"]:
    """Return a block as a matrix whose rows are those of its first axis."""
    return block.reshape(len(block), -1) if block.ndim else block.reshape(1, 1)


def as_vectors(block: Float32[Tensor, "..."]) -> Float32[Tensor, "rows width"]:
    """Return a block as a matrix whose rows run along its last axis; a vector is one row."""
    return block.reshape(-1, block.shape[-1]) if block.ndim else block.reshape(1, 1)
