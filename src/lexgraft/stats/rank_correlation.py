"""How far two rankings agree: Spearman's coefficient with an interval (pure)."""

from collections.abc import Sequence
from math import atanh, sqrt, tanh
from statistics import NormalDist

import numpy as np

from lexgraft.arrays.shapes import Float64
from lexgraft.stats.intervals import Interval

_FEWEST = 4  # pairs below which nothing is said


def spearman(first: Sequence[float], second: Sequence[float], alpha: float = 0.05) -> Interval:
    """Return Spearman's rank correlation, ties at their mean rank, with its interval.

    The interval is Fisher's with the standard error √((1 + r²/2)/(n − 3)) of Bonett and Wright
    (2000, Psychometrika 65). With fewer than four pairs, or where all of one side are alike, it
    reaches from −1 to 1.

    >>> agreed = spearman([1, 2, 3, 4, 5, 6], [2, 1, 4, 3, 6, 5])
    >>> f"{agreed.value:.2f} [{agreed.low:.2f}, {agreed.high:.2f}]"
    '0.83 [-0.13, 0.99]'
    """
    n = len(first)
    ranks = [_ranks(values) for values in (first, second)]
    if n < _FEWEST or any(np.ptp(ranked) == 0 for ranked in ranks):
        return Interval(0.0, -1.0, 1.0, n)
    value = float(np.corrcoef(ranks[0], ranks[1])[0, 1])
    bound = min(1 - 1e-9, max(-1 + 1e-9, value))
    reach = NormalDist().inv_cdf(1 - alpha / 2) * sqrt((1 + bound**2 / 2) / (n - 3))
    low, high = tanh(atanh(bound) - reach), tanh(atanh(bound) + reach)
    return Interval(value, min(value, low), max(value, high), n)


def _ranks(values: Sequence[float]) -> Float64[np.ndarray, " value"]:
    """Return the rank of each value from 1; equal ones share the mean of theirs."""
    numbers = np.array(values, np.float64)
    _, place, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[place]
