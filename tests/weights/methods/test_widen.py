from math import e, sqrt

import pytest
from one_tensor import flat, merge_one


def test_a_small_model_is_not_drowned_by_a_large_one() -> None:
    # each model's most changed row counts whole, though one moved 0.1 and the other 5
    base, small, large = [[1.0, 0.0]] * 2, [[0.1, 0.0], [0.0, 0.0]], [[0.0, 0.0], [5.0, 0.0]]
    merged = merge_one("widen", base, small, large)
    assert flat(merged) == pytest.approx([1.1, 0.0, 6.0, 0.0])


def test_lower_ranks_share_by_softmax() -> None:
    # the first row ranks ½ in one model and 1 in the other: e^½ / (e^½ + e) of its change of 1
    base, first, second = [[1.0]] * 2, [[1.0], [7.0]], [[3.0], [0.0]]
    share = sqrt(e) / (sqrt(e) + e)
    merged = merge_one("widen", base, first, second)
    assert flat(merged) == pytest.approx([1 + 1 * share + 3, 8.0])


def test_direction_and_length_are_merged_apart() -> None:
    # both models turn the row by 90°, one also doubles it; only the first row is moved
    base = [[1.0, 0.0], [1.0, 0.0]]
    turned, doubled = [[-1.0, 1.0], [0.0, 0.0]], [[1.0, 0.0], [0.0, 0.0]]
    merged = merge_one("widen", base, turned, doubled)
    assert flat(merged) == pytest.approx([0.0, 2.0, 1.0, 0.0])
