"""Statistics against scipy, by hand, and by simulation."""

from math import log, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from lexgraft.stats.intervals import (
    Interval,
    bootstrap,
    mcnemar,
    non_inferiority,
    ratio,
    tango,
    tango_score,
    wilson,
)


@pytest.mark.parametrize(("right", "n"), [(0, 10), (3, 10), (10, 10), (97, 100), (1, 300)])
@pytest.mark.parametrize("alpha", [0.05, 0.1])
def test_wilson_is_scipys(right: int, n: int, alpha: float) -> None:
    theirs = stats.binomtest(right, n).proportion_ci(1 - alpha, method="wilson")
    ours = wilson(right, n, alpha)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    assert (ours.value, ours.n) == (right / n, n)


@given(st.integers(1, 500), st.floats(0, 1))
def test_wilson_holds_a_fractional_share_and_stays_within_bounds(n: int, share: float) -> None:
    interval = wilson(share * n, n)
    assert 0 <= interval.low <= share + 1e-9
    assert share - 1e-9 <= interval.high <= 1


def test_nothing_asked_is_nothing_known() -> None:
    assert wilson(0, 0) == (0.0, 0.0, 1.0, 0)
    assert tango(0, 0, 0) == (0.0, -1.0, 1.0, 0)
    assert ratio([], [], 0) == (0.0, -1.0, 1.0, 0)


def test_mcnemar_by_hand() -> None:
    """8 gains and 2 losses: 2·(C(10,0) + C(10,1) + C(10,2)/2) / 2¹⁰ = 2·33.5/1024."""
    assert mcnemar(8, 2) == mcnemar(2, 8) == pytest.approx(67 / 1024)
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(3000, 3000) == pytest.approx(1.0)
    assert 0 < mcnemar(2600, 2000) < 1e-15


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_exact_test_less_half_the_outcome(gained: int, lost: int) -> None:
    n = gained + lost
    if gained == lost:
        assert mcnemar(gained, lost) == pytest.approx(1.0)
    else:
        exact = stats.binomtest(gained, n, 0.5).pvalue
        assert mcnemar(gained, lost) == pytest.approx(exact - stats.binom.pmf(gained, n, 0.5))


@pytest.mark.slow  # loading statsmodels takes seconds
def test_shares_and_changed_verdicts_are_statsmodels() -> None:
    from statsmodels.stats.contingency_tables import mcnemar as theirs
    from statsmodels.stats.proportion import proportion_confint

    for right, n in ((0, 12), (7, 30), (150, 300), (1999, 2000)):
        limits: Any = proportion_confint(right, n, method="wilson")
        found = wilson(right, n)
        assert (found.low, found.high) == pytest.approx(limits, abs=1e-12)
    for gained, lost in ((8, 2), (0, 5), (31, 17)):
        exact: Any = theirs([[40, gained], [lost, 40]], exact=True)
        half = stats.binom.pmf(gained, gained + lost, 0.5)
        assert mcnemar(gained, lost) == pytest.approx(float(exact.pvalue) - half)


def test_tango_without_changes_is_the_closed_form() -> None:
    """b = c = 0: T(δ)² = nδ/(1 − δ) for δ > 0, so the limit is z²/(n + z²) on both sides."""
    z2 = stats.norm.ppf(0.975) ** 2
    assert tango(0, 0, 50) == pytest.approx((0.0, -z2 / (50 + z2), z2 / (50 + z2), 50))


@pytest.mark.parametrize(("gained", "lost", "n"), [(0, 1, 44), (12, 5, 60), (3, 30, 100)])
@pytest.mark.parametrize("difference", [-0.3, -0.05, 0.0, 0.1])
def test_tangos_share_of_losses_is_the_likeliest(
    gained: int, lost: int, n: int, difference: float
) -> None:
    """T(δ) with q found by maximising the trinomial likelihood numerically."""

    def unlikely(q: float) -> float:
        counts, chances = (
            (gained, lost, n - gained - lost),
            (q + difference, q, 1 - 2 * q - difference),
        )
        return -sum(k * log(max(p, 1e-300)) for k, p in zip(counts, chances, strict=True))

    ends = (max(0.0, -difference), (1 - difference) / 2)
    found: Any = optimize.minimize_scalar(
        unlikely, bounds=ends, method="bounded", options={"xatol": 1e-12}
    )
    q = float(found.x)
    spread = sqrt(n * (2 * q + difference * (1 - difference)))
    expected = (gained - lost - n * difference) / spread
    assert tango_score(gained, lost, n, difference) == pytest.approx(expected, abs=1e-4)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 200))
def test_tangos_limits_are_where_the_score_is_z(gained: int, lost: int, same: int) -> None:
    n = gained + lost + same
    found = tango(gained, lost, n)
    assert found.low <= found.value <= found.high
    for limit, sign in ((found.low, 1), (found.high, -1)):
        if -1 < limit < 1:
            assert sign * tango_score(gained, lost, n, limit) == pytest.approx(1.959964, abs=1e-3)
    mirrored = tango(lost, gained, n)
    assert (mirrored.low, mirrored.high) == pytest.approx((-found.high, -found.low), abs=1e-9)


def test_non_inferiority_agrees_with_the_interval() -> None:
    found = tango(10, 12, 300, alpha=0.1)
    assert non_inferiority(10, 12, 300, -found.low) == pytest.approx(0.05, abs=1e-6)
    assert non_inferiority(10, 12, 300, 0.01) > 0.05 > non_inferiority(10, 12, 300, 0.05)
    assert non_inferiority(0, 0, 0, 0.05) == 1.0


def test_a_bootstrap_of_a_mean_is_near_students_interval() -> None:
    values = np.random.default_rng(1).normal(3, 2, (200, 1))
    found = bootstrap(values, lambda means: means[..., 0], seed=0)
    low, high = stats.t.interval(0.95, 199, values.mean(), stats.sem(values[:, 0]))
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.03)
    assert found.value == pytest.approx(values.mean())


def test_a_bootstrap_is_a_function_of_its_seed() -> None:
    numerators = [(i % 5) / 4 - (i % 3) / 2 for i in range(50)]
    assert ratio(numerators, [1.0] * 50, 1) == ratio(numerators, [1.0] * 50, 1)
    assert ratio(numerators, [1.0] * 50, 1) != ratio(numerators, [1.0] * 50, 2)


def test_a_ratio_by_hand() -> None:
    """(1 + 0 + 2) / (2 + 1 + 3) with 3 concepts."""
    found = ratio([1, 0, 2], [2, 1, 3], 0)
    assert (found.value, found.n) == (0.5, 3)
    assert found.low < 0.5 < found.high


def test_resampling_by_counts_is_resampling_of_rows() -> None:
    """400 rows of three kinds; the same with a hair's difference, which takes the other way."""
    kinds = np.repeat([[-1.0], [0.0], [1.0]], [40, 240, 120], axis=0)
    hair = kinds + np.linspace(0, 1e-9, 400)[:, None]
    one, other = (bootstrap(rows, lambda means: means[..., 0], 0) for rows in (kinds, hair))
    assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=0.005)
    assert one.value == pytest.approx(0.2)


def test_an_interval_becomes_a_score() -> None:
    score = wilson(3, 10).score("recognition", "G", "ja->ja", 0.0625)
    assert (score.name, score.model, score.group, score.n) == ("recognition", "G", "ja->ja", 10)
    assert (score.value, score.chance) == (0.3, 0.0625)


def verdict_changes(rng: np.random.Generator, n: int, gain: float, loss: float) -> np.ndarray:
    return rng.choice([1, -1, 0], n, p=[gain, loss, 1 - gain - loss])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "gain", "loss"), [(30, 0.1, 0.05), (60, 0.05, 0.01), (100, 0.2, 0.1), (300, 0.02, 0.02)]
)
def test_tango_covers_the_true_difference(n: int, gain: float, loss: float) -> None:
    rng = np.random.default_rng(0)
    counts = rng.multinomial(n, [gain, loss, 1 - gain - loss], 2000)
    limits = {(b, c): tango(b, c, n) for b, c in {(int(b), int(c)) for b, c, _ in counts}}
    covered = [
        limits[int(b), int(c)].low <= gain - loss <= limits[int(b), int(c)].high
        for b, c, _ in counts
    ]
    assert 0.935 <= np.mean(covered) <= 0.985


@pytest.mark.slow
def test_counting_items_instead_of_concepts_would_cry_wolf() -> None:
    """150 concepts × 4 equal draws, no difference: 5 % false alarms by concept only."""
    rng = np.random.default_rng(0)
    by_concept = by_item = 0
    for _ in range(400):
        changes = verdict_changes(rng, 150, 0.075, 0.075)
        by_concept += mcnemar(int((changes == 1).sum()), int((changes == -1).sum())) < 0.05
        by_item += mcnemar(int((changes == 1).sum()) * 4, int((changes == -1).sum()) * 4) < 0.05
    assert by_concept / 400 < 0.08
    assert by_item / 400 > 0.2


def test_steadiness_adds_more_than_half_a_gain_and_half_a_loss() -> None:
    """One column of zeros: the resampled variance is that of two pseudo-rows of ±.6 in n + 2."""
    n = 98
    found = bootstrap(np.zeros((n, 1)), lambda means: means[..., 0], seed=0, steady=True)
    spread = sqrt(0.72 / (n + 2)) / sqrt(n + 2)
    assert found.high == pytest.approx(1.98 * spread, rel=0.25)


def test_chance_is_taken_off_the_whole_interval() -> None:
    found = Interval(0.5, 0.25, 0.75, 9).without_chance(0.25)
    assert found == pytest.approx((1 / 3, 0.0, 2 / 3, 9))
