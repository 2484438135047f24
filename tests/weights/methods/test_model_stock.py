from math import sqrt

import pytest
from one_tensor import flat, merge_one


def test_goes_as_far_towards_the_mean_as_the_deltas_agree() -> None:
    # cosine ½, so t = 2·½ / (1 + ½) = ⅔ of the mean (1.5, √3/2)
    merged = merge_one("model_stock", [1.0, 0.0], [2.0, 0.0], [1.0, sqrt(3)])
    assert merged == pytest.approx([2.0, sqrt(3) / 3])


def test_with_three_models_the_cosines_are_averaged() -> None:
    # cosines 1, 0, 0: mean ⅓, t = 3·⅓ / (1 + 2·⅓) = 0.6 of the mean (⅔, ⅓)
    merged = merge_one("model_stock", [0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0])
    assert merged == pytest.approx([0.4, 0.2])


@pytest.mark.parametrize("other", [[0.0, 1.0], [-1.0, 0.5]])
def test_deltas_at_right_angles_or_opposed_give_the_base(other: list[float]) -> None:
    assert merge_one("model_stock", [3.0, 4.0], [1.0, 0.0], other) == [3.0, 4.0]


def test_each_row_has_its_own_answer() -> None:
    first, second = [[1.0, 0.0], [2.0, 0.0]], [[0.0, 1.0], [1.0, sqrt(3)]]
    merged = merge_one("model_stock", [[0.0] * 2] * 2, first, second, filter_wise=True)
    assert flat(merged) == pytest.approx([0.0, 0.0, 1.0, sqrt(3) / 3])
