"""Each model's strongest singular directions, turned apart so that they do not interfere."""

from lexgraft.arrays.lazy_torch import torch
from lexgraft.weights.methods.registry import (
    Base,
    Deltas,
    Factor,
    Factors,
    Merged,
    TensorContext,
    method,
)
from lexgraft.weights.methods.spectral import Matrices, Matrix, by_matrix, nearest_orthogonal, svd


@method(paper="arXiv 2412.00081, section 4.3, Algorithm 1", unit="tensor", anywhere=True)
def tsv_m(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
    *,
    weight: Factors = 1.0,
    lambda_: Factor = 1.0,
) -> Merged:
    """Return base + λ · Û·Σ·V̂ᵀ, made of the strongest 1/T of the singular directions of T models.

    U, Σ and V join the first min(m, n)/T singular vectors and values of every wᵢ·δᵢ; Û and V̂
    are the orthogonal matrices nearest to U and V. Vectors: the mean of wᵢ·δᵢ.
    """
    weights = deltas.new_tensor(context.each(weight)).view(-1, *(1,) * base.ndim)
    return base + by_matrix(deltas * weights, _merged) * lambda_


def _merged(matrices: Matrices) -> Matrix:
    rank = max(1, min(matrices.shape[1:]) // len(matrices))
    decompositions = [svd(matrix) for matrix in matrices]
    u_hat = nearest_orthogonal(torch.cat([u[:, :rank] for u, _, _ in decompositions], dim=1))
    v_hat = nearest_orthogonal(torch.cat([v[:rank] for _, _, v in decompositions]))
    return (u_hat * torch.cat([values[:rank] for _, values, _ in decompositions])) @ v_hat
