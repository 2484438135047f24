import pytest
import torch

from lexgraft.errors import LexgraftError
from lexgraft.weights.methods.linear import linear
from lexgraft.weights.methods.registry import TensorContext
from lexgraft.weights.methods.task_arithmetic import task_arithmetic

PLACE = TensorContext("w", ("language", "domain"), 0, 1, 2, seed=0)
BASE = torch.tensor([1.0, 2.0])
DELTAS = torch.tensor([[1.0, 0.0], [-2.0, 4.0]])  # models [2, 2] and [-1, 6]


def test_linear_is_the_weighted_mean_of_the_models() -> None:
    # (1·2 + 3·(-1)) / 4 = -0.25; (1·2 + 3·6) / 4 = 5
    merged = linear(BASE, DELTAS, PLACE, weight={"language": 1.0, "domain": 3.0})
    assert merged.tolist() == [-0.25, 5.0]


def test_linear_of_one_model_is_that_model() -> None:
    merged = linear(BASE, DELTAS, PLACE, weight={"language": 2.0, "domain": 0.0})
    assert merged.tolist() == [2.0, 2.0]


def test_linear_refuses_weights_that_cancel() -> None:
    with pytest.raises(LexgraftError, match="add up to 0"):
        linear(BASE, DELTAS, PLACE, weight={"language": 1.0, "domain": -1.0})


def test_task_arithmetic_adds_weighted_deltas_to_the_base() -> None:
    # 1 + 1·1 + 0.5·(-2) = 1; 2 + 0 + 0.5·4 = 4
    merged = task_arithmetic(BASE, DELTAS, PLACE, weight={"language": 1.0, "domain": 0.5})
    assert merged.tolist() == [1.0, 4.0]


def test_task_arithmetic_subtracts_with_a_negative_weight() -> None:
    merged = task_arithmetic(BASE, DELTAS, PLACE, weight={"language": -1.0, "domain": 0.0})
    assert merged.tolist() == [0.0, 2.0]
