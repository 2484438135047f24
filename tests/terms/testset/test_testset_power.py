"""What a test set can show."""

from hypothesis import given
from hypothesis import strategies as st

from lexgraft.stats.power import smallest_difference
from lexgraft.terms.testset.testset_power import power_table


def test_three_hundred_concepts():
    # Connor 1987 by bisection: with a tenth of 300 concepts changing, 5.1 points
    (one,) = power_table({"choose": 0, "confirm": 300, "sealed": 0})
    assert (one.split, one.concepts) == ("confirm", 300)
    assert one.differences["10"] == round(smallest_difference(300, 0.1), 4)
    assert 0.05 < one.differences["10"] < 0.052
    assert "5.1 (10 % change)" in one.sentence()


def test_too_few_concepts_say_so():
    (one,) = power_table({"choose": 8, "confirm": 0, "sealed": 0})
    assert one.sentence() == "no difference: too few concepts"


@given(st.integers(10, 3000))
def test_a_difference_is_smaller_than_what_changes(count: int):
    (one,) = power_table({"choose": count, "confirm": 0, "sealed": 0})
    assert all(value < float(share) / 100 for share, value in one.differences.items())
