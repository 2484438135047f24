"""Settings of a project with which a gate is likely to pass: numbers there are, else thresholds."""

from collections.abc import Mapping, Sequence
from math import ceil, floor
from typing import NamedTuple

from lexgraft.evaluation.measures import (
    ABILITY,
    DONOR_GAIN,
    DONOR_LEAD,
    GLOSSARY_EFFECT,
    TARGET_GAIN,
    TAUGHT_GAIN,
)
from lexgraft.stats.gate_power import Requirement, pass_probability, threshold_for, truth_for
from lexgraft.stats.gate_sizes import present_numbers, sizes_for

COSTS = {"concepts": 6.0, "documents": 2.0, "items": 1.0, "glossary concepts": 6.0}
"""What one more of each costs in answers, in proportion."""
_KEYS = {
    DONOR_LEAD: ("", "donor_lead"),
    TARGET_GAIN: ("target_gain", "target_gain"),
    DONOR_GAIN: ("donor_gain", "donor_gain"),
    GLOSSARY_EFFECT: ("effect", "written_gain"),
    TAUGHT_GAIN: ("taught_gain", "taught_gain"),
    ABILITY: ("general_loss", "general_loss"),
}
"""Requirement → its key in its gate, its key in `assumed`."""
_SHARPER = 1000  # a threshold has three decimals


class Supply(NamedTuple):
    """What a project says of one unit, and how far it could be raised."""

    key: str  # of the project, e.g. `testset.confirm`
    now: int  # what stands there
    most: int  # what its files have
    beside: int = 0  # counted as well, and said by another key
    also: str = ""  # a key that must say as many


NONE = Supply("", 1, 1)  # nothing can be raised


def raised_numbers(
    requirements: Sequence[Requirement], target: float, supplies: Mapping[str, Supply]
) -> dict[str, int] | None:
    """Return what to count more of and how many, so that a gate passes with this chance.

    None where what there is does not suffice.
    """
    present = present_numbers(requirements)
    limits = {
        unit: max(number, number * (supply.most + supply.beside) // (supply.now + supply.beside))
        for unit, number in present.items()
        for supply in (supplies.get(unit, NONE),)
    }
    sizes = sizes_for(requirements, target, COSTS, limits)
    if sizes is None:
        return None
    return {unit: number for unit, number in sizes.items() if number > present[unit]}


def number_settings(
    requirements: Sequence[Requirement],
    numbers: Mapping[str, int],
    supplies: Mapping[str, Supply],
) -> dict[str, float]:
    """Return the project's keys with which so many are counted.

    A unit is counted by a part of what its key says (the concepts that need their term): both grow
    in proportion.
    """
    present, settings = present_numbers(requirements), dict[str, float]()
    for unit, number in numbers.items():
        supply = supplies[unit]
        counted = ceil((supply.now + supply.beside) * number / present[unit])
        wanted = min(counted - supply.beside, supply.most)
        settings |= {key: wanted for key in (supply.key, supply.also) if key}
    return settings


def served_thresholds(
    gate: str, requirements: Sequence[Requirement], target: float
) -> dict[str, float]:
    """Return the thresholds, and where these end at 0 the truths, that these numbers serve.

    Every requirement gets the same chance, so that all together have the one wanted. A gain of
    nothing is no gain: below 0 not the threshold is lowered, but the effect named that so few can
    show.
    """
    share = target ** (1 / max(1, len(requirements)))
    settings: dict[str, float] = {}
    for requirement in requirements:
        if pass_probability(requirement) >= share:
            continue
        key, truth = _keys(gate, requirement)
        threshold = floor(threshold_for(requirement, share) * _SHARPER) / _SHARPER
        if requirement.name == ABILITY:
            settings[key] = max(settings.get(key, 0.0), -threshold)
            continue
        lowered = max(threshold, 0.0)
        if key and lowered < requirement.threshold:
            settings[key] = min(settings.get(key, lowered), lowered)
        if threshold < 0 or not key:
            lowest = requirement._replace(
                threshold=min(requirement.threshold, 0.0) if key else requirement.threshold
            )
            needed = min(1.0, ceil(truth_for(lowest, share) * 100 + 0.5) / 100)
            settings[truth] = max(settings.get(truth, 0.0), needed)
    return settings


def _keys(gate: str, requirement: Requirement) -> tuple[str, str]:
    """Return the project's keys of a requirement's threshold and of the truth that is assumed."""
    threshold, truth = _KEYS[requirement.name.partition(", ")[0]]
    if gate == "glossary":
        truth = "written_gain"
    return (f"gates.{gate}.{threshold}" if threshold else "", f"gates.assumed.{truth}")
