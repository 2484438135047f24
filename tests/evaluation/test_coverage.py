"""The table of coverage and false alarms, smaller: within a point of what is claimed."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

POINT = 0.01
CHANCE = 2.5  # standard errors of a simulation that deviate no more once


@pytest.fixture(scope="module")
def table() -> Any:
    file = Path(__file__).parents[2] / "benchmarks" / "coverage.py"
    found = spec_from_file_location("coverage_table", file)
    assert found
    assert found.loader
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize("n", [30, 100, 300, 1000])
def test_wilson_covers_what_it_says_over_all_shares(table: Any, n: int) -> None:
    found = table.exact_wilson(n)
    assert abs(found.mean - 0.95) <= POINT
    assert found.least >= 0.925


@pytest.mark.parametrize(
    ("name", "n", "trials"),
    [
        ("Tango, difference known", 30, 1800),
        ("Tango, difference known", 300, 1800),
        ("mean, difference right", 30, 1800),
        ("mean, difference right", 1000, 900),
        ("mean, difference P(right)", 30, 900),
        ("bootstrap, transfer", 100, 900),
        ("bootstrap, bits per byte", 30, 630),
        ("judge less bias, 30 labels", 100, 3600),
        ("clustered mean, independent", 30, 1800),
        ("clustered mean, independent", 1000, 3600),
        ("clustered mean, correlation .3", 100, 1800),
        ("clustered mean, correlation .6", 30, 1800),
        ("clustered mean, correlation .6", 300, 1800),
        ("clustered mean, one-sided", 30, 1800),
        ("Tango, correlation .3", 100, 1800),
        ("composite loss, normal", 30, 1200),
        ("composite loss, one-sided", 30, 1200),
        ("composite loss, one-sided", 60, 1200),
        ("composite loss, one-sided", 120, 1200),
        ("share of an advance kept", 60, 1800),
    ],
)
def test_intervals_cover_what_they_say(table: Any, name: str, n: int, trials: int) -> None:
    error = (0.95 * 0.05 / trials) ** 0.5
    assert abs(table.INTERVALS[name](n, trials).mean - 0.95) <= POINT + CHANCE * error


@pytest.mark.parametrize("name", ["McNemar, mid-p", "non-inferiority, margin 0.05", "Holm over 6"])
@pytest.mark.parametrize("n", [30, 300, 2000])
def test_tests_cry_wolf_no_more_than_they_say(table: Any, name: str, n: int) -> None:
    error = (0.05 * 0.95 / 1500) ** 0.5
    assert table.TYPE_ONE[name](n, 1500).mean <= 0.05 + POINT + CHANCE * error


def test_looking_always_is_no_false_alarm_and_counting_items_is_one(table: Any) -> None:
    assert table.TYPE_ONE["e-process, looked at always"](300, 300).mean <= 0.05
    assert table.TYPE_ONE["race of two equals"](300, 300).mean <= 0.05
    assert table.INTERVALS["(by item, as it must not be)"](100, 450).mean < 0.9
