from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.cost import Work, concepts_for, estimate, operations, smallest_difference, tokens_of
from lexgraft.project import Prices


def test_a_thousand_tokens_and_a_hundred_rows_cost_their_multiply_adds():
    # 2 · (1000 tokens · 100 parameters + 100 rows · 168 parameters)
    assert operations(Work(1000, 100), body=100, head=168) == 2 * (100_000 + 16_800)


def test_training_costs_three_passes_of_the_body_and_two_of_a_frozen_head():
    work = Work(1000, 100, training=True)
    assert operations(work, body=100, head=168) == 2 * (300_000 + 33_600)


def test_money_is_the_users_price_for_the_time():
    cost = estimate(Work(1000, 0), body=1800, head=0, rate=1000, prices=Prices(2.0, "JPY"))
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
