"""How many concepts, documents and items give a gate the chance that is wanted (pure)."""

from collections.abc import Callable, Mapping, Sequence
from math import ceil, log

from lexgraft.stats.gate_power import Requirement, gate_power
from lexgraft.stats.moments import FEWEST as JUDGED

TINY = 1e-12
GROWTH = 1.1  # of a unit's number at a step
LARGEST = 100_000  # numbers above which none is proposed
FEWEST = 30

Chance = Callable[[Sequence[Requirement]], float]


def sizes_for(
    requirements: Sequence[Requirement],
    target: float = 0.8,
    costs: Mapping[str, float] | None = None,
    limits: Mapping[str, int] | None = None,
) -> dict[str, int] | None:
    """Return the numbers per unit with which the gate passes with this chance, at little cost.

    A unit's number is the greatest n among the requirements that count it; the others keep their
    proportion to it. From 30 of each, or what there is of it, the unit grows that gains most
    logarithmic power for its cost (`costs` per unit, 1 where not named) until the product of
    chances reaches the target; `limits` are how many there are of a unit.

    Returns:
        The numbers, or None where none below 100,000 suffice, as at a truth on its threshold.

    >>> gain = Requirement("target gain", "en->ja", "mean", 60, 0.05, truth=0.1, spread=0.3)
    >>> sizes_for([gain])
    {'concepts': 285}
    """
    most = limits or {}
    smallest = {
        unit: min(FEWEST, max(JUDGED, number), most.get(unit, FEWEST))
        for unit, number in present_numbers(requirements).items()
    }

    def chance(sized: Sequence[Requirement]) -> float:
        return gate_power(sized).independent

    return least_numbers(requirements, chance, target, smallest, costs, limits=most)


def present_numbers(requirements: Sequence[Requirement]) -> dict[str, int]:
    """Return the number of every unit: the greatest n of what counts it."""
    numbers: dict[str, int] = {}
    for requirement in requirements:
        for part in requirement.parts:
            numbers[part.unit] = max(numbers.get(part.unit, 0), part.n)
    return numbers


def resized_to(
    requirements: Sequence[Requirement], numbers: Mapping[str, int]
) -> list[Requirement]:
    """Return the requirements with these numbers per unit, each in its proportion."""
    present = present_numbers(requirements)
    factors = {unit: number / present[unit] for unit, number in numbers.items()}
    return [requirement.resized(factors) for requirement in requirements]


def least_numbers(
    requirements: Sequence[Requirement],
    chance: Chance,
    target: float,
    smallest: Mapping[str, int],
    costs: Mapping[str, float] | None = None,
    limit: int = LARGEST,
    limits: Mapping[str, int] | None = None,
) -> dict[str, int] | None:
    """Return the cheapest numbers found per unit, from `smallest` to `limit`, for a chance.

    `limits` are those of single units.
    """
    most = {unit: min(limit, (limits or {}).get(unit, limit)) for unit in smallest}

    def reached(numbers: Mapping[str, int]) -> float:
        return chance(resized_to(requirements, numbers))

    prices = {unit: (costs or {}).get(unit, 1.0) for unit in smallest}
    numbers = dict(smallest)
    while (now := reached(numbers)) < target:
        grown = {
            unit: min(ceil(n * GROWTH), most[unit])
            for unit, n in numbers.items()
            if n < most[unit] and (n * GROWTH <= limit or most[unit] < limit)
        }
        if not grown:
            return None
        gains = {
            unit: log(max(TINY, reached({**numbers, unit: number})) / max(TINY, now))
            / (prices[unit] * (number - numbers[unit]))
            for unit, number in grown.items()
        }
        best = max(gains, key=lambda unit: gains[unit])
        numbers |= {best: grown[best]} if gains[best] > TINY else grown
    return _pruned(numbers, reached, target, smallest, prices)


def _pruned(
    numbers: Mapping[str, int],
    reached: Callable[[Mapping[str, int]], float],
    target: float,
    smallest: Mapping[str, int],
    prices: Mapping[str, float],
) -> dict[str, int]:
    """Return the numbers with what is left over taken back, from the dearest unit on."""
    found = dict(numbers)
    for unit in sorted(found, key=lambda unit: -prices[unit]):
        low, high = smallest[unit] - 1, found[unit]
        while high - low > 1:
            middle = (low + high) // 2
            enough = reached({**found, unit: middle}) >= target
            low, high = (low, middle) if enough else (middle, high)
        found[unit] = high
    return found
