import pytest
from one_tensor import merge_one

FIRST, SECOND = [1.0, 2.0, 0.0, 0.001], [0.0, 4.0, 0.0, 0.0]


def test_what_one_changed_is_whole_and_what_both_changed_is_averaged() -> None:
    merged = merge_one("ram", [10.0] * 4, FIRST, SECOND, epsilon=0.01)
    assert merged == [11.0, 13.0, 10.0, 10.0]  # 0.001 does not count as a change


def test_a_model_is_paid_for_what_it_shares() -> None:
    # the first shares one element and has one alone: λ = 1 + 0.1 · min(1, 0.2) = 1.02
    merged = merge_one("ramplus_tl", [0.0] * 4, FIRST, SECOND, epsilon=0.01)
    assert merged == pytest.approx([1.02, 3.0, 0.0, 0.0])
    merged = merge_one("ramplus_tl", [0.0] * 4, FIRST, SECOND, epsilon=0.01, r=0.5, alpha=1)
    assert merged == pytest.approx([1.5, 3.0, 0.0, 0.0])
