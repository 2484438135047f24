"""Numbers read as people write them."""

import math

import pytest

from lexgraft.adoption.report import formats
from lexgraft.records import Cost


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.063, "+6.3"),
        (-0.063, "−6.3"),
        (0.0, "0.0"),
        (-0.0001, "0.0"),
        (0.0001, "0.0"),
        (1, "+100.0"),
    ],
)
def test_a_difference_has_its_sign_but_zero_has_none(value: float, text: str):
    assert formats.signed(value) == text


def test_a_share_and_a_difference_with_their_intervals():
    assert formats.share_text(0.634, 0.58, 0.685) == "63.4 % [58.0, 68.5]"
    assert formats.difference(0.063, 0.012, 0.098) == "+6.3 pt [+1.2, +9.8]"
    assert formats.difference(-0.006, -0.01, -0.002, "bits per byte") == "−0.6 % [−1.0, −0.2]"


def test_a_number_that_is_none_is_a_dash():
    assert formats.share(math.nan) == formats.points(math.inf) == formats.plain(math.nan) == "–"
    assert formats.points_interval(math.nan, 0.1) == formats.share_interval(0.1, math.inf) == ""


@pytest.mark.parametrize(
    ("seconds", "english", "japanese"),
    [
        (3.14, "3.1 s", "3.1 秒"),
        (42, "42 s", "42 秒"),
        (59.6, "1 min", "1 分"),
        (2280, "38 min", "38 分"),
        (4320, "1 h 12 min", "1 時間 12 分"),
    ],
)
def test_a_length_of_time_in_both_languages(seconds: float, english: str, japanese: str):
    assert formats.duration(seconds, "en") == english
    assert formats.duration(seconds, "ja") == japanese


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1234, "1.2 kB"), (4_100_000_000, "4.1 GB")]
)
def test_a_size_in_decimal_units(count: int, text: str):
    assert formats.size(count) == text


def test_money_is_left_out_where_no_price_was_given():
    assert formats.money(Cost(1.0)) == "–"
    assert formats.spending(Cost(60.0, 0, 0.0, "EUR"), "en") == "1 min"
    assert formats.spending(Cost(60.0, 0, 0.5, "EUR"), "ja") == "1 分、0.50 EUR"


@pytest.mark.parametrize(
    ("value", "currency", "written"),
    [
        (1234.5, "EUR", "1,234.50 EUR"),
        (1234567.0, "JPY", "1,234,567 JPY"),
        (1234.5, "1.234,50 €", "1.234,50 €"),
        (1234567.0, "¥1,234", "¥1,234,567"),
        (0.003, "EUR", "< 0.01 EUR"),
        (-12.5, "1,234.50 $", "−12.50 $"),
    ],
)
def test_a_sum_is_written_as_the_currency_is(value: float, currency: str, written: str):
    assert formats.amount(value, currency) == written


def test_what_is_not_known_closely_has_three_digits():
    assert formats.rough_amount(12345.6, "EUR") == "12,300 EUR"
    assert formats.rough_amount(12.345, "EUR") == "12.30 EUR"
    assert formats.amount_range(8712.0, 40444.0, "¥1,234") == "[8,710 – 40,400]"
    assert formats.amount_range(1.0, 1.0, "EUR") == ""


def test_costs_add_up_but_the_greatest_memory_counts():
    assert formats.total([Cost(1.0, 5, 0.5, ""), Cost(2.0, 3, 0.25, "EUR")]) == Cost(
        3.0, 5, 0.75, "EUR"
    )


def test_a_sum_beyond_reason_is_not_written_out_and_equal_ends_are_no_interval():
    assert formats.rough_amount(-1e15, "JPY") == "< −999,000,000,000 JPY"
    assert formats.amount_range(81_200_001, 81_200_002, "EUR") == ""
    assert formats.amount_range(3.1e11, 3e24, "¥1,234") == "[310,000,000,000 – > 999,000,000,000]"
