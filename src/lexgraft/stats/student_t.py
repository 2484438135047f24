"""Student's t, central and not: critical values, tails, and the power of a t interval (pure)."""

from functools import lru_cache
from math import erfc, exp, lgamma, log, log1p, pi, sqrt
from statistics import NormalDist

import numpy as np

NORMAL = NormalDist()
STEPS = 240  # of the quadrature over the estimated spread
REACH = 9.0  # standard deviations of it on either side
SMALLEST = 1e-300


@lru_cache(maxsize=4096)
def student(freedom: float, alpha: float = 0.05) -> float:
    """Return the two-sided critical value of Student's t, exact to some nine digits.

    Newton's steps on the tail from Cornish and Fisher's expansion (Abramowitz and Stegun 1964,
    26.7.5); `freedom` need not be whole and is at least 1.

    >>> round(student(9), 4), round(student(1e9), 4)
    (2.2622, 1.96)
    """
    wanted = alpha / 2
    low, high = 0.0, _cornish_fisher(NORMAL.inv_cdf(1 - wanted), freedom)
    while student_tail(high, freedom) > wanted:
        low, high = high, 2 * high
    t = (low + high) / 2 if low else high
    for _ in range(200):
        tail = student_tail(t, freedom)
        low, high = (t, high) if tail > wanted else (low, t)
        step = t + (tail - wanted) / max(_density(t, freedom), SMALLEST)
        step = step if low < step < high else (low + high) / 2
        if abs(step - t) <= 1e-10 * t:
            return step
        t = step
    return t


def student_tail(t: float, freedom: float) -> float:
    """Return P(T > t): half the incomplete beta function I(v/(v + t²); v/2, 1/2) for t > 0.

    >>> round(student_tail(2.2622, 9), 4)
    0.025
    """
    if t < 0:
        return 1 - student_tail(-t, freedom)
    return _incomplete_beta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2


def shifted_tail(critical: float, freedom: float, shift: float) -> float:
    """Return P(T > critical) where T = (Z + shift) / s: the noncentral t distribution.

    E[Φ(shift − critical·s)] over s, the root of χ²/v, by quadrature: the power of a t interval
    whose estimate lies `shift` standard errors from the threshold.

    >>> round(shifted_tail(student(9), 9, 0.0), 4), round(shifted_tail(student(9), 9, 3.0), 2)
    (0.025, 0.76)
    """
    width = REACH / sqrt(2 * freedom)
    spreads = np.linspace(max(1e-12, 1 - width), 1 + width, STEPS)
    logs = freedom * np.log(spreads) - freedom * spreads**2 / 2 - np.log(spreads)
    weights = np.exp(logs - logs.max())
    tails = [erfc((critical * s - shift) / sqrt(2)) / 2 for s in spreads.tolist()]
    return float(min(1.0, weights @ np.array(tails) / weights.sum()))


def _cornish_fisher(z: float, freedom: float) -> float:
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )


def _density(t: float, freedom: float) -> float:
    scale = lgamma((freedom + 1) / 2) - lgamma(freedom / 2) - log(freedom * pi) / 2
    return exp(scale - (freedom + 1) / 2 * log1p(t * t / freedom))


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function (Lentz's continued fraction)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(1 - x, b, a)
    front = a * log(x) + b * log1p(-x) + lgamma(a + b) - lgamma(a) - lgamma(b)
    return exp(front) / a * _continued_fraction(x, a, b)


def _continued_fraction(x: float, a: float, b: float) -> float:
    """Return the fraction of Abramowitz and Stegun 1964, 26.5.8, by Lentz's method."""
    above, below = 1.0, 1 - (a + b) * x / (a + 1)
    below = 1 / (below or SMALLEST)
    total = below
    for step in range(1, 2000):
        even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
        for term in (even, odd):
            below = 1 / ((1 + term * below) or SMALLEST)
            above = (1 + term / above) or SMALLEST
            total *= below * above
        if abs(below * above - 1) < 1e-13:
            break
    return total
