"""Rows that a model changed much by its own measure count whole, in length and in direction."""

from typing import Annotated, Any, NamedTuple

import numpy as np
from msgspec import Meta

from lexgraft.arrays.lazy_torch import torch
from lexgraft.weights.methods.ordered_sums import Doubles, as_vectors, row_dots
from lexgraft.weights.methods.registry import Base, Blocks, Deltas, Merged, TensorContext, method


class RowScores(NamedTuple):
    """What every model's change of every row counts."""

    length: Doubles  # model × row
    direction: Doubles


def rank_rows(
    blocks: Blocks,
    *,
    threshold: float,
    calibration: float,
) -> RowScores:
    """Return the scores of all rows, from their ranks within each model."""
    lengths: list[Doubles] = []
    turns: list[Doubles] = []
    for base, deltas, _ in blocks():
        rows = as_vectors(base)
        base_size = np.sqrt(row_dots(rows, rows))
        models = [as_vectors(base + delta) for delta in deltas]
        sizes = [np.sqrt(row_dots(model, model)) for model in models]
        dots = [row_dots(rows, model) for model in models]
        lengths.append(np.stack([np.abs(size - base_size) for size in sizes]))
        norms = [base_size * size for size in sizes]
        turns.append(np.stack([_turn(d, norm) for d, norm in zip(dots, norms, strict=True)]))
    return RowScores(
        _score(np.concatenate(lengths, axis=1), threshold, calibration),
        _score(np.concatenate(turns, axis=1), threshold, calibration),
    )


@method(paper="arXiv 2408.03092, section 3, by rows", survey=rank_rows, unit="row")
def widen(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
    scores: RowScores,
    *,
    threshold: Annotated[float, Meta(ge=0, le=10)] = 1.0,
    calibration: Annotated[float, Meta(ge=0, le=10)] = 1.0,
) -> Merged:
    """Return (|b| + Σ sᵢ·(|θᵢ| - |b|)) · (b/|b| + Σ tᵢ·(θᵢ/|θᵢ| - b/|b|)) for every row b.

    s and t come from the rows' ranks inside each model, by change of length and of direction:
    the softmax over the models of rank/rows, or `calibration` where the rank is above `threshold`
    times the average. So a model with small changes is not drowned by one with large ones. A row
    runs along the last axis: a token of an embedding, an output of a projection.
    """
    rows = as_vectors(base).double()
    first = context.start // max(1, rows.shape[1])
    row_slice = slice(first, first + len(rows))
    size, direction = _polar(rows)
    length, turned = size.clone(), direction.clone()
    for model, delta in enumerate(deltas):
        own_size, own_direction = _polar(as_vectors(base + delta).double())
        factors = [torch.from_numpy(score[model, row_slice])[:, None] for score in scores]
        length += (own_size - size) * factors[0]
        turned += (own_direction - direction) * factors[1]
    return (length * turned).float().view(base.shape)


def _polar(rows: Any) -> tuple[Any, Any]:
    """Return the rows' lengths and directions; a row of zeros has none."""
    values = rows.numpy()
    size = np.sqrt((values * values).sum(axis=1, keepdims=True))
    direction = np.divide(values, size, out=np.zeros_like(values), where=size != 0)
    return torch.from_numpy(size), torch.from_numpy(direction)


def _turn(dots: Doubles, norms: Doubles) -> Doubles:
    """Return 1 - cosine; 0 where there is no direction."""
    return 1 - np.divide(dots, norms, out=np.ones_like(dots), where=norms != 0)


def _score(changes: Doubles, threshold: float, calibration: float) -> Doubles:
    """Return what each change counts, from the changes of all rows in all models."""
    count = changes.shape[1]
    ranks = np.empty_like(changes)
    for model, change in enumerate(changes):
        ranks[model, np.argsort(change, kind="stable")] = np.arange(1, count + 1) / count
    shares = np.exp(ranks)
    shares /= shares.sum(axis=0)
    average = (count + 1) / (2 * count)
    return np.where(ranks > threshold * average, calibration, shares)
