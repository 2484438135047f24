"""Power of paired comparisons: published sample sizes, and the two directions agree."""

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.stats.gate_power import Requirement, pass_probability
from lexgraft.stats.power import concepts_for_margin, smallest_difference


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


def test_so_few_concepts_show_only_a_difference_in_which_all_changes_agree():
    """n = 20: even if every change is a gain, a fifth of them is not enough (Connor with p = d)."""
    found = smallest_difference(20)
    assert 0.3 < found < 0.4


@pytest.mark.parametrize(("n", "changing"), [(150, 0.2), (400, 0.1), (3000, 0.4)])
def test_the_smallest_difference_is_shown_in_four_of_five_cases(n: int, changing: float):
    truth = smallest_difference(n, changing)
    shown = pass_probability(Requirement("gain", "g", "share", n, 0.0, truth, changing))
    assert shown == pytest.approx(0.8, abs=0.03)  # counts are whole


def test_a_margin_of_two_points_needs_this_many_concepts():
    """(1.645 + 0.842)² · 0.1 / 0.02² = 1,545.6."""
    assert concepts_for_margin(0.02, 0.1) == 1546
