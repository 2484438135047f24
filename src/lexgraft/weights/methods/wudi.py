"""The delta that differs from each model's least along that model's own inputs, in closed form."""

from typing import Annotated

from msgspec import Meta

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.weights.methods.registry import (
    Base,
    Deltas,
    Factor,
    Factors,
    Merged,
    TensorContext,
    method,
)
from lexgraft.weights.methods.spectral import Matrices, Matrix, by_matrix, solve


@method(paper="arXiv 2503.08099, equation 12, minimised exactly", unit="tensor", anywhere=True)
def wudi(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
    *,
    weight: Factors = 1.0,
    ridge: Annotated[float, Meta(gt=0, le=1)] = 1e-6,
    lambda_: Factor = 1.0,
) -> Merged:
    """Return base + λ · τ, where τ minimises Σ |(τ - wᵢ·δᵢ)·δᵢᵀ|² / |δᵢ|² + ρ·|τ|².

    A model's rows stand for its inputs, so τ answers like model i on what model i was tuned for:
    τ = (Σ cᵢ·wᵢ·δᵢδᵢᵀδᵢ) · (Σ cᵢ·δᵢᵀδᵢ + ρ)⁻¹ with c = 1/|δ|². ρ is `ridge` times the mean of the
    eigenvalues, in place of a pseudo-inverse. Vectors: the mean of the δᵢ.
    """
    weights = context.each(weight)
    return base + by_matrix(deltas, lambda matrices: _merged(matrices, weights, ridge)) * lambda_


def _merged(matrices: Matrices, weights: tuple[float, ...], ridge: float) -> Matrix:
    """Return τ, by the smaller of the two equal systems."""
    units = [_unit(matrix.double()) for matrix in matrices]
    inputs = torch.cat(units)  # C: √cᵢ·δᵢ, one under the other
    targets = torch.cat(
        [
            matrix.double() @ unit.T * weight
            for matrix, unit, weight in zip(matrices, units, weights, strict=True)
        ],
        dim=1,
    )
    if not inputs.any():
        return torch.zeros_like(matrices[0])
    small = min(inputs.shape)
    penalty = torch.eye(small, dtype=torch.float64, device=inputs.device)
    penalty *= ridge * len(matrices) / small
    if len(inputs) == small:  # E·(C·Cᵀ + ρ)⁻¹·C
        merged = solve(inputs @ inputs.T + penalty, targets.T).T @ inputs
    else:  # E·C·(Cᵀ·C + ρ)⁻¹
        merged = solve(inputs.T @ inputs + penalty, (targets @ inputs).T).T
    return merged.float()


def _unit(matrix: Tensor) -> Tensor:
    """Return a matrix divided by its length; zeros stay."""
    length = float(matrix.norm())
    return matrix / length if length else matrix
