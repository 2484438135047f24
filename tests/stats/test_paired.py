"""Two models on the same concepts: by hand, and by simulation where concepts are related."""

import numpy as np
import pytest

from lexgraft.stats.intervals import mcnemar, tango, wilson
from lexgraft.stats.paired import paired_means, paired_shares, share_right


def test_paired_shares_count_each_concept_once_and_only_shared_ones() -> None:
    before = {"a": True, "b": True, "c": False, "d": False, "x": True}
    after = {"a": True, "b": False, "c": True, "d": True, "y": True}
    found = paired_shares(before, after)
    assert (found.gained, found.lost, found.difference.n) == (2, 1, 4)
    assert found.difference == tango(2, 1, 4)
    assert found.p == mcnemar(2, 1)


def test_a_few_unchanged_concepts_are_not_certainty() -> None:
    same = {str(i): 1.0 for i in range(20)}
    found = paired_means(same, same)
    assert found.value == 0
    assert found.low < -0.05 < 0.05 < found.high


def test_related_concepts_that_move_together_count_as_fewer() -> None:
    """Thirty families of three that always move as one: as if one of each had been asked."""
    before = {str(i): False for i in range(90)}
    after = {str(i): i // 3 % 3 == 0 for i in range(90)}
    families = {str(i): f"family {i // 3}" for i in range(90)}
    alone, related = (paired_shares(before, after, parents=parents) for parents in ({}, families))
    expected = tango(10, 0, 30)
    assert related.difference.n == 90
    assert related.difference[1:3] == pytest.approx(expected[1:3], abs=0.02)
    assert alone.difference.low > related.difference.low
    assert (related.gained, related.p > alone.p) == (30, True)


def test_where_no_verdict_changed_relatives_count_as_one() -> None:
    same = {str(i): True for i in range(60)}
    families = {str(i): f"family {i // 3}" for i in range(60)}
    found = paired_shares(same, same, parents=families).difference
    assert found[1:3] == pytest.approx(tango(0, 0, 20)[1:3])
    assert share_right(same, parents=families)[1:3] == pytest.approx(wilson(20, 20)[1:3])


def test_a_share_of_relatives_that_move_together_is_wilsons_of_fewer() -> None:
    verdicts = {str(i): i // 3 % 3 == 0 for i in range(90)}
    families = {str(i): f"family {i // 3}" for i in range(90)}
    found = share_right(verdicts, parents=families)
    assert (found.value, found.n) == (pytest.approx(1 / 3), 90)
    assert found[1:3] == pytest.approx(wilson(10, 30)[1:3], abs=0.02)
    assert share_right(verdicts) == wilson(30, 90)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "gain", "loss"), [(40, 0.05, 0.01), (60, 0.05, 0.01), (100, 0.1, 0.05), (300, 0.05, 0.01)]
)
def test_the_interval_of_a_mean_difference_covers(n: int, gain: float, loss: float) -> None:
    """Concepts change wholly, or in one of two draws; a plain percentile covers .85 to .94."""
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(300):
        changes = rng.choice([1, -1, 0], n, p=[gain, loss, 1 - gain - loss]) * rng.choice(
            [1, 0.5], n, p=[0.6, 0.4]
        )
        found = paired_means(
            {str(i): 0.0 for i in range(n)},
            {str(i): float(c) for i, c in enumerate(changes)},
        )
        covered += found.low <= (gain - loss) * 0.8 <= found.high
    assert covered / 300 >= 0.925


@pytest.mark.slow
@pytest.mark.parametrize("n", [30, 60, 100, 300, 1000])
@pytest.mark.parametrize("correlation", [0.3, 0.6, 1.0])
def test_shares_of_families_that_move_together_are_covered(correlation: float, n: int) -> None:
    """Counted one by one they are covered in .90 and .85 of cases."""
    rng = np.random.default_rng([n, round(10 * correlation)])
    ids = [str(i) for i in range(n)]
    families = {name: str(i // 3) for i, name in enumerate(ids)}
    before, held = dict.fromkeys(ids, False), 0
    for _ in range(500):
        shared, own = rng.random((2, n)) < 0.25
        together = rng.random(n) < np.sqrt(correlation)
        known = np.where(together, shared[np.arange(n) // 3], own).tolist()
        found = paired_shares(before, dict(zip(ids, known, strict=True)), parents=families)
        held += found.difference.low <= 0.25 <= found.difference.high
    assert held / 500 >= 0.94 - 0.022  # 2.2 errors of chance
