"""E-processes by hand, against scipy, and their false alarms by simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from lexgraft.stats.sequential import evidence, first_above, first_difference, survivors


def test_evidence_by_hand() -> None:
    """Flat prior, 3 gains and no loss: 2³ · B(4, 1) / B(1, 1) = 8 / 4."""
    assert evidence(3, 0, prior=1.0) == pytest.approx(2.0)
    assert evidence(0, 0) == pytest.approx(1.0)


def test_evidence_is_a_mixture_of_likelihood_ratios() -> None:
    def weighed(share: float) -> float:
        return float(stats.beta.pdf(share, 10, 10)) * (2 * share) ** 9 * (2 * (1 - share)) ** 4

    assert evidence(9, 4) == pytest.approx(integrate.quad(weighed, 0, 1)[0], rel=1e-6)


@given(st.integers(0, 40), st.integers(0, 40))
def test_evidence_is_a_martingale_when_changes_are_fair(gained: int, lost: int) -> None:
    after = (evidence(gained + 1, lost) + evidence(gained, lost + 1)) / 2
    assert after == pytest.approx(evidence(gained, lost))


def test_overwhelming_evidence_is_not_an_overflow() -> None:
    assert evidence(5000, 0) == float("inf")


def test_a_row_of_gains_is_decided_early() -> None:
    found = first_difference([1, 0] * 40)
    assert found.decided
    assert found.concepts < 30
    assert found.evidence >= 20
    assert not first_difference([1, -1, 0] * 40).decided


def test_a_mean_above_its_floor_is_shown_and_one_below_is_not() -> None:
    rng = np.random.default_rng(0)
    steps = rng.choice([1.0, -1.0, 0.0], 4000, p=[0.1, 0.1, 0.8]).tolist()
    assert first_above(steps, -0.05).decided
    assert not first_above(steps, 0.05).decided


def test_a_race_drops_the_clear_loser_only() -> None:
    rng = np.random.default_rng(0)
    good = rng.uniform(0.5, 1.0, 400)
    near, bad = good - rng.normal(0.0, 0.1, 400), good - 0.4
    assert survivors([good.tolist(), np.clip(near, 0, 1).tolist(), bad.tolist()]) == [0, 1]
    assert survivors([good.tolist()]) == [0]


@pytest.mark.slow
def test_a_looker_after_every_concept_is_rarely_fooled() -> None:
    """No difference: at most 5 % of looks ever pass; a test repeated at every look: a third."""
    rng = np.random.default_rng(1)
    changes = rng.choice([1, -1, 0], (200, 600), p=[0.075, 0.075, 0.85])
    fooled = [first_difference(row.tolist()).decided for row in changes]
    assert np.mean(fooled) <= 0.05
    worse = [first_above(row.tolist(), 0.0).decided for row in changes]
    assert np.mean(worse) <= 0.05
