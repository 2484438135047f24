import numpy as np
import pytest
import torch
from one_tensor import merge_one

from lexgraft.errors import LexgraftError
from lexgraft.weights.methods.della import prune
from lexgraft.weights.methods.registry import TensorContext

PLACE = TensorContext("w", ("language",), 0, 1, 4096 * 3, seed=1)


def test_the_chance_to_be_kept_rises_with_the_rank_in_the_row() -> None:
    rows = torch.tensor([[3.0, -1.0, 2.0]]).repeat(4096, 1)
    (pruned,) = prune(rows[None], PLACE, 0.5, 0.25, rescale=True)
    kept = (pruned != 0).double().mean(0).tolist()
    assert kept == pytest.approx([0.75, 0.25, 0.5], abs=0.03)  # four standard errors
    # what is kept is divided by its chance, so that the mean stays
    values = {
        float(value) for column in pruned.T for value in np.unique(column.numpy()) if value != 0
    }
    assert values == {4.0, -4.0}  # 3 / 0.75, -1 / 0.25, 2 / 0.5


def test_of_equal_magnitudes_the_first_ranks_highest() -> None:
    rows = torch.tensor([[1.0, -1.0]]).repeat(4096, 1)
    (pruned,) = prune(rows[None], PLACE, 0.5, 0.4, rescale=True)
    sizes = [np.unique(column.abs().numpy())[-1] for column in pruned.T]
    assert sizes == pytest.approx([1 / 0.9, 1 / 0.1], rel=1e-4)


def test_a_row_of_one_element_is_kept_with_the_density() -> None:
    (pruned,) = prune(torch.ones(1, 12288, 1), PLACE, 0.25, 0.2, rescale=True)
    assert (pruned != 0).double().mean().item() == pytest.approx(0.25, abs=0.02)
    assert pruned.max() == 4


def test_a_density_of_one_keeps_all() -> None:
    assert merge_one("della", [1.0, 1.0], [2.0, 3.0], density=1) == [3.0, 4.0]


@pytest.mark.parametrize(("density", "epsilon"), [(0.1, 0.1), (0.9, 0.2)])
def test_chances_outside_0_to_1_are_refused(density: float, epsilon: float) -> None:
    with pytest.raises(LexgraftError, match=r"take an epsilon below 0\.1"):
        merge_one("della", [1.0, 1.0], [2.0, 3.0], density=density, epsilon=epsilon)
