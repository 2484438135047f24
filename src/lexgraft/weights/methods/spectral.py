"""Singular values and solutions of matrices, the same bits whatever the number of threads."""

from collections.abc import Callable

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.arrays.shapes import Float, Float32
from lexgraft.arrays.threads import threads
from lexgraft.weights.methods.ordered_sums import weighted_sum
from lexgraft.weights.methods.registry import Deltas, Merged

Matrices = Float32[Tensor, "model rows columns"]
Matrix = Float32[Tensor, "rows columns"]


def by_matrix(deltas: Deltas, merge: Callable[[Matrices], Matrix]) -> Merged:
    """Return the merged delta: every matrix of the last two axes merged, vectors averaged.

    What is not finite is handed on by a plain sum, for the engine to find and name.
    """
    shape = deltas.shape[1:]
    if not torch.isfinite(deltas).all():
        return weighted_sum(deltas, [1.0] * len(deltas))
    if len(shape) < 2 or min(shape[-2:]) <= 1:
        return weighted_sum(deltas, [1 / len(deltas)] * len(deltas))
    merged = torch.empty_like(deltas[0]).view(-1, *shape[-2:])
    stacked = deltas.reshape(len(deltas), *merged.shape)
    with threads(1):
        for number, matrix in enumerate(merged):
            try:
                matrix.copy_(merge(stacked[:, number]))
            except RuntimeError:  # LinAlgError: sums or products of finite numbers went beyond them
                matrix.fill_(torch.inf)
    return merged.view(shape)


def svd(
    matrix: Matrix,
) -> tuple[Float32[Tensor, "rows rank"], Float32[Tensor, " rank"], Float32[Tensor, "rank columns"]]:
    """Return U, the singular values from the largest down, and V transposed."""
    u, values, v = torch.linalg.svd(matrix, full_matrices=False)
    return u, values, v


def nearest_orthogonal(matrix: Float32[Tensor, "rows columns"]) -> Float32[Tensor, "rows columns"]:
    """Return the matrix with all singular values 1 that is nearest (orthogonal Procrustes)."""
    u, _, v = svd(matrix)
    return u @ v


def solve(
    matrix: Float[Tensor, "size size"], right: Float[Tensor, "size columns"]
) -> Float[Tensor, "size columns"]:
    """Return x of A·x = b for a positive definite matrix A."""
    return torch.cholesky_solve(right, torch.linalg.cholesky(matrix))
