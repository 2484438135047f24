import numpy as np
import pytest
from scipy.stats import spearmanr

from lexgraft.stats.rank_correlation import spearman


def test_it_is_scipys_also_with_ties() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        first, second = rng.integers(0, 6, (2, 12)).tolist()
        assert spearman(first, second).value == pytest.approx(spearmanr(first, second)[0])


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    rng, truth, held = np.random.default_rng(1), 0.5, 0
    mixed = 2 * np.sin(np.pi * truth / 6)  # of normals whose ranks correlate so (Pearson 1907)
    for _ in range(400):
        pairs = rng.multivariate_normal([0, 0], [[1, mixed], [mixed, 1]], 20)
        interval = spearman(*pairs.T.tolist())
        held += interval.low <= truth <= interval.high
    assert 0.91 <= held / 400 <= 0.99


def test_nothing_is_said_of_few_pairs_or_of_equal_values() -> None:
    assert spearman([1, 2, 3], [1, 2, 3])[1:3] == (-1.0, 1.0)
    assert spearman([1, 1, 1, 1], [1, 2, 3, 4])[1:3] == (-1.0, 1.0)
    agreed = spearman([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])
    assert agreed.value == pytest.approx(1.0)
    assert agreed.low > 0.9
