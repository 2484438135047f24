from hypothesis import given
from hypothesis import strategies as st

from lexgraft.records import Criterion
from lexgraft.stats.gates import combine, judge

numbers = st.floats(-1, 1)


def criterion(low: float, high: float, threshold: float = 0.0) -> Criterion:
    value = (low + high) / 2
    return judge("gain", "en->ja", value=value, low=low, high=high, threshold=threshold, n=100)


def test_the_whole_interval_above_the_threshold_passes():
    assert criterion(0.06, 0.15, 0.05).outcome == "pass"


def test_what_equals_its_control_gains_nothing_and_what_equals_its_margin_is_within():
    assert criterion(0.0, 0.0).outcome == "undecided"
    assert criterion(0.05, 0.15, 0.05).outcome == "undecided"
    assert criterion(-0.02, 0.1, -0.02).outcome == "pass"


def test_the_whole_interval_below_the_threshold_fails():
    assert criterion(-0.1, 0.04, 0.05).outcome == "fail"


def test_an_interval_across_the_threshold_is_undecided():
    assert criterion(0.125, 0.625, 0.25).outcome == "undecided"


@given(numbers, numbers, numbers)
def test_exactly_one_outcome_fits_every_interval(first: float, second: float, threshold: float):
    low, high = sorted((first, second))
    found = criterion(low, high, threshold)
    assert (found.outcome == "pass") == (low > threshold or low == threshold < 0)
    assert (found.outcome == "fail") == (high < threshold)


def test_one_failure_fails_the_gate_and_doubt_is_not_a_pass():
    passed, failed, doubtful = criterion(0.1, 0.2), criterion(-0.2, -0.1), criterion(-0.1, 0.2)
    assert combine([passed, passed]) == "pass"
    assert combine([passed, doubtful]) == "undecided"
    assert combine([passed, doubtful, failed]) == "fail"
    assert combine([]) == "undecided"
