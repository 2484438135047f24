"""Means over related concepts: against statsmodels, by hand, and by simulation."""

import numpy as np
import pytest
from scipy import stats

from lexgraft.stats.clustered import clustered_mean
from lexgraft.stats.moments import moments_of


def test_concepts_that_stand_alone_have_the_moments_of_a_mean() -> None:
    values = np.random.default_rng(0).normal(0.1, 0.3, 50)
    low, high = moments_of(values - values.mean()).bounds(values.mean())
    assert clustered_mean(values.tolist()) == pytest.approx((values.mean(), low, high, 50))


def test_equal_families_without_skewness_are_students_interval_of_their_means() -> None:
    """Twelve families of three, mirrored so that nothing is skewed."""
    means = [0.05 * step for step in (-6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6)]
    values = [mean + own for mean in means for own in (-0.1, 0.0, 0.1)]
    found = clustered_mean(values, [str(place // 3) for place in range(36)])
    expected = stats.t.interval(0.95, 11, 0.0, stats.sem(means))
    assert (found.low, found.high) == pytest.approx(expected, rel=1e-6)
    assert found.n == 36


def test_few_clusters_and_nothing_at_all_are_not_judged() -> None:
    assert clustered_mean([]) == (0.0, -1.0, 1.0, 0)
    assert clustered_mean([0.1] * 7)[1:3] == (-1.0, 1.0)
    assert clustered_mean([0.1, 0.2] * 20, ["a", "b"] * 20)[1:3] == (-1.0, 1.0)


def test_concepts_that_did_not_move_are_not_certainty() -> None:
    found = clustered_mean([0.0] * 20)
    assert found.low < -0.1 < 0.1 < found.high


def simulated(rng: np.random.Generator, kind: str, n: int, correlation: float) -> np.ndarray:
    """Return n values of mean 0 in families of three."""
    family = np.arange(n) // 3
    if kind == "skewed":
        return rng.exponential(0.3, n) - 0.3
    own, shared = rng.normal(0, 0.3, (2, n))
    return np.sqrt(correlation) * shared[family] + np.sqrt(1 - correlation) * own


@pytest.mark.slow
@pytest.mark.parametrize("n", [30, 100, 300, 1000])
@pytest.mark.parametrize(
    ("kind", "correlation"), [("normal", 0.0), ("normal", 0.3), ("normal", 0.6), ("skewed", 0.0)]
)
def test_the_interval_of_a_clustered_mean_covers(kind: str, correlation: float, n: int) -> None:
    rng = np.random.default_rng([n, round(10 * correlation)])
    families = [place // 3 for place in range(n)]
    held = 0
    for _ in range(1500):
        found = clustered_mean(simulated(rng, kind, n, correlation).tolist(), families)
        held += found.low <= 0 <= found.high
    assert held / 1500 == pytest.approx(0.95, abs=0.017)  # 1 point, and 1.3 of chance
