from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.adoption.cost import ComputeWork, estimate, operations
from lexgraft.project import Prices
from lexgraft.stats.power import concepts_for, concepts_for_margin, power_of, smallest_difference
from lexgraft.terms.text.token_estimate import tokens_of


def test_a_thousand_tokens_and_a_hundred_rows_cost_their_multiply_adds():
    # 2 · (1000 tokens · 100 parameters + 100 rows · 168 parameters)
    assert operations(ComputeWork(1000, 100), body=100, head=168) == 2 * (100_000 + 16_800)


def test_training_costs_three_passes_of_the_body_and_two_of_a_frozen_head():
    work = ComputeWork(1000, 100, training=True)
    assert operations(work, body=100, head=168) == 2 * (300_000 + 33_600)


def test_money_is_the_users_price_for_the_time():
    cost = estimate(ComputeWork(1000, 0), body=1800, head=0, rate=1000, prices=Prices(2.0, "JPY"))
    assert (cost.seconds, cost.money, cost.currency) == (3600, 2.0, "JPY")


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


def test_japanese_counts_more_tokens_a_character():
    assert tokens_of("心筋梗塞") == 3
    assert tokens_of("a heart attack") == 4
    assert tokens_of("") == 1


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
