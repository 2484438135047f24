from math import sqrt

import pytest
from one_tensor import merge_one


def test_the_mean_direction_with_the_mean_length() -> None:
    # directions (1, 0) and (0, 1), lengths 3 and 1: length 2 at 45°
    merged = merge_one("multislerp", [1.0, 0.0], [3.0, 0.0], [0.0, 1.0])
    assert merged == pytest.approx([1 + sqrt(2), sqrt(2)])


def test_weights_turn_the_mean_and_change_its_length() -> None:
    weight = {"language": 3.0, "domain": 1.0}  # (¾, ¼) has length √10/4; length ¾·2 + ¼·2 = 2
    merged = merge_one("multislerp", [0.0, 0.0], [2.0, 0.0], [0.0, 2.0], weight=weight)
    assert merged == pytest.approx([6 / sqrt(10), 2 / sqrt(10)])


def test_directions_that_cancel_are_added_as_they_are() -> None:
    assert merge_one("multislerp", [1.0], [4.0], [-2.0]) == pytest.approx([1 + 0.5 * (4 - 2)])


def test_one_model_is_that_model() -> None:
    assert merge_one("multislerp", [1.0, 2.0], [3.0, -1.0]) == [4.0, 1.0]
