"""Regressions over many releases: what each may spend of the error, and exact tests (pure)."""

from math import erfc, exp, lgamma, log, sqrt

from lexgraft.stats.intervals import tango_score


def release_level(number: int, alpha: float = 0.05) -> float:
    """Return the level at which the `number`-th comparison of releases is judged, from 1 on.

    alpha / (k(k + 1)): all of them together spend alpha, however many follow. No independence is
    used (the releases answer the same questions), only that probabilities add up; it is also what
    a mean of e-values with these weights comes to, so one may stop or go on at any release.

    >>> [round(release_level(number), 4) for number in (1, 2, 10)]
    [0.025, 0.0083, 0.0005]
    """
    return alpha / (number * (number + 1))


def more_lost(gained: float, lost: float) -> float:
    """Return the p value of more losses than gains, if both are equally likely; one-sided, exact.

    The upper binomial tail at `lost` of the changed verdicts. Counts of related concepts, divided
    by their design effect, are rounded so that less is lost.

    >>> round(more_lost(gained=1, lost=9), 4)
    0.0107
    """
    losses = int(lost)
    changes = losses + -int(-gained // 1)
    if not losses:
        return 1.0
    tail = sum(exp(_log_ways(changes, k) - changes * log(2)) for k in range(losses, changes + 1))
    return min(1.0, tail)


def loss_above(gained: float, lost: float, n: float, budget: float) -> float:
    """Return the one-sided p value that more than `budget` of n was lost, by Tango's score.

    The null hypothesis is a loss of at most the budget, a share (Tango 1998, Statistics in
    Medicine 17).

    >>> loss_above(gained=2, lost=40, n=1000, budget=0.02) < 0.01
    True
    """
    return erfc(-tango_score(gained, lost, n, -budget) / sqrt(2)) / 2 if n else 1.0


def _log_ways(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
