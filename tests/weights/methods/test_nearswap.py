import pytest
from one_tensor import merge_one


def test_what_is_near_is_taken_and_what_is_far_approached() -> None:
    merged = merge_one("nearswap", [0.0, 1.0, 2.0], [0.05, 2.0, -2.0], t=0.1)
    assert merged == pytest.approx([0.05, 1.1, 1.9])


def test_of_two_models_the_first_moves_towards_the_second() -> None:
    merged = merge_one("nearswap", [0.0], [1.0], [3.0], t=0.5)
    assert merged == [1.5]
