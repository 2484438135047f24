from math import log

import pytest
from one_tensor import merge_one

ZERO = [[0.0, 0.0]] * 4
MOVES = [0.1, 0.2, 0.3, log(3) / 2]
MODEL = [[move, -move] for move in MOVES]


def test_only_the_row_that_changed_far_more_than_the_others_moves() -> None:
    # the last row's softmax goes from (½, ½) to (¾, ¼): divergence ¾·ln 1.5 + ¼·ln ½ = 0.131,
    # importance 0.549 · 0.131 = 0.072; the others' are 0.0005, 0.0039 and 0.0130, so that the
    # threshold is 0.0039 + 1.5 · (0.0130 - 0.0005) = 0.023
    assert merge_one("arcee_fusion", ZERO, MODEL) == [*ZERO[:3], pytest.approx(MODEL[3])]


def test_of_two_models_the_first_is_the_one_that_moves() -> None:
    second = [[1 + move, 1 - move] for move in MOVES]  # a shift does not change a softmax
    merged = merge_one("arcee_fusion", ZERO, [[1.0, 1.0]] * 4, second)
    assert merged[:3] == [[1.0, 1.0]] * 3
    assert merged[3] == pytest.approx(second[3])
