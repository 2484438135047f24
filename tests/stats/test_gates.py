from hypothesis import given
from hypothesis import strategies as st

from lexgraft.records import Criterion
from lexgraft.stats.gates import MOST_NEEDED, combine, further_needed, judge

numbers = st.floats(-1, 1)


def criterion(low: float, high: float, threshold: float = 0.0) -> Criterion:
    value = (low + high) / 2
    return judge("gain", "en->ja", value=value, low=low, high=high, threshold=threshold, n=100)


def test_the_whole_interval_above_the_threshold_passes():
    assert criterion(0.05, 0.15, 0.05).outcome == "pass"


def test_the_whole_interval_below_the_threshold_fails():
    assert criterion(-0.1, 0.04, 0.05).outcome == "fail"


def test_an_interval_across_the_threshold_is_undecided_and_says_how_many_more_would_do():
    # the lower half-width 1/4 must shrink to the distance 1/8: 100 · 2² − 100 = 300
    found = judge("gain", "g", value=0.375, low=0.125, high=0.625, threshold=0.25, n=100)
    assert (found.outcome, found.needed) == ("undecided", 300)


def test_an_estimate_on_its_threshold_cannot_be_decided_by_more_concepts():
    assert further_needed(0.05, 0.0, 0.1, 0.05, 100) == MOST_NEEDED


@given(numbers, numbers, numbers)
def test_exactly_one_outcome_fits_every_interval(first: float, second: float, threshold: float):
    low, high = sorted((first, second))
    found = criterion(low, high, threshold)
    assert (found.outcome == "pass") == (low >= threshold)
    assert (found.outcome == "fail") == (high < threshold)
    assert (found.needed is not None) == (found.outcome == "undecided")


def test_one_failure_fails_the_gate_and_doubt_is_not_a_pass():
    passed, failed, doubtful = criterion(0.1, 0.2), criterion(-0.2, -0.1), criterion(-0.1, 0.2)
    assert combine([passed, passed]) == "pass"
    assert combine([passed, doubtful]) == "undecided"
    assert combine([passed, doubtful, failed]) == "fail"
    assert combine([]) == "undecided"
