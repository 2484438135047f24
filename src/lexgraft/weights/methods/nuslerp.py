"""The arc between two deltas, kept apart from the base: whole tensors, rows or columns."""

from typing import Literal

import numpy as np

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.arrays.shapes import Float32
from lexgraft.weights.methods.ordered_sums import (
    Doubles,
    as_rows,
    as_vectors,
    gram,
    normalized,
    row_dots,
)
from lexgraft.weights.methods.registry import (
    Base,
    Blocks,
    Deltas,
    Factors,
    Merged,
    TensorContext,
    method,
)

Origin = Literal["base", "zero"]
"""The centre of the arcs: the base, so that deltas are turned; or zero, so that models are."""

_STRAIGHT = 1e-8  # sine of the angle below which the arc is taken as straight
Products = tuple[Doubles, Doubles, Doubles]  # |first|², first·second, |second|² of every pair


def products(
    blocks: Blocks,
    *,
    nuslerp_flatten: bool,
    nuslerp_row_wise: bool,
    origin: Origin,
) -> Products | None:
    """Return the products of the whole tensors or of their columns; None for those of rows."""
    if nuslerp_flatten:
        (first, dot), (_, second) = gram(blocks, models=origin == "zero")
        return np.array([first]), np.array([dot]), np.array([second])
    return _columns(blocks, origin) if nuslerp_row_wise else None


@method(
    paper="Shoemake 1985, section 3.3, of deltas",
    survey=products,
    base="optional",
    unit="row",
    models=(2, 2),
)
def nuslerp(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
    whole_products: Products | None,
    *,
    weight: Factors = 1.0,
    nuslerp_flatten: bool = True,
    nuslerp_row_wise: bool = False,
    origin: Origin = "base",
) -> Merged:
    """Return base + sin((1-t)Ω)/sin Ω · δ₀ + sin(tΩ)/sin Ω · δ₁ with t = w₁ / (w₀ + w₁).

    Ω is the angle between the deltas: between the whole tensors, or, without `nuslerp_flatten`,
    between each pair of vectors along the last axis (`nuslerp_row_wise`: along the first). With
    `origin: zero` the models themselves take the place of the deltas.
    """
    t = normalized(context.each(weight))[1]
    ends = _ends(base, deltas, origin)
    if nuslerp_flatten or nuslerp_row_wise:
        assert whole_products
        first, second = (as_rows(end) for end in ends)
        factors = [
            torch.from_numpy(share).float()[None, :] for share in _shares(t, *whole_products)
        ]
    else:
        first, second = (as_vectors(end) for end in ends)
        pair = row_dots(first, first), row_dots(first, second), row_dots(second, second)
        factors = [torch.from_numpy(share).float()[:, None] for share in _shares(t, *pair)]
    arc = (first * factors[0] + second * factors[1]).view(base.shape)
    return arc if origin == "zero" else base + arc


def _ends(base: Base, deltas: Deltas, origin: Origin) -> Float32[Tensor, "model *shape"]:
    """Return what the arc joins."""
    return deltas if origin == "base" else base + deltas


def _shares(t: float, first: Doubles, dot: Doubles, second: Doubles) -> tuple[Doubles, Doubles]:
    """Return both ends' factors at t for every pair of vectors."""
    norms = np.sqrt(first) * np.sqrt(second)
    cosine = np.clip(np.divide(dot, norms, out=np.ones_like(dot), where=norms != 0), -1, 1)
    omega = np.arccos(cosine)
    straight = np.sin(omega) <= _STRAIGHT
    sine = np.where(straight, 1.0, np.sin(omega))
    return (
        np.where(straight, 1 - t, np.sin((1 - t) * omega) / sine),
        np.where(straight, t, np.sin(t * omega) / sine),
    )


def _columns(blocks: Blocks, origin: Origin) -> Products:
    """Return the products of the vectors along the first axis, added row after row."""
    totals: list[Doubles] = []
    for base, deltas, _ in blocks():
        pairs = [as_rows(end).numpy() for end in _ends(base, deltas, origin)]
        for row in range(len(pairs[0])):
            first, second = (matrix[row].astype(np.float64) for matrix in pairs)
            squares = first * first, first * second, second * second
            totals = [a + b for a, b in zip(totals or (0, 0, 0), squares, strict=True)]
    return totals[0], totals[1], totals[2]
