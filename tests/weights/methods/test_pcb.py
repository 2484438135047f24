from math import e

import pytest
from one_tensor import merge_one


def test_the_larger_delta_wins_by_its_weight() -> None:
    # norm of δ₁δ₁ is (1, 0), of δ₁δ₂ (0, 0): with N = 2
    inner = e**2 / (e**2 + 1), 1 / (e**2 + 1)
    accord = e / (e + 1) + 0.5, 1 / (e + 1) + 0.5
    strong, weak = inner[0] * accord[0], inner[1] * accord[1]
    merged = merge_one("pcb", [0.0, 0.0], [1.0, 0.0], [0.0, 1.0], density=1)
    assert merged == pytest.approx([strong / (strong + weak)] * 2)


def test_only_the_heaviest_of_each_model_compete() -> None:
    merged = merge_one("pcb", [1.0, 1.0, 1.0], [4.0, 1.0, 0.0], [0.0, 1.0, 4.0], density=1 / 3)
    assert merged == [5.0, 1.0, 5.0]


def test_models_that_agree_are_not_added_up() -> None:
    delta = [4.0, -2.0, 1.0]
    assert merge_one("pcb", [0.0] * 3, delta, delta, density=1) == pytest.approx(delta)
