"""Numbers that give a gate its chance."""

import pytest

from lexgraft.stats.gate_power import Requirement, Stratum, gate_power
from lexgraft.stats.gate_sizes import resized_to, sizes_for

GAIN = Requirement("target gain", "en->ja", "mean", 60, 0.05, truth=0.12, spread=0.3)
KEPT = Requirement(
    "general ability",
    "ja",
    "mean",
    40,
    -0.02,
    truth=0.0,
    spread=0.0,
    strata=(Stratum("documents", 16, 0.06), Stratum("items", 40, 0.15)),
)


def test_the_numbers_found_have_the_power_and_a_few_per_cent_fewer_do_not() -> None:
    numbers = sizes_for([GAIN, KEPT])
    assert numbers is not None
    assert gate_power(resized_to([GAIN, KEPT], numbers)).independent >= 0.8
    fewer = {unit: round(number * 0.93) for unit, number in numbers.items()}
    assert gate_power(resized_to([GAIN, KEPT], fewer)).independent < 0.8


def test_what_is_dear_is_asked_less() -> None:
    cheap, dear = (sizes_for([GAIN, KEPT], costs={"documents": cost}) for cost in (0.2, 20))
    assert cheap is not None
    assert dear is not None
    assert dear["documents"] < cheap["documents"]
    assert dear["items"] > cheap["items"]


def test_a_truth_on_its_threshold_has_no_numbers() -> None:
    assert sizes_for([GAIN._replace(truth=0.05), KEPT]) is None


def test_parts_that_count_one_unit_keep_their_proportion() -> None:
    other = GAIN._replace(group="ja->en", n=30)
    grown = resized_to([GAIN, other], {"concepts": 120})
    assert [requirement.n for requirement in grown] == [120, 60]


@pytest.mark.parametrize("target", [0.5, 0.95])
def test_more_power_needs_more(target: float) -> None:
    usual, numbers = sizes_for([GAIN]), sizes_for([GAIN], target)
    assert usual is not None
    assert numbers is not None
    assert (numbers["concepts"] > usual["concepts"]) == (target > 0.8)
