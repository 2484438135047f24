from one_tensor import merge_one

FIRST, SECOND = [3.0, 1.0, 2.0], [-1.0, 1.0, 4.0]


def test_weights_are_the_models_shares_of_the_squares() -> None:
    # squares 14 and 18; the signs of the sums are +, +, +, which -1 does not have
    assert merge_one("sce", [0.0] * 3, FIRST, SECOND) == [3.0, 1.0, (14 * 2 + 18 * 4) / 32]


def test_only_where_the_models_differ_most() -> None:
    # variances 4, 0, 1; half of the two that vary is the first: squares 9 and 1, sum +
    assert merge_one("sce", [5.0] * 3, FIRST, SECOND, select_topk=0.5) == [8.0, 5.0, 5.0]


def test_one_model_does_not_vary() -> None:
    assert merge_one("sce", [5.0] * 3, FIRST, select_topk=0.5) == [5.0] * 3
    assert merge_one("sce", [5.0] * 3, FIRST) == [8.0, 6.0, 7.0]
