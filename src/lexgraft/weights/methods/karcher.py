"""The point on a sphere nearest to all models: their Riemannian (Karcher) mean."""

from typing import Annotated

import numpy as np
from msgspec import Meta

from lexgraft.weights.methods.multislerp import spans
from lexgraft.weights.methods.nuslerp import Origin
from lexgraft.weights.methods.ordered_sums import Doubles, Gram, weighted_sum
from lexgraft.weights.methods.registry import Base, Deltas, Merged, TensorContext, method

_PATIENCE = 100  # steps after which only rounding moves the mean, however many are asked for


@method(paper="arXiv 2603.04972; Karcher 1977", survey=spans, base="none", anywhere=True)
def karcher(
    base: Base,
    deltas: Deltas,
    _context: TensorContext,
    products: Gram,
    *,
    max_iter: Annotated[int, Meta(ge=0)] = 10,
    tol: Annotated[float, Meta(ge=0, le=1)] = 1e-5,
    origin: Origin = "zero",
) -> Merged:
    """Return r·μ, where μ minimises Σ ∠(μ, θᵢ)² over unit vectors and r is the mean length.

    Each step maps the directions uᵢ into the tangent space at μ, averages them there and walks
    along the average: τ = mean of Ωᵢ/sin Ωᵢ · (uᵢ - cos Ωᵢ·μ); μ ← cos|τ|·μ + sin|τ|·τ/|τ|; it
    ends when |τ| ≤ tol or only rounding is left. As μ stays a combination of the uᵢ, the steps
    need their dot products only. With `origin: base` the deltas take the place of the models.
    """
    factors = _factors(np.array(products), max_iter, tol)
    combination = weighted_sum(deltas, [float(factor) for factor in factors])
    return base * float(factors.sum()) + combination if origin == "zero" else base + combination


def _factors(products: Doubles, max_iter: int, tol: float) -> Doubles:
    """Return every vector's factor in the result."""
    sizes = np.sqrt(products.diagonal())
    live = sizes > tol
    if not live.any():
        return np.zeros(len(sizes)) if sizes.any() else np.full(len(sizes), 1 / len(sizes))
    units = products[np.ix_(live, live)] / np.outer(sizes[live], sizes[live])
    mean = _unit(np.full(len(units), 1 / len(units)), units, tol)
    shortest, since = np.inf, 0  # steps since one was shorter than all before
    for _ in range(max_iter):
        tangent = _tangent(mean, units, tol)
        length = _length(tangent, units)
        shortest, since = (length, 0) if length < shortest else (shortest, since + 1)
        if length <= tol or since > _PATIENCE:
            break
        mean = _unit(np.cos(length) * mean + np.sin(length) / length * tangent, units, tol)
    factors = np.zeros(len(sizes))
    factors[live] = sizes.mean() * mean / sizes[live]
    return factors


def _tangent(mean: Doubles, units: Doubles, tol: float) -> Doubles:
    """Return the average of the directions as seen from the mean."""
    cosines = np.clip(units @ mean, -1, 1)
    angles = np.arccos(cosines)
    bent = (angles >= tol) & (np.sin(angles) > tol * tol)  # the far side has no direction
    pulls = np.divide(angles, np.sin(angles), out=np.zeros_like(angles), where=bent) / len(units)
    return pulls - (pulls @ cosines) * mean


def _length(combination: Doubles, units: Doubles) -> float:
    """Return the length of a combination of the directions."""
    return float(np.sqrt(max(0.0, combination @ units @ combination)))


def _unit(combination: Doubles, units: Doubles, tol: float) -> Doubles:
    """Return a combination of length 1; the first direction where it vanishes."""
    length = _length(combination, units)
    return np.eye(len(units))[0] if length < tol else combination / length
