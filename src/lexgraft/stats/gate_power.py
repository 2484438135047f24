"""The chance that a whole gate passes for a stated truth, before anything is asked (pure)."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import inf, lgamma, log, sqrt
from statistics import NormalDist
from typing import Literal, NamedTuple

import numpy as np

from lexgraft.stats.intervals import tango_score, tango_spread
from lexgraft.stats.student_t import shifted_tail, student

EXACT = 400  # concepts up to which every outcome is summed
TINY = 1e-12

Kind = Literal["share", "mean"]


class Stratum(NamedTuple):
    """One part of a mean: a register of text, or the everyday words."""

    unit: str  # what is counted: concepts, documents, items
    n: int
    spread: float  # standard deviation of what one unit contributes
    weight: float = 1.0  # in proportion to those of the other strata


class Requirement(NamedTuple):
    """One criterion of a gate with the truth at which its chances are wanted.

    `share`: two paired shares by Tango's score. `mean`: a mean by Student's t, of `n` units or of
    the `strata`, weighted. It passes when its interval lies at or above the threshold.
    """

    name: str
    group: str
    kind: Kind
    n: int
    threshold: float
    truth: float
    spread: float  # share: of concepts that change; mean: standard deviation of paired differences
    unit: str = "concepts"
    alpha: float = 0.05  # two-sided
    strata: tuple[Stratum, ...] = ()

    @property
    def units(self) -> tuple[str, ...]:
        """Return what is counted for it."""
        return tuple(dict.fromkeys(part.unit for part in self.parts))

    @property
    def parts(self) -> tuple[Stratum, ...]:
        """Return the strata, or all units as one."""
        return self.strata or (Stratum(self.unit, self.n, self.spread),)

    def resized(self, factors: Mapping[str, float]) -> "Requirement":
        """Return the requirement with the numbers of every unit times its factor."""
        grown = tuple(
            part._replace(n=max(2, round(part.n * factors.get(part.unit, 1.0))))
            for part in self.parts
        )
        return self._replace(n=grown[0].n, strata=grown if self.strata else ())

    def standard_error(self) -> tuple[float, float]:
        """Return a mean's standard error and its degrees of freedom (Welch 1947)."""
        parts, total = self.parts, sum(part.weight for part in self.parts)
        variances = [(part.weight / total * part.spread) ** 2 / part.n for part in parts]
        below = sum(v**2 / max(1, p.n - 1) for v, p in zip(variances, parts, strict=True))
        return sqrt(sum(variances)), sum(variances) ** 2 / below if below else inf


class GatePower(NamedTuple):
    """The chance that every requirement passes, by what is assumed of their dependence."""

    independent: float  # the product: what is planned with
    least: float  # whatever their dependence (Fréchet's bounds)
    greatest: float
    each: tuple[float, ...]  # in the order of the requirements


def gate_power(requirements: Sequence[Requirement]) -> GatePower:
    """Return the chance that a gate passes if the truths are as stated.

    Every requirement must pass (intersection-union test: Berger 1982, Technometrics 24). The
    product is exact where they rest on different concepts and documents; criteria on the same
    concepts mostly agree, which makes the product a low estimate. Fréchet's bounds hold always.

    >>> gain = Requirement("target gain", "en->ja", "share", 60, 0.05, truth=0.3, spread=0.46)
    >>> kept = Requirement("everyday", "en->ja", "share", 24, -0.05, truth=0.0, spread=0.05)
    >>> power = gate_power([gain, kept])
    >>> f"{power.each[0]:.2f} {power.each[1]:.3f} {power.independent:.3f} {power.greatest:.3f}"
    '0.87 0.013 0.011 0.013'
    """
    each = tuple(pass_probability(requirement) for requirement in requirements)
    least = max(0.0, sum(each) - len(each) + 1)
    return GatePower(float(np.prod(each)), least, min(each, default=1.0), each)


@lru_cache(maxsize=65536)
def pass_probability(requirement: Requirement) -> float:
    """Return the chance that the interval lies wholly at or above the threshold."""
    if requirement.kind == "share":
        return _share_chance(requirement)
    distance = requirement.truth - requirement.threshold
    spread, freedom = requirement.standard_error()
    if spread == 0:
        return float(distance >= 0)
    return shifted_tail(student(freedom, requirement.alpha), freedom, distance / spread)


def _share_chance(requirement: Requirement) -> float:
    """Return P(Tango's score at the threshold ≥ z), exactly or by the normal distribution."""
    n, truth, changing = requirement.n, requirement.truth, max(requirement.spread, TINY)
    changing = min(1.0, max(changing, abs(truth)))
    gain, loss = (changing + truth) / 2, (changing - truth) / 2
    z = NormalDist().inv_cdf(1 - requirement.alpha / 2)
    if n <= EXACT:
        return _exact_chance(n, gain, loss, requirement.threshold, z)
    spread = sqrt(max(TINY, n * (changing - truth**2)))
    bar = z * tango_spread(gain * n, loss * n, n, requirement.threshold)
    return NormalDist().cdf((n * (truth - requirement.threshold) - bar) / spread)


def _exact_chance(n: int, gain: float, loss: float, threshold: float, z: float) -> float:
    """Return the sum over all gains and losses: for every gain so many losses still pass."""
    total, passing = 0.0, -1
    share = loss / max(TINY, 1 - gain)
    for gained in range(n + 1):
        others = n - gained
        passing = min(passing, others)
        while passing < others and tango_score(gained, passing + 1, n, threshold) >= z:
            passing += 1
        if passing >= 0:
            chances = np.exp(_log_binomial(others, np.arange(passing + 1), share))
            here = np.exp(_log_binomial(n, np.array([gained]), gain))[0]
            total += float(here * chances.sum())
    return min(1.0, total)


def _log_binomial(n: int, counts: np.ndarray, share: float) -> np.ndarray:
    share = min(1 - TINY, max(TINY, share))
    factorials = _log_factorials(EXACT)
    ways = factorials[n] - factorials[counts] - factorials[n - counts]
    return ways + counts * log(share) + (n - counts) * log(1 - share)


@lru_cache(maxsize=1)
def _log_factorials(most: int) -> np.ndarray:
    return np.array([lgamma(count + 1) for count in range(most + 1)])


def threshold_for(requirement: Requirement, target: float = 0.8) -> float:
    """Return the greatest threshold at which the requirement passes with this chance.

    >>> kept = Requirement("everyday", "en->ja", "share", 300, -0.02, truth=0.0, spread=0.05)
    >>> f"{threshold_for(kept):.3f}"
    '-0.040'
    """
    low, high = -1.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        passes = pass_probability(requirement._replace(threshold=middle)) >= target
        low, high = (middle, high) if passes else (low, middle)
    return low


def truth_for(requirement: Requirement, target: float = 0.8) -> float:
    """Return the smallest truth at which the requirement passes with this chance; 1 where none.

    >>> gain = Requirement("target gain", "en->ja", "mean", 40, 0.0, truth=0.1, spread=0.3)
    >>> f"{truth_for(gain):.3f}"
    '0.136'
    """
    low, high = requirement.threshold, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        changing = requirement.spread
        if requirement.kind == "share":
            changing = max(changing, middle)
        supposed = requirement._replace(truth=middle, spread=changing)
        passes = pass_probability(supposed) >= target
        low, high = (low, middle) if passes else (middle, high)
    return high
