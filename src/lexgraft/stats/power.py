"""Power: the smallest difference that n concepts show, and what a margin needs (pure)."""

from math import ceil, sqrt
from statistics import NormalDist


def smallest_difference(
    n: int, changing: float = 0.2, *, alpha: float = 0.05, power: float = 0.8
) -> float:
    """Return the smallest paired difference that n concepts show with this power.

    Connor 1987 (Biometrics 43): n = (z_a √p + z_b √(p − d²))² / d², solved for d by bisection;
    `changing` p is the share of concepts on which two models differ, d where d is greater.

    >>> round(smallest_difference(626), 3)
    0.05
    """
    upper = NormalDist().inv_cdf(1 - alpha / 2)
    lower = NormalDist().inv_cdf(power)

    def need(difference: float) -> float:
        share = max(changing, difference)
        return (upper * sqrt(share) + lower * sqrt(share - difference**2)) ** 2 / difference**2

    small, large = 0.0, 1.0
    for _ in range(60):
        middle = (small + large) / 2
        small, large = (middle, large) if need(middle) > n else (small, middle)
    return large


def concepts_for_margin(
    margin: float, changing: float = 0.2, *, alpha: float = 0.05, power: float = 0.8
) -> int:
    """Return how many concepts show that nothing was lost beyond a margin, if nothing was.

    n = (z_a + z_b)² p / margin², one-sided: the score test of Tango 1998 (Statistics in Medicine
    17) at a true difference of 0, where p of the concepts change either way.

    >>> concepts_for_margin(0.02, changing=0.1)
    1546
    """
    quantiles = NormalDist().inv_cdf(1 - alpha) + NormalDist().inv_cdf(power)
    return ceil(quantiles**2 * changing / margin**2)
