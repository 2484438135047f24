"""Measured differences + thresholds → criteria and a verdict: pass, fail or undecided (pure)."""

from collections.abc import Sequence

from lexgraft.records import Criterion, Outcome


def judge(
    name: str, group: str, *, value: float, low: float, high: float, threshold: float, n: int
) -> Criterion:
    """Return what an estimate with its interval says about `value ≥ threshold`.

    Pass when the whole interval is at or above the threshold (above it, where a gain is asked for:
    a result that is its own control gains nothing), fail when it is wholly below, else undecided.

    >>> bounds = {"value": 0.05, "low": -0.01, "high": 0.11}
    >>> judge("target gain", "en->ja", **bounds, threshold=0.0, n=400).outcome
    'undecided'
    """
    passes = low > threshold or (low == threshold < 0)
    outcome: Outcome = "pass" if passes else "fail" if high < threshold else "undecided"
    return Criterion(
        name=name,
        group=group,
        value=value,
        low=low,
        high=high,
        threshold=threshold,
        outcome=outcome,
        n=n,
    )


def combine(criteria: Sequence[Criterion]) -> Outcome:
    """Return the gate's outcome: every criterion must pass, so no correction is due.

    (An intersection-union test keeps its level without correction: Berger 1982, Technometrics 24.)
    """
    outcomes = [criterion.outcome for criterion in criteria]
    if "fail" in outcomes:
        return "fail"
    return "undecided" if "undecided" in outcomes or not outcomes else "pass"
