"""Levels of hypotheses in order: by hand, and the error of the family by simulation."""

from functools import cache

import numpy as np
import pytest
from scipy import stats

from lexgraft.errors import LexgraftError
from lexgraft.stats.fallback import fallback_level

SHARES = (0.5, 0.3, 0.2)


def test_what_passed_lends_its_level_to_the_next_alone() -> None:
    assert fallback_level([], SHARES) == pytest.approx(0.025)
    assert fallback_level([True], SHARES) == pytest.approx(0.04)
    assert fallback_level([True, True], SHARES) == pytest.approx(0.05)
    assert fallback_level([True, False], SHARES) == pytest.approx(0.01)
    assert fallback_level([False, True], SHARES) == pytest.approx(0.025)


@pytest.mark.parametrize(("passed", "shares"), [([], (0.8, 0.3)), ([], (-0.1, 1.0)), ([], ())])
def test_shares_that_are_none_are_refused(passed: list[bool], shares: tuple[float, ...]) -> None:
    with pytest.raises(LexgraftError, match="shares"):
        fallback_level(passed, shares)


def test_a_hypothesis_outside_the_family_is_refused() -> None:
    with pytest.raises(LexgraftError, match="family of 3"):
        fallback_level([True, True, True], SHARES)


@cache
def bound(passed: tuple[bool, ...]) -> float:
    return float(stats.norm.isf(fallback_level(passed, SHARES) / 2))


@pytest.mark.slow
@pytest.mark.parametrize("correlation", [0.0, 0.7])
@pytest.mark.parametrize("truths", [(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0), (0, 0, 1)])
def test_the_chance_of_any_false_pass_stays_below_the_level(
    truths: tuple[int, ...], correlation: float
) -> None:
    """One-sided 2.5 %; where a hypothesis is true in fact, three standard errors speak for it."""
    rng = np.random.default_rng(0)
    shared, own = rng.normal(size=(20000, 1)), rng.normal(size=(20000, 3))
    z = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own + 3 * np.array(truths)
    false_passes = 0
    for row in z:
        passed: list[bool] = []
        for value in row:
            passed.append(bool(value >= bound(tuple(passed))))
        false_passes += any(p and not truth for p, truth in zip(passed, truths, strict=True))
    assert false_passes / 20000 <= 0.025 + 0.0025
