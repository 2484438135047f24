"""With which numbers an undecided gate would decide, and how surely (pure)."""

from collections.abc import Callable, Mapping, Sequence
from math import prod, sqrt
from statistics import NormalDist
from typing import Literal, NamedTuple

from lexgraft.stats.gate_power import Requirement, Stratum
from lexgraft.stats.gate_sizes import least_numbers, present_numbers, resized_to
from lexgraft.stats.intervals import Interval, tango_spread
from lexgraft.stats.student_t import student

CHANCES = (0.5, 0.8, 0.95)
LIMIT = 20_000  # of a unit: more is not a plan
BEYOND = 1000  # times the limit: what is undecided there lies on its threshold
NORMAL = NormalDist()

Level = Callable[[float], float]
"""How many times the information at hand → two-sided level of the look that has so much."""


class Extension(NamedTuple):
    """Numbers per unit, in all, with which a gate decides."""

    chance: float  # of deciding, if the truth is as estimated
    numbers: Mapping[str, int] | None  # None: `Assurance.reason` says why
    predicted: float | None  # of deciding, where the truth may be anything the estimates allow


class Assurance(NamedTuple):
    """What would decide a gate, if the truth is as estimated."""

    expected: Literal["pass", "fail"]  # how it would decide
    extensions: tuple[Extension, ...]  # for a chance of 50, 80 and 95 % where no others were named
    reason: Literal["", "threshold", "limit"]  # why there are no numbers for the greatest chance
    limit: int


def assurance(
    measured: Sequence[Requirement],
    costs: Mapping[str, float] | None = None,
    level: Level | None = None,
    limit: int = LIMIT,
    chances: Sequence[float] = CHANCES,
) -> Assurance:
    """Return the numbers with which a whole gate decides with 50, 80 and 95 % chance.

    A gate decides when all its criteria pass or one fails. What was measured stays in the count:
    the final estimate varies by the new concepts and documents alone (conditional power under the
    current trend: Lachin 2005, Statistics in Medicine 24). Because the truth is not what was
    estimated, each extension also says its chance averaged over all truths that the estimates allow
    (predictive power, a flat prior: Spiegelhalter, Freedman and Blackburn 1986, Controlled
    Clinical Trials 7; O'Hagan, Stevens and Campbell 2005, Pharmaceutical Statistics 4).

    Args:
        measured: The criteria, `truth` being the estimate and `spread` the measured one
            (`as_measured` of a mean and its interval).
        costs: Seconds or money per unit, 1 where not named.
        level: The level of the coming look, by how many times the present information it has;
            each criterion's own alpha where there is none.
        limit: The greatest number of a unit that is still a plan.
        chances: The chances of deciding that numbers are wanted for.

    >>> gain = Requirement("target gain", "en->ja", "mean", 60, 0.05, truth=0.1, spread=0.25)
    >>> found = assurance([gain])
    >>> found.expected, [extension.numbers for extension in found.extensions]
    ('pass', [{'concepts': 99}, {'concepts': 177}, {'concepts': 296}])
    >>> assurance([gain._replace(truth=0.05)]).reason
    'threshold'
    """
    present = present_numbers(measured)

    def extension(chance: float) -> Extension:
        def reached(grown: Sequence[Requirement]) -> float:
            return decision_chance(measured, grown, level)

        numbers = least_numbers(measured, reached, chance, present, costs, limit)
        if numbers is None:
            return Extension(chance, None, None)
        grown = resized_to(measured, numbers)
        predicted = decision_chance(measured, grown, level, predictive=True)
        return Extension(chance, numbers, predicted)

    fails = any(criterion.truth < criterion.threshold for criterion in measured)
    extensions = tuple(extension(chance) for chance in chances)
    return Assurance(
        "fail" if fails else "pass", extensions, _reason(measured, extensions, level, limit), limit
    )


def _reason(
    measured: Sequence[Requirement],
    extensions: Sequence[Extension],
    level: Level | None,
    limit: int,
) -> Literal["", "threshold", "limit"]:
    if extensions[-1].numbers is not None:
        return ""
    far = resized_to(measured, dict.fromkeys(present_numbers(measured), limit * BEYOND))
    lies_there = decision_chance(measured, far, level) < extensions[-1].chance
    return "threshold" if lies_there else "limit"


def as_measured(requirement: Requirement, interval: Interval) -> Requirement:
    """Return a mean's requirement with its estimate as the truth and its interval's own spread.

    The spread is what makes the half of the interval that faces the threshold, so that skewness and
    related concepts count as they did; of several strata all are scaled alike.
    """
    value, low, high, _ = interval
    facing = value - low if value >= requirement.threshold else high - value
    if not requirement.strata:
        requirement = requirement._replace(spread=1.0)
    error, freedom = requirement.standard_error()
    scale = facing / (student(freedom, requirement.alpha) * error) if error else 1.0
    strata = tuple(part._replace(spread=part.spread * scale) for part in requirement.strata)
    return requirement._replace(truth=value, spread=requirement.spread * scale, strata=strata)


def decision_chance(
    measured: Sequence[Requirement],
    grown: Sequence[Requirement],
    level: Level | None = None,
    *,
    predictive: bool = False,
) -> float:
    """Return the chance that all criteria pass or one fails once they have the grown numbers.

    Criteria are taken as independent, like `gate_power`'s product.
    """
    chances = [
        _chances(now, then, level, predictive=predictive)
        for now, then in zip(measured, grown, strict=True)
    ]
    passes = prod(passing for passing, _ in chances)
    return passes + 1 - prod(1 - failing for _, failing in chances)


def _chances(
    now: Requirement, then: Requirement, level: Level | None, *, predictive: bool
) -> tuple[float, float]:
    """Return the chances that a criterion passes and fails with the grown numbers."""
    alpha = level(information_ratio(now, then)) if level else now.alpha
    fresh = _fresh_error(now, then, predictive=predictive)
    distance = then.truth - then.threshold
    above = distance - _bar(then, alpha)
    below = -distance - _bar(_mirrored(then), alpha)
    if fresh <= 0:
        return float(above >= 0), float(below > 0)
    return NORMAL.cdf(above / fresh), NORMAL.cdf(below / fresh)


def information_ratio(now: Requirement, then: Requirement) -> float:
    """Return how many times the information a criterion has with the grown numbers."""
    if now.kind == "share":
        return then.n / now.n
    spreads = now.standard_error()[0], then.standard_error()[0]
    return (spreads[0] / spreads[1]) ** 2 if spreads[1] else then.n / now.n


def _mirrored(requirement: Requirement) -> Requirement:
    return requirement._replace(threshold=-requirement.threshold, truth=-requirement.truth)


def _bar(requirement: Requirement, alpha: float) -> float:
    """Return how far above the threshold an estimate passes: the half of the interval there."""
    if requirement.kind == "mean":
        spread, freedom = requirement.standard_error()
        return student(freedom, alpha) * spread
    n, changing = requirement.n, max(requirement.spread, abs(requirement.truth))
    gained, lost = (n * (changing + sign * requirement.truth) / 2 for sign in (1, -1))
    spread = tango_spread(gained, lost, n, requirement.threshold)
    return NORMAL.inv_cdf(1 - alpha / 2) * spread / n


def _fresh_error(now: Requirement, then: Requirement, *, predictive: bool) -> float:
    """Return the standard deviation of the final estimate given what was measured."""
    total = sum(part.weight for part in now.parts)
    parts = zip(now.parts, then.parts, strict=True)
    return sqrt(
        sum(
            (old.weight / total * _spread(now, old)) ** 2 * _fresh(old, new, predictive=predictive)
            for old, new in parts
        )
    )


def _spread(requirement: Requirement, part: Stratum) -> float:
    if requirement.kind == "mean":
        return part.spread
    changing = max(requirement.spread, abs(requirement.truth), 1 / requirement.n)
    return sqrt(max(0.0, changing - requirement.truth**2))


def _fresh(old: Stratum, new: Stratum, *, predictive: bool) -> float:
    """Return the variance, per unit of spread, of the mean of all given the mean of the old.

    (N − n)/N² where the truth is the old mean, 1/n − 1/N where it is unknown: its own uncertainty,
    1/n, is added to that of the new ones.
    """
    if predictive:
        return max(0.0, 1 / old.n - 1 / new.n)
    return max(0.0, new.n - old.n) / new.n**2
