"""A mean of automatic scores, corrected by their bias on a labelled sample (pure)."""

from collections.abc import Sequence
from math import sqrt
from statistics import fmean, variance
from typing import NamedTuple

from lexgraft.stats.intervals import Interval
from lexgraft.stats.student_t import student


class CorrectedMean(NamedTuple):
    """The mean of the scores, their bias on the labelled cases, and the mean less the bias."""

    raw: Interval
    bias: Interval
    corrected: Interval


def corrected_mean(
    scores: Sequence[float],
    sample: Sequence[float],
    labels: Sequence[float],
    alpha: float = 0.05,
) -> CorrectedMean:
    """Return the mean of scores in [0, 1] with the scorer's bias taken off.

    mean(scores) − mean(sample − labels), where `sample` holds the scorer's scores of cases that
    also have a label, two or more; the variances of both means add up (prediction-powered
    inference: Angelopoulos et al. 2023, arXiv 2301.09633, section 2.1). Student's t with Welch's
    degrees of freedom.

    >>> mean = corrected_mean([0.6, 1.0], sample=[1.0, 0.5], labels=[0.5, 0.5])
    >>> [round(interval.value, 2) for interval in mean]
    [0.8, 0.25, 0.55]
    """
    errors = [score - label for score, label in zip(sample, labels, strict=True)]
    mean, bias = fmean(scores), fmean(errors)
    terms = [(variance(values) / len(values), len(values) - 1) for values in (scores, errors)]
    corrected = _welch(mean - bias, terms, len(scores), alpha)
    return CorrectedMean(
        _welch(mean, terms[:1], len(scores), alpha),
        _welch(bias, terms[1:], len(errors), alpha),
        corrected._replace(low=max(0.0, corrected.low), high=min(1.0, corrected.high)),
    )


def _welch(value: float, terms: Sequence[tuple[float, int]], n: int, alpha: float) -> Interval:
    """Return value ± t·√Σv with (Σv)² / Σ(v²/f) degrees of freedom (Welch 1947).

    `terms` holds v, the variance of a mean, and f, its degrees of freedom.
    """
    total = sum(v for v, _ in terms)
    below = sum(v**2 / freedom for v, freedom in terms)
    half = student(total**2 / below, alpha) * sqrt(total) if below else 0.0
    return Interval(value, value - half, value + half, n)
