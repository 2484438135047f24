"""The methods of whole matrices: TSV-M, Iso-C, Iso-CTS and WUDI."""

import pytest
import torch
from one_tensor import flat, merge_one

ZERO = [[0.0, 0.0], [0.0, 0.0]]
METHODS = ("tsv_m", "iso_c", "iso_cts", "wudi")


def test_tsv_m_keeps_the_strongest_direction_of_each_of_two_models() -> None:
    merged = merge_one("tsv_m", ZERO, [[4.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 3.0]])
    assert flat(merged) == pytest.approx([4.0, 0.0, 0.0, 3.0], abs=1e-5)


def test_tsv_m_turns_directions_apart_that_overlap() -> None:
    # both have strength 2, along e₁ and along (e₁ + e₂)/√2, 45° apart; each is turned by 22.5°
    # to make a right angle of it, on the left and on the right
    merged = merge_one("tsv_m", ZERO, [[2.0, 0.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 1.0]])
    assert flat(merged) == pytest.approx([2.0, 0.0, 0.0, 2.0], abs=1e-5)


def test_iso_c_gives_all_directions_of_the_sum_the_same_strength() -> None:
    merged = merge_one("iso_c", ZERO, [[3.0, 0.0], [0.0, -0.5]], [[0.0, 0.0], [0.0, -0.5]])
    assert flat(merged) == pytest.approx([2.0, 0.0, 0.0, -2.0], abs=1e-5)  # (3 + 1) / 2


def test_iso_cts_with_all_in_common_is_iso_c() -> None:
    first, second = [[3.0, 1.0], [0.0, -0.5]], [[0.2, 0.0], [1.0, -0.5]]
    common = merge_one("iso_cts", ZERO, first, second, common=1)
    assert flat(common) == pytest.approx(flat(merge_one("iso_c", ZERO, first, second)), abs=1e-5)


def test_iso_cts_adds_what_each_model_has_outside_the_common_directions() -> None:
    size = 4
    zero = torch.zeros(size, size)
    first, second = zero.clone(), zero.clone()
    first[0, 0] = second[0, 0] = 5.0  # in common
    first[1, 1], second[2, 2] = 1.0, 2.0  # their own
    merged = merge_one(
        "iso_cts", zero.tolist(), first.tolist(), second.tolist(), common=0.5
    )  # two common ones, (0, 0) and (2, 2), and one of each model
    strength = torch.tensor(merged).diagonal().abs()
    assert strength[:3].tolist() == pytest.approx([strength[0].item()] * 3, abs=1e-5)


def test_wudi_gives_each_model_its_own_inputs() -> None:
    # rows of the first lie along e₁, of the second along e₂: nothing interferes
    merged = merge_one("wudi", ZERO, [[1.0, 0.0], [2.0, 0.0]], [[0.0, 3.0], [0.0, 1.0]])
    assert flat(merged) == pytest.approx([1.0, 3.0, 2.0, 1.0], rel=1e-4)


def test_wudi_averages_where_inputs_are_shared() -> None:
    merged = merge_one("wudi", ZERO, [[2.0, 0.0], [0.0, 0.0]], [[4.0, 0.0], [0.0, 0.0]])
    assert flat(merged) == pytest.approx([3.0, 0.0, 0.0, 0.0], rel=1e-4)


@pytest.mark.parametrize("shape", [(3, 7), (7, 3)])
def test_wudi_is_the_same_by_the_system_of_rows_or_of_columns(shape: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    deltas = torch.randn(2, *shape, generator=generator)
    merged = torch.tensor(merge_one("wudi", torch.zeros(shape).tolist(), *deltas.tolist()))
    pull = torch.zeros(shape)  # the gradient of what is minimised
    for delta in deltas:
        pull += (merged - delta) @ delta.T @ delta / delta.norm() ** 2
    assert pull.abs().max() < 1e-4


@pytest.mark.parametrize("method", METHODS)
def test_vectors_are_averaged(method: str) -> None:
    assert merge_one(method, [1.0, 1.0], [2.0, 0.0], [0.0, -4.0]) == [2.0, -1.0]


@pytest.mark.parametrize("method", METHODS)
def test_stacked_experts_are_merged_one_by_one(method: str) -> None:
    generator = torch.Generator().manual_seed(0)
    deltas = torch.randn(2, 3, 4, 5, generator=generator)
    stacked = merge_one(method, torch.zeros(3, 4, 5).tolist(), *deltas.tolist())
    for number in range(3):
        alone = merge_one(method, torch.zeros(4, 5).tolist(), *deltas[:, number].tolist())
        assert alone == stacked[number]
