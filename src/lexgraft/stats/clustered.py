"""A mean over concepts where related concepts move together (pure)."""

from collections.abc import Hashable, Sequence
from math import sqrt

import numpy as np

from lexgraft.arrays.shapes import Float, Int
from lexgraft.stats.intervals import Interval
from lexgraft.stats.moments import FEWEST, Moments, summed

MISSED = 0.8  # by simulation: how far a cluster that did not move might have, of the furthest
COPIED = 0.25  # of a cluster that moved as one, added to what a design effect is told from


def clustered_mean(
    values: Sequence[float], clusters: Sequence[Hashable] | None = None, alpha: float = 0.05
) -> Interval:
    """Return the mean of one value per concept, related concepts counted as one cluster.

    Args:
        values: One per concept in [−1, 1], such as P(right) of a result minus its ablation's.
        clusters: What every concept belongs to (its parent), None where each stands alone.
        alpha: 1 minus the nominal coverage.

    Sums of residuals by cluster, each corrected for the part that the mean takes of it, give a
    variance without bias where all concepts are alike and related ones correlated as estimated (a
    CR2 variance with an exchangeable working model: Bell and McCaffrey 2002, Survey Methodology
    28), and that model gives Satterthwaite's degrees of freedom too (there, section 4; Pustejovsky
    and Tipton 2018, Journal of Business & Economic Statistics 36): one fewer than clusters where
    these are of one size, n − 1 where each concept stands alone. Student's t with Hall's correction
    of skewness makes the interval (`Moments.bounds`). Where many clusters did not move at all, two
    pseudo-clusters are added to the spread, as in `bootstrap`; so they are where all moved by the
    same.
    With fewer than eight clusters it reaches from −1 to 1: nothing is judged. Its coverage:
    benchmarks/coverage.py.

    >>> change = clustered_mean([0.2, 0.1, 0.4, 0.3, 0.0, 0.1, 0.3, 0.2, 0.1, 0.3])
    >>> f"{change.value:.2f} [{change.low:.2f}, {change.high:.2f}]"
    '0.20 [0.11, 0.29]'
    """
    n = len(values)
    if n == 0:
        return Interval(0.0, -1.0, 1.0, 0)
    observed = np.array(values, np.float64)
    mean = float(observed.mean())
    owners = _owners(clusters if clusters is not None else range(n))
    if owners.max() + 1 < FEWEST:
        return Interval(mean, -1.0, 1.0, n)
    moments = _cluster_moments(observed - mean, owners)
    return Interval(mean, *_steadied(moments, observed, owners).bounds(mean, alpha), n)


def design_effect(values: Sequence[float], clusters: Sequence[Hashable]) -> float:
    """Return how many times the variance of a mean grows because related values move together.

    Args:
        values: One per concept in [−1, 1], such as a verdict gained (1), lost (−1) or kept (0).
        clusters: What every concept belongs to.

    The cluster-robust variance ÷ that of values which stand alone. A quarter of a cluster that has
    moved as one is added to both: few changes cannot tell how related concepts move, and without
    any the effect is that of copies, Σ(size²)/n. So it is too with fewer than eight clusters. Not
    below 1, and 1 where each stands alone.
    """
    owners, n = _owners(clusters), len(values)
    sizes = np.bincount(owners) if n else np.zeros(0)
    if len(sizes) == n:
        return 1.0
    squares = float(sizes @ sizes)
    if len(sizes) < FEWEST:
        return squares / n
    residuals = np.array(values, np.float64)
    residuals -= residuals.mean()
    together, alone = (
        _cluster_moments(residuals, each).variance * n**2 for each in (owners, np.arange(n))
    )
    added = COPIED / len(sizes)
    return max(1.0, (together + added * squares) / (alone + added * n))


def clustered_difference(
    first: Sequence[float],
    second: Sequence[float],
    first_clusters: Sequence[Hashable] | None = None,
    second_clusters: Sequence[Hashable] | None = None,
    alpha: float = 0.05,
) -> Interval:
    """Return the mean of some concepts minus that of others; n is the number of the fewer.

    Each mean has its own clusters; variances and third moments add up, with Welch's degrees of
    freedom (`summed`). With fewer than eight clusters on either side nothing is judged.

    >>> taught, other = [0.5, 0.7, 0.3, 0.6, 0.4, 0.5, 0.8, 0.6], [0.0, 0.1] * 20
    >>> change = clustered_difference(taught, other)
    >>> f"{change.value:.2f} [{change.low:.2f}, {change.high:.2f}] {change.n}"
    '0.50 [0.37, 0.63] 8'
    """
    sides = ((first, first_clusters), (second, second_clusters))
    n = min(len(first), len(second))
    if n == 0:
        return Interval(0.0, -1.0, 1.0, 0)
    value = float(np.mean(first) - np.mean(second))
    parts: list[Moments] = []
    for sign, (values, clusters) in zip((1, -1), sides, strict=True):
        observed = np.array(values, np.float64)
        owners = _owners(clusters if clusters is not None else range(len(values)))
        if owners.max() + 1 < FEWEST:
            return Interval(value, -1.0, 1.0, n)
        moments = _cluster_moments(observed - observed.mean(), owners)
        parts.append(_steadied(moments, observed, owners).scaled(sign))
    return Interval(value, *summed(parts).bounds(value, alpha), n)


def _owners(clusters: Sequence[Hashable]) -> Int[np.ndarray, " n"]:
    """Return every concept's cluster by number, in the order in which clusters appear."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(cluster, len(numbers)) for cluster in clusters], np.intp)


def _cluster_moments(residuals: Float[np.ndarray, " n"], owners: Int[np.ndarray, " n"]) -> Moments:
    n, sums, sizes = len(residuals), np.bincount(owners, residuals), np.bincount(owners)
    spreads = sizes * (1 + (sizes - 1) * _correlation(residuals, sums, sizes))
    shrunk = 1 - 2 * sizes / n + sizes**2 * spreads.sum() / (n**2 * spreads)
    sums, count = sums / np.sqrt(shrunk), len(sums)
    third = float((sums**3).sum()) / n**3 * sqrt(count * (count - 1)) / (count - 2)
    return Moments(float(sums @ sums) / n**2, third, _freedom(sizes, spreads, shrunk))


def _freedom(
    sizes: Int[np.ndarray, " cluster"],
    spreads: Float[np.ndarray, " cluster"],
    shrunk: Float[np.ndarray, " cluster"],
) -> float:
    """Return Satterthwaite's degrees of freedom of a CR2 variance: (Σ M_gg)² / Σ M_gh².

    M are the covariances of the corrected sums of residuals if clusters have these variances v:
    (δ_gh·v_g − (s_g·v_h + v_g·s_h)/n + s_g·s_h·Σv/n²) / √(k_g·k_h), with sizes s and corrections
    k, so that M_gg = v_g; summed without the matrix.
    """
    n, total = int(sizes.sum()), float(spreads.sum())
    least, mixed, most = (
        float((one * other / shrunk).sum())
        for one, other in ((sizes, sizes), (sizes, spreads), (spreads, spreads))
    )
    shared = 2 * sizes * spreads - sizes**2 * total / n
    apart = 2 * least * most + 2 * mixed**2 - 4 * total / n * least * mixed
    apart += (total / n * least) ** 2 - float(((shared / shrunk) ** 2).sum())
    return total**2 / (float(spreads @ spreads) + apart / n**2)


def _correlation(
    residuals: Float[np.ndarray, " n"],
    sums: Float[np.ndarray, " cluster"],
    sizes: Int[np.ndarray, " cluster"],
) -> float:
    """Return the correlation within clusters by moments, between 0 and 1."""
    pairs, squares = float(sizes @ (sizes - 1)), float(residuals @ residuals)
    if not pairs or not squares:
        return 0.0
    excess = (float(sums @ sums) - squares) * len(residuals) / (pairs * squares)
    return min(1.0, max(0.0, excess))


def _steadied(
    moments: Moments, observed: Float[np.ndarray, " n"], owners: Int[np.ndarray, " n"]
) -> Moments:
    """Return moments that allow for clusters that might have moved, where many did not."""
    sums, n = np.abs(np.bincount(owners, observed)), len(observed)
    alike = not np.ptp(observed)  # all moved by one step: what any other might have moved is open
    furthest = float(np.bincount(owners).max()) if alike else float(sums.max())
    size = MISSED * furthest * (1.0 if alike else float(np.mean(sums == 0)))
    return moments._replace(variance=moments.variance + 2 * (size / (n + 2)) ** 2)
