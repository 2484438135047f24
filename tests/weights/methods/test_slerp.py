from math import sqrt

import torch

from lexgraft.weights.methods.registry import TensorContext
from lexgraft.weights.methods.slerp import cosine, slerp

PLACE = TensorContext("w", ("language", "domain"), 0, 1, 2, seed=0)
ZERO = torch.zeros(2)
AXES = torch.tensor([[1.0, 0.0], [0.0, 1.0]])


def survey(base: torch.Tensor, deltas: torch.Tensor) -> float:
    return cosine(lambda: iter([(base, deltas, PLACE)]))


def test_the_middle_of_a_quarter_circle_lies_on_the_circle() -> None:
    # Ω = 90°: sin 45° / sin 90° = √½ of each
    merged = slerp(ZERO, AXES, PLACE, survey(ZERO, AXES), t=0.5)
    torch.testing.assert_close(merged, torch.tensor([sqrt(0.5), sqrt(0.5)]))


def test_a_third_of_the_way_turns_by_thirty_degrees() -> None:
    merged = slerp(ZERO, AXES, PLACE, survey(ZERO, AXES), t=1 / 3)
    torch.testing.assert_close(merged, torch.tensor([sqrt(3) / 2, 0.5]))


def test_the_ends_are_the_models() -> None:
    base, found = torch.tensor([0.5, 0.25]), survey(torch.tensor([0.5, 0.25]), AXES)
    for t, model in ((0.0, base + AXES[0]), (1.0, base + AXES[1])):
        torch.testing.assert_close(slerp(base, AXES, PLACE, found, t=t), model)


def test_nearly_parallel_models_are_joined_by_a_straight_line() -> None:
    base = torch.tensor([100.0, 100.0])
    found = survey(base, AXES)
    assert found > 0.9995
    assert slerp(base, AXES, PLACE, found, t=0.25).tolist() == [100.75, 100.25]


def test_a_zero_model_has_no_angle() -> None:
    deltas = torch.tensor([[0.0, 0.0], [0.0, 1.0]])
    assert survey(ZERO, deltas) == 1.0


def test_one_model_is_reached_from_the_base() -> None:
    base, deltas = torch.tensor([1.0, 0.0]), torch.tensor([[-1.0, 1.0]])  # the model is [0, 1]
    merged = slerp(base, deltas, PLACE, survey(base, deltas), t=1 / 3)
    torch.testing.assert_close(merged, torch.tensor([sqrt(3) / 2, 0.5]))
