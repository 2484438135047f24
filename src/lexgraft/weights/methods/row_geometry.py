"""Row by row from the model that moved it; where several did, a blend."""

from typing import Annotated, Literal

import numpy as np
from msgspec import Meta

from lexgraft.arrays.lazy_torch import torch
from lexgraft.weights.methods.ordered_sums import Doubles, as_vectors, lengths
from lexgraft.weights.methods.registry import Base, Deltas, Factors, Merged, TensorContext, method


@method(paper="after arXiv 2408.03092 (rows) and 2601.13572 (who alone changed)", unit="row")
def rows(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
    *,
    weight: Factors = 1.0,
    least: Annotated[float, Meta(ge=0, le=10)] = 1e-3,
    blend: Literal["even", "change"] = "even",
) -> Merged:
    """Return base + Σ fᵢ·δᵢ / Σ fᵢ for every row, over the models that moved it.

    A model moved a row if |δᵢ| > `least` · |base| there. A row that one model alone moved is that
    model's, which keeps the words that only one parent learnt; if several or none did, their
    deltas are blended with f = w (`even`) or f = w·|δ| (`change`). A row runs along the last
    axis: a token of an embedding or a head.
    """
    size = lengths(as_vectors(base))
    moves = [lengths(as_vectors(delta)) for delta in deltas]
    factors = _factors(size, np.stack(moves), np.array(context.each(weight)), least, blend)
    total = torch.zeros_like(as_vectors(base))
    for delta, factor in zip(deltas, factors, strict=True):
        total.add_(as_vectors(delta) * torch.from_numpy(factor).float()[:, None])
    return base + total.view(base.shape)


def _factors(
    size: Doubles, changes: Doubles, weights: Doubles, threshold: float, blend: str
) -> Doubles:
    """Return every model's share of every row (model × row); NaN counts as a move."""
    changed = ~(changes <= threshold * size)
    changed |= ~changed.any(axis=0)  # where none moved, all blend
    shares = changed * np.abs(weights)[:, None] * (changes if blend == "change" else 1.0)
    total = shares.sum(axis=0)
    return np.divide(shares, total, out=np.zeros_like(shares), where=total != 0)
