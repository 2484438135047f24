"""Means over related concepts: against scipy, with whole matrices, and by simulation."""

import numpy as np
import pytest
from scipy import stats

from lexgraft.stats.clustered import _cluster_moments, clustered_mean, design_effect
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


def test_variance_and_degrees_of_freedom_are_those_of_whole_matrices() -> None:
    """Bell and McCaffrey's: sums of residuals b'y, b corrected so that b'Vb is a sum's variance."""
    sizes = np.array([1, 2, 3, 4, 5, 6, 1, 1, 2, 7])
    owners, rng = np.repeat(np.arange(10), sizes), np.random.default_rng(0)
    values = rng.normal(size=10)[owners] + rng.normal(size=32)
    residuals, same = values - values.mean(), owners[:, None] == owners
    within = residuals @ same @ residuals - residuals @ residuals
    correlation = within / (sizes @ (sizes - 1)) * 32 / (residuals @ residuals)
    covariance = (1 - correlation) * np.eye(32) + correlation * same
    members = (np.arange(10)[:, None] == owners).astype(float)
    contrasts = members - members.mean(axis=1, keepdims=True)
    variances = [np.einsum("ij,jk,ik->i", m, covariance, m) for m in (members, contrasts)]
    contrasts *= np.sqrt(variances[0] / variances[1])[:, None]
    products = contrasts @ covariance @ contrasts.T
    found = _cluster_moments(residuals, owners)
    assert 0 < correlation < 1
    assert found.variance == pytest.approx(((contrasts @ values) ** 2).sum() / 32**2)
    assert found.freedom == pytest.approx(np.trace(products) ** 2 / (products**2).sum())


def test_degrees_of_freedom_where_clusters_are_of_one_size() -> None:
    values = np.random.default_rng(1).normal(size=36)
    values -= values.mean()
    assert _cluster_moments(values, np.arange(36)).freedom == pytest.approx(35)
    assert _cluster_moments(values, np.arange(36) // 3).freedom == pytest.approx(11)


def test_what_cannot_tell_how_relatives_move_counts_them_as_copies() -> None:
    families = [place // 3 for place in range(60)]
    assert design_effect([0.0] * 60, families) == 3
    assert design_effect([0.0, 1.0] * 30, [place // 30 for place in range(60)]) == 30
    assert design_effect([0.0, 1.0] * 30, list(range(60))) == 1
    copies = [float(family % 2) for family in families]
    assert design_effect(copies, families) == pytest.approx(3, rel=0.05)
    alone = np.random.default_rng(3).choice([-1.0, 0.0, 1.0], 600).tolist()
    assert design_effect(alone, [place // 3 for place in range(600)]) < 1.2


def test_few_clusters_and_nothing_at_all_are_not_judged() -> None:
    assert clustered_mean([]) == (0.0, -1.0, 1.0, 0)
    assert clustered_mean([0.1] * 7)[1:3] == (-1.0, 1.0)
    assert clustered_mean([0.1, 0.2] * 20, ["a", "b"] * 20)[1:3] == (-1.0, 1.0)


def test_concepts_that_did_not_move_are_not_certainty() -> None:
    found = clustered_mean([0.0] * 20)
    assert found.low < -0.1 < 0.1 < found.high


@pytest.mark.parametrize("step", [1.0, 0.5, -0.3])
def test_concepts_that_all_moved_alike_are_not_certainty(step: float) -> None:
    alone, related = (
        clustered_mean([step] * 24, owners)
        for owners in (None, [place // 3 for place in range(24)])
    )
    assert alone.low < step - 0.05 < step + 0.05 < alone.high
    assert related.high - related.low > 2 * (alone.high - alone.low)


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


@pytest.mark.slow
@pytest.mark.parametrize("n", [30, 60, 120])
@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.6, 1.0])
def test_families_of_many_sizes_are_covered(correlation: float, n: int) -> None:
    """One fixed number of degrees of freedom had covered .97 where relatives do not move alike."""
    rng = np.random.default_rng([n, round(10 * correlation)])
    owners = np.repeat(np.arange(n), np.resize([1, 2, 3, 4, 5, 6], n))[:n]
    held = 0
    for _ in range(1500):
        own, shared = rng.normal(0, 0.3, (2, n))
        values = np.sqrt(correlation) * shared[owners] + np.sqrt(1 - correlation) * own
        found = clustered_mean(values.tolist(), owners.tolist())
        held += found.low <= 0 <= found.high
    assert held / 1500 == pytest.approx(0.95, abs=0.0235)  # 1 point, and 2.4 errors of chance
