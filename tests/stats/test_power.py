"""Power of paired comparisons: published sample sizes, and the two directions agree."""

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.stats.power import concepts_for, concepts_for_margin, power_of, smallest_difference


@pytest.mark.parametrize(
    ("n", "changing", "difference"), [(1742, 0.2, 0.03), (626, 0.2, 0.05), (233, 0.3, 0.1)]
)
def test_the_smallest_difference_agrees_with_connors_sample_sizes(
    n: int, changing: float, difference: float
):
    assert isclose(smallest_difference(n, changing), difference, rel_tol=0.005)


@given(st.integers(20, 5000))
def test_more_concepts_show_smaller_differences(n: int):
    assert smallest_difference(2 * n) < smallest_difference(n)


def test_the_concepts_asked_for_do_show_the_difference():
    n = concepts_for(0.05)
    assert 626 <= n <= 626 * 1.06
    assert smallest_difference(n) <= 0.05


def test_so_few_concepts_show_only_a_difference_in_which_all_changes_agree():
    """n = 20: even if every change is a gain, a fifth of them is not enough (Connor with p = d)."""
    found = smallest_difference(20)
    assert 0.3 < found < 0.4
    assert power_of(20, found) == pytest.approx(0.8, abs=1e-6)


@given(st.integers(40, 5000), st.floats(0.05, 0.5))
def test_the_smallest_difference_is_the_one_with_the_planned_power(n: int, changing: float):
    assert power_of(n, smallest_difference(n, changing), changing) == pytest.approx(0.8, abs=1e-6)


def test_a_margin_of_two_points_needs_this_many_concepts():
    """(1.645 + 0.842)² · 0.1 / 0.02² = 1,545.6."""
    assert concepts_for_margin(0.02, 0.1) == 1546
