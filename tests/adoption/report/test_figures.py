"""Dots stand where their values are."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.adoption.report.figures import (
    FigureRow,
    FigureScale,
    close_scale,
    interval,
    interval_table,
    scale_over,
    tick_text,
)
from lexgraft.adoption.report.markup import Html, fit

HUNDRED = FigureScale(0.0, 1.0, (0.0, 0.5, 1.0))


def _row(value: float) -> FigureRow:
    return FigureRow(fit("m"), value, value - 0.1, value + 0.1, fit("text"), n=300)


def test_a_value_is_placed_by_hand():
    assert HUNDRED.at(0.0) == 4.0  # four per cent are left free on both sides
    assert HUNDRED.at(0.5) == 50.0
    assert HUNDRED.at(0.25) == pytest.approx(4 + 92 / 4)
    assert HUNDRED.at(7.0) == 96.0


def test_a_scale_has_round_ticks():
    assert scale_over([0.13, 0.52]).ticks == (0.0, 0.2, 0.4, 0.6)
    assert scale_over([-0.041, 0.0]).ticks == (-0.06, -0.04, -0.02, 0.0)
    assert scale_over([]).ticks == (0.0, 0.5, 1.0)


@given(st.lists(st.floats(-1, 1), min_size=1), st.integers(2, 6))
def test_a_scale_covers_its_values_with_few_ticks(values: list[float], steps: int):
    scale = scale_over(values, steps)
    assert scale.low <= min(values) + 1e-6
    assert scale.high >= max(values) - 1e-6
    assert 2 <= len(scale.ticks) <= steps + 2
    assert all(4 <= scale.at(value) <= 96 for value in values)


@given(st.lists(st.floats(-1, 1), min_size=1))
def test_a_close_scale_ends_where_the_values_end(values: list[float]):
    scale = close_scale(values)
    assert scale.low <= min(values) <= max(values) <= scale.high
    assert scale.high - scale.low <= max(0.03, max(values) - min(values)) + 1e-9
    assert len(scale.ticks) >= 2
    assert all(scale.low <= tick <= scale.high for tick in scale.ticks)


def test_a_row_shows_dot_interval_chance_and_threshold():
    row = _row(0.5)._replace(chance=0.25, threshold=0.75)
    drawn = interval(row, HUNDRED, difference=False)
    assert '<svg x="50.00%" y="50%"><path' in drawn
    assert re.search(r'x1="40.80%" x2="59.20%" y1="50%" y2="50%" class="whisker"', drawn)
    assert 'x1="27.00%" x2="27.00%" y1="0" y2="100%" class="chance"' in drawn
    assert 'x1="73.00%" x2="73.00%" y1="0" y2="100%" class="threshold"' in drawn


def test_a_value_that_is_none_is_not_drawn():
    drawn = interval(_row(float("nan")), HUNDRED, difference=False)
    assert "whisker" not in drawn
    assert "<path" not in drawn


def test_the_line_at_zero_is_stronger_only_for_differences():
    assert 'class="zero"' in interval(_row(0.5), HUNDRED, difference=True)
    assert 'class="zero"' not in interval(_row(0.5), HUNDRED, difference=False)


def test_ticks_are_in_hundredths_without_a_needless_decimal():
    assert tick_text(0.2, difference=False) == "20"
    assert tick_text(0.025, difference=True) == "+2.5"
    assert tick_text(-0.1, difference=True) == "−10"
    assert tick_text(0.0, difference=True) == "0"


def test_a_table_holds_the_numbers_beside_the_drawing():
    table = interval_table([_row(0.5)], head=Html("h"), value_head=Html("v"), difference=False)
    assert '<tr class="candidate"><th scope="row">m</th>' in table
    assert '<td class="number">text</td><td class="number n">300</td>' in table
