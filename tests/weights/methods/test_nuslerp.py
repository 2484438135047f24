from math import radians, sin, sqrt

import pytest
from one_tensor import flat, merge_one

HALF = sqrt(0.5)


def test_deltas_at_right_angles_are_joined_on_the_circle_around_the_base() -> None:
    merged = merge_one("nuslerp", [1.0, 1.0], [2.0, 0.0], [0.0, 2.0])
    assert merged == pytest.approx([1 + 2 * HALF, 1 + 2 * HALF])  # sin 45° / sin 90° of each


def test_weights_say_how_far_to_go_along_the_arc() -> None:
    weight = {"language": 2.0, "domain": 1.0}  # t = 1/3 of 90°
    merged = merge_one("nuslerp", [0.0, 0.0], [1.0, 0.0], [0.0, 1.0], weight=weight)
    assert merged == pytest.approx([sin(radians(60)), sin(radians(30))])


def test_rows_and_columns_have_their_own_angles() -> None:
    base, first, second = [[0.0] * 2] * 2, [[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]]
    # rows: the first at right angles, the second parallel
    rows = merge_one("nuslerp", base, first, second, nuslerp_flatten=False)
    assert flat(rows) == pytest.approx([HALF, HALF, 1.0, 0.0])
    # columns: (1, 1) and (0, 1) at 45°; (0, 0) has no direction, so the mean with (1, 0)
    share = sin(radians(22.5)) / sin(radians(45))
    options = {"nuslerp_flatten": False, "nuslerp_row_wise": True}
    columns = merge_one("nuslerp", base, first, second, **options)
    assert flat(columns) == pytest.approx([share, 0.5, 2 * share, 0.0])


def test_centred_at_zero_the_models_are_turned() -> None:
    merged = merge_one("nuslerp", [1.0, 0.0], [0.0, 0.0], [-1.0, 1.0], origin="zero")
    assert merged == pytest.approx([HALF, HALF])  # models [1, 0] and [0, 1]
