"""Looks that spend an error level: against multivariate normal integrals, and by simulation."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from lexgraft.errors import LexgraftError
from lexgraft.stats.extension import look_alpha, next_level


def test_the_first_look_spends_four_fifths() -> None:
    assert look_alpha([60]) == pytest.approx(0.04)
    assert look_alpha([7.5], 0.01) == pytest.approx(0.008)


@pytest.mark.parametrize("looks", [(60, 90), (60, 240), (60, 120, 200), (30, 33, 300)])
def test_what_all_looks_spend_is_the_chance_that_a_path_passes(looks: tuple[int, ...]) -> None:
    bounds = [stats.norm.isf(look_alpha(looks[:end]) / 2) for end in range(1, len(looks) + 1)]
    times = np.array(looks) / looks[0]
    correlations: Any = np.sqrt(np.minimum.outer(times, times) / np.maximum.outer(times, times))
    never = stats.multivariate_normal(np.zeros(len(looks)), correlations).cdf(np.array(bounds))
    assert 1 - never == pytest.approx(0.025 * (0.8 + 0.1 * (1 - 1 / times[-1])), abs=3e-5)


def test_a_look_without_new_concepts_keeps_its_level() -> None:
    assert look_alpha([60, 60]) == look_alpha([60])
    assert look_alpha([60, 90, 90]) == look_alpha([60, 90])


@pytest.mark.parametrize("looks", [(60, 61), (60, 40)])
def test_a_look_that_has_hardly_more_or_less_is_refused(looks: tuple[int, ...]) -> None:
    with pytest.raises(LexgraftError, match="2 %"):
        look_alpha(looks)


@pytest.mark.parametrize("looks", [(34, 50, 51), (34, 100, 102), (69, 100, 102)])
def test_a_look_of_exactly_two_per_cent_more_is_one(looks: tuple[int, ...]) -> None:
    """A quotient that rounds below 1.02 stopped a run for good: the look was on record by then."""
    assert 0 < look_alpha(looks) < look_alpha(looks[:1])


def test_the_coming_look_by_its_growth() -> None:
    level = next_level([60, 90])
    assert level(2.0) == look_alpha([60, 90, 180])
    assert level(1.0) == look_alpha([60, 90])


@pytest.mark.slow
def test_ten_extensions_each_half_as_much_again_pass_no_more_often_than_the_level() -> None:
    looks = [round(60 * 1.5**step) for step in range(11)]
    bounds = [stats.norm.isf(look_alpha(looks[:end]) / 2) for end in range(1, 12)]
    rng = np.random.default_rng(0)
    grown = np.diff([0, *looks])
    paths = np.cumsum(rng.normal(size=(40000, 11)) * np.sqrt(grown), axis=1) / np.sqrt(looks)
    passed = (paths >= bounds).any(axis=1).mean()
    assert 0.02 <= passed <= 0.025


GROWTHS = (1.05, 1.2, 1.5, 2.5, 6.0)  # of information, among which the worst is chosen by looking


def worst_chance(looks: tuple[float, ...], extensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Return places of a path that has not passed, and the greatest chance that it still does.

    Every next size is the one at which a path from there passes most often, then or later.
    """
    time = looks[-1]
    places = np.linspace(-6 * np.sqrt(time), bound(looks), 161)
    worst = np.zeros_like(places)
    for growth in GROWTHS if extensions else ():
        grown = (*looks, round(time * growth, 3))
        spread = np.sqrt(grown[-1] - time)
        ends, later = worst_chance(grown, extensions - 1)
        steps = (ends - places[:, None]) / spread
        chance = stats.norm.sf((bound(grown) - places) / spread)
        chance += np.trapezoid(stats.norm.pdf(steps) / spread * later, ends, axis=1)
        worst = np.maximum(worst, chance)
    return places, worst


def bound(looks: tuple[float, ...]) -> float:
    return float(stats.norm.isf(look_alpha(looks) / 2) * np.sqrt(looks[-1]))


@pytest.mark.slow
def test_sizes_chosen_by_looking_do_not_pass_more_often_than_the_level() -> None:
    """Dynamic programming: each further extension adds about half of what the one before did."""
    errors = []
    for extensions in (1, 2, 3):
        places, worst = worst_chance((1.0,), extensions)
        later = np.trapezoid(stats.norm.pdf(places) * worst, places)
        errors.append(float(stats.norm.sf(bound((1.0,))) + later))
    increments = np.diff(errors)
    assert increments[1] < 0.6 * increments[0]
    assert errors[-1] + increments[1] * 0.6 / (1 - 0.6) <= 0.025
