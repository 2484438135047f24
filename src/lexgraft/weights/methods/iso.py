"""The deltas' singular directions, all with the same strength."""

from lexgraft.arrays.lazy_torch import torch
from lexgraft.weights.methods.registry import (
    Base,
    Deltas,
    Factor,
    Factors,
    Fraction,
    Merged,
    TensorContext,
    method,
)
from lexgraft.weights.methods.spectral import Matrices, Matrix, by_matrix, nearest_orthogonal, svd


@method(paper="arXiv 2502.04959, section 4.1", unit="tensor")
def iso_c(
    base: Base,
    deltas: Deltas,
    place: TensorContext,
    *,
    weight: Factors = 1.0,
    lambda_: Factor = 1.0,
) -> Merged:
    """Return base + λ · σ̄·U·Vᵀ, where U·Σ·Vᵀ = Σ wᵢ·δᵢ and σ̄ is the mean of Σ.

    Vectors: the mean of wᵢ·δᵢ.
    """
    return base + by_matrix(_weighted(deltas, place, weight), _flat) * lambda_


@method(paper="arXiv 2502.04959, section 4.2, Algorithm 1", unit="tensor")
def iso_cts(
    base: Base,
    deltas: Deltas,
    place: TensorContext,
    *,
    weight: Factors = 1.0,
    common: Fraction = 0.8,
    lambda_: Factor = 1.0,
) -> Merged:
    """Return base + λ · σ̄·Û·V̂ᵀ of common and of each model's own singular directions.

    The share `common` of the directions are the first of Σ wᵢ·δᵢ; the rest is divided evenly among
    the models and filled with the first of what their deltas hold outside the common left ones.
    Û and V̂ are the orthogonal matrices nearest to all of them, σ̄ is their mean strength.
    """
    weighted = _weighted(deltas, place, weight)
    return base + by_matrix(weighted, lambda matrices: _common(matrices, common)) * lambda_


def _weighted(deltas: Deltas, place: TensorContext, weight: float | dict[str, float]) -> Deltas:
    """Return wᵢ·δᵢ."""
    return deltas * deltas.new_tensor(place.each(weight)).view(-1, *(1,) * (deltas.ndim - 1))


def _flat(matrices: Matrices) -> Matrix:
    """Return the sum of the matrices with all singular values alike."""
    left, values, right = svd(_sum(matrices))
    return left @ right * values.mean()


def _common(matrices: Matrices, share: float) -> Matrix:
    """Return the merged matrix of common and own directions."""
    rank = min(matrices.shape[1:])
    own = (rank - round(share * rank)) // len(matrices)
    first = rank - own * len(matrices)
    left, values, right = (part for part in svd(_sum(matrices)))
    parts = [(left[:, :first], values[:first], right[:first])]
    for matrix in matrices if own else ():
        rest = matrix - left[:, :first] @ (left[:, :first].T @ matrix)
        u, s, v = svd(rest)
        parts.append((u[:, :own], s[:own], v[:own]))
    mean = torch.cat([s for _, s, _ in parts]).mean()
    turned = nearest_orthogonal(torch.cat([u for u, _, _ in parts], dim=1))
    return turned @ nearest_orthogonal(torch.cat([v for _, _, v in parts])) * mean


def _sum(matrices: Matrices) -> Matrix:
    """Return the sum of the matrices, one after another."""
    total = torch.zeros_like(matrices[0])
    for matrix in matrices:
        total.add_(matrix)
    return total
