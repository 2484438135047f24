import pytest
from one_tensor import merge_one

BASE = [[1.0, 0.0]] * 4
LANGUAGE = [[1.0, 0.0], [0.0, 0.0], [1.0, 0.0], [0.0001, 0.0]]
DOMAIN = [[0.0, 0.0005], [0.0, 3.0], [0.0, 3.0], [0.0, 0.0003]]


def test_a_row_is_of_the_model_that_moved_it_and_blended_where_both_did() -> None:
    merged = merge_one("rows", BASE, LANGUAGE, DOMAIN)
    assert merged[:3] == [[2.0, 0.0], [1.0, 3.0], [1.5, 1.5]]
    assert merged[3] == pytest.approx([1.00005, 0.00015])  # moved by neither, so blended too


def test_weights_count_only_in_a_blend() -> None:
    weight = {"language": 3.0, "domain": 1.0}
    merged = merge_one("rows", BASE, LANGUAGE, DOMAIN, weight=weight)
    assert merged[:3] == [[2.0, 0.0], [1.0, 3.0], [1.75, 0.75]]


def test_a_blend_by_change_leans_to_the_one_that_moved_it_most() -> None:
    merged = merge_one("rows", BASE, LANGUAGE, DOMAIN, blend="change")
    assert merged[2] == [1.25, 2.25]  # lengths 1 and 3


def test_what_counts_as_moved_can_be_set() -> None:
    merged = merge_one("rows", BASE, LANGUAGE, DOMAIN, least=0)
    assert merged[0][0] == 1.5  # the domain's 0.0005 now counts
