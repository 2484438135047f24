"""One number for what of general ability is lost: a mean over strata of relative losses (pure)."""

from collections.abc import Hashable, Mapping, Sequence
from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from lexgraft.arrays.shapes import Float
from lexgraft.stats.intervals import SMALLEST, Interval
from lexgraft.stats.moments import FEWEST, Moments, moments_of, summed
from lexgraft.stats.student_t import student

Columns = Float[np.ndarray, "unit column"]


class StratumLoss(NamedTuple):
    """The relative loss in one register or in the everyday words."""

    loss: float  # 0.02: two per cent worse; negative: better
    contributions: tuple[float, ...]  # of every document or cluster of concepts; their mean is 0
    freedom: float  # of their variance: less than n − 1 where some weigh more than others

    @property
    def n(self) -> int:
        """Return how many documents or clusters it rests on."""
        return len(self.contributions)

    @property
    def moments(self) -> Moments:
        """Return the moments of the loss."""
        return moments_of(np.array(self.contributions))._replace(freedom=self.freedom)

    @property
    def spread(self) -> float:
        """Return the standard deviation of one contribution: what plans are made with."""
        return sqrt(self.moments.variance * self.n)

    def interval(self, alpha: float = 0.05) -> Interval | None:
        """Return the loss with its interval, None where fewer than eight were measured."""
        return composite_loss([self], alpha)


def text_loss(rows: Columns) -> StratumLoss:
    """Return the relative rise of bits per byte: (Σ bits/Σ bytes) after ÷ before, − 1.

    Args:
        rows: Per document the bits and bytes after, and the bits and bytes before.

    A ratio of ratios, linearised: r·(b₁/B₁ − y₁/Y₁ − b₀/B₀ + y₀/Y₀) is what a document contributes,
    capitals being the means (Taylor linearisation: Särndal, Swensson and Wretman 1992, section
    5.5).
    """
    signs = np.array([1.0, -1.0, -1.0, 1.0])
    means = np.maximum(rows.mean(axis=0), SMALLEST)
    ratio = float(means[0] / means[1] / (means[2] / means[3]))
    parts = (rows / means) @ signs
    return _stratum(ratio - 1, ratio * parts, rows[:, 2])


def everyday_loss(pairs: Columns) -> StratumLoss:
    """Return the share of P(right) that is gone: 1 − Σ P after ÷ Σ P before.

    Args:
        pairs: Per concept P(right) after and before, between 0 and 1.

    Surprisal of the right option is no scale for this: where an item is easy it lies near 0, and
    its relative change explodes though the answer stays the same.
    """
    means = np.maximum(pairs.mean(axis=0), SMALLEST)
    ratio = float(means[0] / means[1])
    parts = (pairs / means) @ np.array([1.0, -1.0])
    return _stratum(1 - ratio, -ratio * parts, pairs[:, 1])


def _stratum(
    loss: float, parts: Float[np.ndarray, " unit"], weights: Float[np.ndarray, " unit"]
) -> StratumLoss:
    """Return a loss with Satterthwaite's degrees of freedom for units of these weights."""
    squares = np.maximum(weights, SMALLEST) ** 2
    freedom = float(squares.sum() ** 2 / (squares**2).sum()) - 1
    return StratumLoss(loss, tuple((parts - parts.mean()).tolist()), freedom)


def by_cluster(rows: Columns, clusters: Sequence[Hashable]) -> Columns:
    """Return the sums of rows by cluster: documents of one source, concepts of one parent."""
    numbers: dict[Hashable, int] = {}
    owners = np.array([numbers.setdefault(cluster, len(numbers)) for cluster in clusters])
    sums = np.zeros((len(numbers), rows.shape[1]))
    np.add.at(sums, owners, rows)
    return sums


def composite_loss(strata: Sequence[StratumLoss], alpha: float = 0.05) -> Interval | None:
    """Return the mean of the relative losses over strata, each with the same weight.

    The estimand: how much worse, in per cent of itself, general ability is on average over the
    registers and the everyday words that were named beforehand, each as if it had endless text of
    its kind. Weights do not follow the numbers of documents, so that longer files do not decide.
    Variances and third moments of strata add up; Student's t has Welch's degrees of freedom and
    Hall's correction of skewness. n counts documents and clusters of concepts together.

    Returns:
        The interval, a rise being a loss; None, which is not judged, where a stratum has fewer
        than eight documents or there is none.
    """
    if not strata or min(stratum.n for stratum in strata) < FEWEST:
        return None
    weight = 1 / len(strata)
    value = weight * sum(stratum.loss for stratum in strata)
    moments = summed([stratum.moments.scaled(weight) for stratum in strata])
    return Interval(value, *moments.bounds(value, alpha), sum(stratum.n for stratum in strata))


def composite_harm(strata: Sequence[StratumLoss], alpha: float = 0.05) -> Interval | None:
    """Return the mean of the relative losses over strata, where a gain in one pays for no other.

    A stratum that gained counts as unchanged: the estimand is the mean of max(0, loss). A recipient
    that had forgotten everyday words wins half as much P(right) back in any merge, and that must
    not hide what running text loses. A stratum whose own interval lies wholly on the side of a gain
    counts 0, without spread; of another that seems to gain the estimate is 0 and the spread stays.
    Of a stratum near 0 chance alone leaves about two fifths of its standard error as harm
    (`expected_harm`): the upper end errs upwards.

    Returns:
        The interval, never below 0 in its value; None as for `composite_loss`.

    >>> strata = [StratumLoss(loss, (0.1, -0.1) * 10, 19) for loss in (0.03, -0.6)]
    >>> f"{composite_loss(strata).value:+.3f} {composite_harm(strata).value:+.3f}"
    '-0.285 +0.015'
    """
    if composite_loss(strata, alpha) is None:
        return None
    weight, n = 1 / len(strata), sum(stratum.n for stratum in strata)
    doubtful = [stratum for stratum in strata if not _has_gained(stratum, alpha)]
    if not doubtful:
        return Interval(0.0, 0.0, 0.0, n)
    value = weight * sum(max(0.0, stratum.loss) for stratum in doubtful)
    moments = summed([stratum.moments.scaled(weight) for stratum in doubtful])
    return Interval(value, *moments.bounds(value, alpha), n)


def _has_gained(stratum: StratumLoss, alpha: float) -> bool:
    """Return whether a stratum's own interval lies wholly on the side of a gain."""
    interval = stratum.interval(alpha)
    return interval is not None and interval.high < 0


def expected_harm(loss: float, error: float) -> float:
    """Return E max(0, X) for X normal around a true loss with this standard error.

    loss · Φ(loss/error) + error · φ(loss/error).

    >>> round(expected_harm(0.0, 0.01), 4)
    0.004
    """
    if error <= 0:
        return max(0.0, loss)
    normal = NormalDist()
    return loss * normal.cdf(loss / error) + error * normal.pdf(loss / error)


def advance_kept(
    changes: Mapping[str, tuple[StratumLoss, StratumLoss]], alpha: float = 0.05
) -> Interval | None:
    """Return the share of an advance over the base that a result keeps, by Fieller's theorem.

    Args:
        changes: Per stratum the loss of the result and the loss of the recipient, both against the
            base, over the same documents in the same order; a gain is a negative loss.
        alpha: 1 minus the nominal coverage.

    Σ gains of the result ÷ Σ gains of the recipient: all ratios θ with |N − θD| ≤ t·s(N − θD)
    (Fieller 1954, JRSS B 16). 1: all is kept, 0: as the base was, above 1: more than there was.

    Returns:
        The interval; None where the recipient's advance over the base is not shown, so that no
        share of it can be told, or where a stratum has fewer than eight documents.
    """
    strata = list(changes.values())
    if not strata or min(result.n for result, _ in strata) < FEWEST:
        return None
    kept, gained = (-sum(pair[which].loss for pair in strata) for which in (0, 1))
    if gained <= 0:
        return None
    share = kept / gained
    residual = summed([_difference(pair, share) for pair in strata])
    critical = student(max(1.0, residual.freedom), alpha)
    spread = [sum(terms) for terms in zip(*(_covariances(pair) for pair in strata), strict=True)]
    return _fieller(kept, gained, spread, critical, sum(result.n for result, _ in strata))


def _difference(pair: tuple[StratumLoss, StratumLoss], share: float) -> Moments:
    result, recipient = (np.array(loss.contributions) for loss in pair)
    return moments_of(result - share * recipient)._replace(freedom=pair[0].freedom)


def _covariances(pair: tuple[StratumLoss, StratumLoss]) -> tuple[float, float, float]:
    """Return the variance of the result's loss, of the recipient's, and their covariance."""
    matrix = np.cov(np.array([loss.contributions for loss in pair])) / pair[0].n
    return float(matrix[0, 0]), float(matrix[1, 1]), float(matrix[0, 1])


def _fieller(
    kept: float, gained: float, spread: Sequence[float], critical: float, n: int
) -> Interval | None:
    """Return the roots of (N − θD)² = t²(v₁ − 2θc + θ²v₂), where they enclose the ratio."""
    squared = critical**2
    leading = gained**2 - squared * spread[1]
    if leading <= 0:
        return None
    middle = kept * gained - squared * spread[2]
    constant = kept**2 - squared * spread[0]
    root = sqrt(max(0.0, middle**2 - leading * constant))
    return Interval(kept / gained, (middle - root) / leading, (middle + root) / leading, n)
