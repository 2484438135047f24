"""Measured differences + thresholds → criteria and a verdict: pass, fail or undecided (pure)."""

from collections.abc import Sequence
from math import ceil

from lexgraft.records import Criterion, Outcome

MOST_NEEDED = 999_999
"""Shown when a difference sits on its threshold, so that no number of concepts would decide."""


def judge(
    name: str, group: str, *, value: float, low: float, high: float, threshold: float, n: int
) -> Criterion:
    """Return what an estimate with its interval says about `value ≥ threshold`.

    Pass when the whole interval is at or above the threshold, fail when it is wholly below,
    else undecided with the number of further concepts after which the interval, shrinking with
    the square root of n, would clear the threshold if the estimate stayed where it is.

    >>> bounds = {"value": 0.05, "low": -0.01, "high": 0.11}
    >>> criterion = judge("target gain", "en->ja", **bounds, threshold=0.0, n=400)
    >>> criterion.outcome, criterion.needed
    ('undecided', 176)
    """
    outcome: Outcome = "pass" if low >= threshold else "fail" if high < threshold else "undecided"
    needed = None if outcome != "undecided" else further_needed(value, low, high, threshold, n)
    return Criterion(
        name=name,
        group=group,
        value=value,
        low=low,
        high=high,
        threshold=threshold,
        outcome=outcome,
        n=n,
        needed=needed,
    )


def further_needed(value: float, low: float, high: float, threshold: float, n: int) -> int:
    """Return how many concepts beyond n would decide: n·(h/d)² − n, at least 1.

    h is the half of the interval that faces the threshold, d the distance of the estimate to it.
    """
    distance = abs(value - threshold)
    facing = value - low if value >= threshold else high - value
    if distance * 1000 <= facing:
        return MOST_NEEDED
    return min(MOST_NEEDED, max(1, ceil(n * (facing / distance) ** 2) - n))


def combine(criteria: Sequence[Criterion]) -> Outcome:
    """Return the gate's outcome: every criterion must pass, so no correction is due.

    (An intersection-union test keeps its level without correction: Berger 1982, Technometrics 24.)
    """
    outcomes = [criterion.outcome for criterion in criteria]
    if "fail" in outcomes:
        return "fail"
    return "undecided" if "undecided" in outcomes or not outcomes else "pass"
