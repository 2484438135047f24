from math import cos, radians, sin, sqrt

import pytest
from one_tensor import merge_one


def test_two_models_meet_halfway_along_the_arc() -> None:
    # models (2, 0) and (0, 1): 45°, mean length 1.5
    merged = merge_one("karcher", [0.0, 0.0], [2.0, 0.0], [0.0, 1.0])
    assert merged == pytest.approx([1.5 * sqrt(0.5)] * 2)


def test_three_axes_meet_at_equal_angles() -> None:
    axes = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    assert merge_one("karcher", [0.0] * 3, *axes) == pytest.approx([1 / sqrt(3)] * 3)


def test_the_mean_lies_at_the_mean_of_the_angles_not_of_the_chords() -> None:
    # unit vectors at 0°, 0° and 90°: their angles' mean is 30°; the chords' mean points to 26.6°
    vectors = [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    merged = merge_one("karcher", [0.0, 0.0], *vectors, max_iter=100, tol=1e-9)
    assert merged == pytest.approx([cos(radians(30)), sin(radians(30))])


def test_around_the_base_deltas_are_turned() -> None:
    merged = merge_one("karcher", [1.0, 1.0], [2.0, 0.0], [0.0, 2.0], origin="base")
    assert merged == pytest.approx([1 + sqrt(2)] * 2)


def test_a_model_of_zeros_has_a_length_but_no_direction() -> None:
    assert merge_one("karcher", [0.0, 0.0], [2.0, 0.0], [0.0, 0.0]) == pytest.approx([1.0, 0.0])
    assert merge_one("karcher", [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]) == [0.0, 0.0]


def test_a_billion_steps_end_where_only_rounding_is_left() -> None:
    vectors = [1.0, 0.2, 0.0], [0.1, 1.0, 0.3], [0.0, 0.4, 1.0]
    merged = merge_one("karcher", [0.0] * 3, *map(list, vectors), max_iter=10**9, tol=0.0)
    again = merge_one("karcher", [0.0] * 3, *map(list, vectors), max_iter=200, tol=1e-12)
    assert merged == pytest.approx(again, abs=1e-6)
