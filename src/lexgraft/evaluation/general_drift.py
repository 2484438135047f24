"""General ability: how far a model's next-token predictions drifted from G's, by document."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from lexgraft.arrays.shapes import Float, Int
from lexgraft.stats.intervals import Interval, bootstrap, quotient

SMALLEST = 1e-9


class Predictions(NamedTuple):
    """One model's next-token predictions after every token of a document."""

    tokens: Int[np.ndarray, "position top"]  # G's likeliest tokens
    logprobs: Float[np.ndarray, "position top"]  # of these, by this model
    best: Int[np.ndarray, " position"]  # this model's likeliest token


class PredictionDrift(NamedTuple):
    """Means over the tokens of all documents, with a bootstrap over documents."""

    divergence: Interval  # KL(G || model) in bits a token
    agreement: Interval  # share of positions with the same likeliest token


def drift(
    before: Mapping[str, Predictions],
    after: Mapping[str, Predictions],
    seed: int,
    alpha: float = 0.05,
) -> PredictionDrift:
    """Return how far `after` drifted from `before` on the documents of both.

    Σ_t p_t log2(p_t / q_t) over G's likeliest tokens and all other tokens as one: a lower bound of
    KL(G || model) that is sharp where the top holds most of the mass. Accuracy hides changes that
    this shows (Dutta et al. 2024, arXiv 2407.09141).
    """
    rows = np.array(
        [_row(before[name], after[name]) for name in before if name in after], np.float64
    ).reshape(-1, 3)
    return PredictionDrift(
        bootstrap(rows[:, [0, 2]], quotient, seed, alpha),
        bootstrap(rows[:, [1, 2]], quotient, seed, alpha),
    )


def _row(before: Predictions, after: Predictions) -> Sequence[float]:
    same = (before.best == after.best).sum()
    return [float(divergences(before, after).sum()), float(same), float(len(before.best))]


def divergences(before: Predictions, after: Predictions) -> Float[np.ndarray, " position"]:
    """Return the divergence in bits at every position."""
    old, new = (_with_remainder(predictions.logprobs) for predictions in (before, after))
    return (old * (np.log2(old) - np.log2(new))).sum(-1)


def _with_remainder(
    logprobs: Float[np.ndarray, "position top"],
) -> Float[np.ndarray, "position classes"]:
    shares = np.exp(logprobs.astype(np.float64))
    remainder = 1 - shares.sum(-1, keepdims=True)
    return np.maximum(np.concatenate([shares, remainder], axis=-1), SMALLEST)
