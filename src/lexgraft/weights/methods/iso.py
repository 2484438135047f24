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


@method(paper="arXiv 2502.04959, section 4.1", unit="tensor", anywhere=True)
def iso_c(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
    *,
    weight: Factors = 1.0,
    lambda_: Factor = 1.0,
) -> Merged:
    """Return base + λ · σ̄·U·Vᵀ, where U·Σ·Vᵀ = Σ wᵢ·δᵢ and σ̄ is the mean of Σ.

    Vectors: the mean of wᵢ·δᵢ.
    """
    return base + by_matrix(_weighted(deltas, context, weight), _flat) * lambda_


@method(paper="arXiv 2502.04959, section 4.2, Algorithm 1", unit="tensor", anywhere=True)
def iso_cts(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
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
    weighted = _weighted(deltas, context, weight)
    return base + by_matrix(weighted, lambda matrices: _common(matrices, common)) * lambda_


def _weighted(deltas: Deltas, context: TensorContext, weight: float | dict[str, float]) -> Deltas:
    """Return wᵢ·δᵢ."""
    return deltas * deltas.new_tensor(context.each(weight)).view(-1, *(1,) * (deltas.ndim - 1))


def _flat(matrices: Matrices) -> Matrix:
    """Return the sum of the matrices with all singular values alike."""
    u, values, v = svd(_sum(matrices))
    return u @ v * values.mean()


def _common(matrices: Matrices, share: float) -> Matrix:
    """Return the merged matrix of common and own directions."""
    rank = min(matrices.shape[1:])
    own_rank = (rank - round(share * rank)) // len(matrices)
    common_rank = rank - own_rank * len(matrices)
    shared_u, shared_s, shared_v = svd(_sum(matrices))
    directions = [(shared_u[:, :common_rank], shared_s[:common_rank], shared_v[:common_rank])]
    for matrix in matrices if own_rank else ():
        remainder = matrix - shared_u[:, :common_rank] @ (shared_u[:, :common_rank].T @ matrix)
        u, s, v = svd(remainder)
        directions.append((u[:, :own_rank], s[:own_rank], v[:own_rank]))
    mean = torch.cat([s for _, s, _ in directions]).mean()
    turned = nearest_orthogonal(torch.cat([u for u, _, _ in directions], dim=1))
    return turned @ nearest_orthogonal(torch.cat([v for _, _, v in directions])) * mean


def _sum(matrices: Matrices) -> Matrix:
    """Return the sum of the matrices, one after another."""
    total = torch.zeros_like(matrices[0])
    for matrix in matrices:
        total.add_(matrix)
    return total
