"""What the user says of cost and value is parsed once, and what cannot be meant is refused."""

import msgspec
import pytest

from lexgraft.business import Business, MachinePrice


def test_everything_may_be_left_out_and_nothing_is_invented():
    business = msgspec.convert({}, Business)
    assert business == Business()
    assert business.machine_price.of(3600.0) == (0.0, "")


def test_a_figure_is_a_number_or_its_least_and_greatest():
    business = msgspec.convert({"people": {"engineer_hour": [60, 90]}, "wrong_term": 2}, Business)
    assert business.people.engineer_hour == (60.0, 90.0)
    assert business.wrong_term == 2


@pytest.mark.parametrize("currency", ["EUR", "円", "1,234.50 EUR", "¥1,234", "1.234,50 €", "1234"])
def test_a_currency_is_a_name_or_how_a_sum_is_written(currency: str):
    assert msgspec.convert({"currency": currency}, Business).currency == currency


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"currency": "12 EUR"}, "currency"),
        ({"currency": "\x1b[2J"}, "currency"),
        ({"people": {"engineer_hour": [1, 2, 3]}}, "engineer_hour"),
        ({"usage": {"hit_rate": 1.5}}, "hit_rate"),
        ({"changes": {"base_months": 0}}, "base_months"),
        ({"setup_hours": {"fly": 3}}, "setup_hours"),
        ({"wrong_term": 1, "right_term": 1}, "give one"),
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, object], said: str):
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.convert(given, Business)


def test_an_hour_costs_its_price():
    assert MachinePrice(1.2, "EUR").of(1800.0) == (0.6, "EUR")
