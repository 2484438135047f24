import pytest
from one_tensor import merge_one

FIRST, SECOND = [1.0, 1.0, 1.0, 0.0], [1.0, 0.1, -1.0, 0.0]


def test_only_what_two_models_claim_is_summed() -> None:
    # second element: 1 ≥ 0.4 · 0.1, but 0.1 < 0.4 · 1, so that one model alone claims it
    merged = merge_one("consensus_ta", [5.0] * 4, FIRST, SECOND)
    assert merged == [7.0, 5.0, 5.0, 5.0]


def test_with_one_claim_enough_it_is_task_arithmetic() -> None:
    merged = merge_one("consensus_ta", [5.0] * 4, FIRST, SECOND, agree=1)
    assert merged == pytest.approx([7.0, 6.1, 5.0, 5.0])
