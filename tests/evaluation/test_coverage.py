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
    benchmarks = Path(__file__).parents[2] / "benchmarks"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(benchmarks))
        found = spec_from_file_location("coverage_table", benchmarks / "coverage.py")
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
        ("verdicts, independent", 30, 1800),
        ("verdicts, independent", 300, 1800),
        ("mean, shares right, few changed", 30, 1800),
        ("mean, shares right, few changed", 1000, 1800),
        ("mean, P(right), all move", 30, 900),
        ("bootstrap, transfer", 100, 9000),
        ("bootstrap, bits per byte", 30, 6300),
        ("judge less bias, 30 labels", 100, 3600),
        ("mean, independent", 30, 1800),
        ("mean, one-sided", 30, 1800),
        ("families of three, correlation 0", 1000, 3600),
        ("families of three, correlation .3", 100, 1800),
        ("families of three, correlation .6", 30, 1800),
        ("families of three, correlation .6", 300, 1800),
        ("one to six, correlation .6", 60, 1800),
        ("threes, one-sided, copies", 30, 1800),
        ("fours, one-sided, copies", 30, 1800),
        ("taught less others, correlation .6", 60, 1200),
        ("verdicts in threes, correlation .3", 120, 1800),
        ("verdicts in threes, correlation .6", 300, 1800),
        ("composite loss, normal", 30, 1200),
        ("composite loss, one-sided", 30, 1200),
        ("composite loss, one-sided", 60, 1200),
        ("composite loss, one-sided", 120, 1200),
        ("share of an advance kept", 60, 1800),
    ],
)
def test_intervals_cover_what_they_say(table: Any, name: str, n: int, trials: int) -> None:
    found = table.INTERVALS[name](n, trials)
    error = (0.95 * 0.05 / found.trials) ** 0.5
    assert abs(found.mean - 0.95) <= POINT + CHANCE * error


@pytest.mark.parametrize("n", [30, 60])
@pytest.mark.parametrize(
    "name", ["verdicts in threes, correlation .6", "verdicts in threes, copies"]
)
def test_verdicts_in_few_families_do_not_cover_less_than_they_say(
    table: Any, name: str, n: int
) -> None:
    assert table.INTERVALS[name](n, 1800).mean >= 0.94


def test_harm_is_not_called_less_than_it_is(table: Any) -> None:
    assert table.INTERVALS["harm, one-sided"](30, 2400).above <= 0.025 + POINT


def test_a_cell_says_what_is_wrong_with_it(table: Any) -> None:
    assert table.Found(0.93, 0.93, 0.93, 0.035, 0.035, 9000).mark() == "-"
    assert table.Found(0.97, 0.97, 0.97, 0.015, 0.015, 9000).mark() == "+"
    assert table.Found(0.945, 0.94, 0.95, 0.05, 0.005, 9000).mark() == "e"
    assert table.Found(0.945, 0.94, 0.95, 0.03, 0.025, 9000).mark() == ""
    assert table.FalseAlarms(0.08, 0.07, 0.09, 9000).mark() == "+"


@pytest.mark.parametrize("name", ["McNemar, mid-p", "non-inferiority, margin 0.05", "Holm over 6"])
@pytest.mark.parametrize("n", [30, 300, 2000])
def test_tests_cry_wolf_no_more_than_they_say(table: Any, name: str, n: int) -> None:
    found = table.TYPE_ONE[name](n, 6000)
    error = (0.05 * 0.95 / found.trials) ** 0.5
    assert found.mean <= 0.05 + POINT + CHANCE * error


def test_looking_always_is_no_false_alarm_and_counting_items_is_one(table: Any) -> None:
    assert table.TYPE_ONE["e-process, looked at always"](300, 1200).mean <= 0.05
    assert table.TYPE_ONE["race of two equals"](300, 1200).mean <= 0.05
    assert table.INTERVALS["(by item, as it must not be)"](100, 4500).mean < 0.9
