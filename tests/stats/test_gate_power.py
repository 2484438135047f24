"""Chances of whole gates: by hand, against scipy, and the figures that showed the gate closed."""

import numpy as np
import pytest
from scipy import stats

from lexgraft.stats.gate_power import (
    Requirement,
    Stratum,
    gate_power,
    pass_probability,
    threshold_for,
)
from lexgraft.stats.intervals import tango

SPREADS = (0.023, 0.032, 0.036, 0.086)  # of documents, in the demo


def gain(n: int) -> Requirement:
    return Requirement("target gain", "en->ja", "share", n, 0.05, truth=0.3, spread=0.46)


def everyday(n: int, margin: float) -> Requirement:
    return Requirement("everyday", "en->en", "share", n, -margin, truth=0.0, spread=0.05)


def texts(n: int, spread: float, margin: float = 0.02) -> Requirement:
    return Requirement("bits per byte", "ja", "mean", n, -margin, 0.0, spread, unit="documents")


def old_gate(confirm: int, items: int, documents: int, margin: float) -> list[Requirement]:
    words = [everyday(items, margin)] * 2
    return [gain(confirm), *(texts(documents, spread) for spread in SPREADS), *words]


def test_no_numbers_of_the_former_demo_or_defaults_let_an_ideal_merge_pass() -> None:
    """validity.md §1: .88; .63 .27 .24 .09; .012 .012 and 1.0; .78 .50 .42 .11; .05 .05."""
    demo = gate_power(old_gate(60, 24, 8, 0.05))
    assert demo.each == pytest.approx((0.88, 0.63, 0.27, 0.24, 0.09, 0.012, 0.012), abs=0.07)
    assert demo.each[-1] == pytest.approx(0.012, abs=0.001)
    assert demo.independent < 1e-6
    defaults = gate_power(old_gate(300, 60, 12, 0.02))
    assert defaults.each == pytest.approx((1.0, 0.78, 0.5, 0.42, 0.11, 0.05, 0.05), abs=0.04)
    assert defaults.each[-1] == pytest.approx(0.05, abs=0.001)
    assert defaults.independent < 1e-4


@pytest.mark.parametrize(("items", "documents", "joint"), [(300, 60, 0.37), (600, 120, 0.71)])
def test_more_of_both_units_opened_the_former_gate_by_degrees(
    items: int, documents: int, joint: float
) -> None:
    """validity.md §1: .37 and .71 with a margin of 5 % in everyday words."""
    power = gate_power(old_gate(300, items, documents, 0.05))
    assert power.independent == pytest.approx(joint, abs=0.01)
    assert power.least <= power.independent <= power.greatest == min(power.each)


def test_a_chance_of_shares_is_the_sum_over_all_outcomes_of_tangos_interval() -> None:
    n, rising, falling = 30, 0.25, 0.05
    requirement = Requirement("gain", "g", "share", n, 0.02, rising - falling, rising + falling)
    passes = 0.0
    for gained in range(n + 1):
        for lost in range(n + 1 - gained):
            counts = [gained, lost, n - gained - lost]
            chance = stats.multinomial.pmf(counts, n, [rising, falling, 1 - rising - falling])
            interval = tango(gained, lost, n)
            passes += chance * (interval.low >= 0.02)
    assert pass_probability(requirement) == pytest.approx(passes, abs=1e-9)


def test_many_shares_are_near_the_exact_sum() -> None:
    few, many = (everyday(n, 0.03)._replace(spread=0.1) for n in (400, 401))
    assert pass_probability(many) == pytest.approx(pass_probability(few), abs=0.02)


def test_a_chance_of_a_mean_is_the_noncentral_t() -> None:
    requirement = texts(12, 0.03)
    shift = 0.02 * np.sqrt(12) / 0.03
    expected = stats.nct.sf(stats.t.isf(0.025, 11), 11, shift)
    assert pass_probability(requirement) == pytest.approx(expected, abs=1e-4)


def test_strata_are_weighted_and_their_spreads_add_up() -> None:
    parts = (Stratum("documents", 40, 0.03), Stratum("items", 90, 0.1, 2.0))
    composite = texts(40, 0.0)._replace(strata=parts)
    variances = [(0.03 / 3) ** 2 / 40, (0.2 / 3) ** 2 / 90]
    freedom = sum(variances) ** 2 / (variances[0] ** 2 / 39 + variances[1] ** 2 / 89)
    assert composite.standard_error() == pytest.approx((np.sqrt(sum(variances)), freedom))
    assert composite.units == ("documents", "items")


def test_a_threshold_is_found_that_the_numbers_can_serve() -> None:
    for requirement in (texts(30, 0.05), everyday(200, 0.02)):
        served = requirement._replace(threshold=threshold_for(requirement))
        assert pass_probability(served) == pytest.approx(0.8, abs=0.05)


def test_at_its_threshold_a_truth_passes_no_more_often_than_the_level() -> None:
    for requirement in (texts(30, 0.05), everyday(200, 0.02), everyday(1000, 0.02)):
        truth = requirement.threshold
        assert pass_probability(requirement._replace(truth=truth)) <= 0.035
