from dataclasses import replace
from typing import Any

import pytest
import torch

from lexgraft.errors import LexgraftError
from lexgraft.weights.methods.layer_swap import inner_share, layer_swap
from lexgraft.weights.methods.registry import TensorContext

PLACE = TensorContext("w", ("language", "domain"), 0, 8, 1, seed=0)
BASE, DELTAS = torch.tensor([10.0]), torch.tensor([[1.0], [2.0]])


def profile(**parameters: Any) -> list[float]:
    """The merged value for embeddings, then for layers 0 to 7."""
    return [
        layer_swap(BASE, DELTAS, replace(PLACE, layer=layer), **parameters).item()
        for layer in (None, *range(8))
    ]


def test_outer_layers_and_embeddings_come_from_the_language_model() -> None:
    # 8 layers: the middle is 2 to 5, its first and last half and half
    expected = [11, 11, 11, 11.5, 12, 12, 11.5, 11, 11]
    assert profile(bottom=0.25, top=0.75, blend=1) == expected


def test_the_direction_can_be_turned() -> None:
    expected = [12, 12, 12, 11, 11, 11, 11, 12, 12]
    assert profile(bottom=0.25, top=0.75, blend=0, outer="domain") == expected


def test_the_inner_share_rises_and_falls_evenly() -> None:
    shares = [inner_share(layer, 1, 8, 2) for layer in range(9)]
    assert shares == [0, 1 / 3, 2 / 3, 1, 1, 1, 2 / 3, 1 / 3, 0]


def test_a_narrow_middle_never_reaches_the_whole_share() -> None:
    assert [inner_share(layer, 3, 5, 3) for layer in range(8)] == [0, 0, 0, 0.25, 0.25, 0, 0, 0]


def test_an_empty_middle_is_the_outer_model() -> None:
    assert profile(bottom=0.5, top=0.5) == [11.0] * 9


def test_a_bottom_above_the_top_is_refused() -> None:
    with pytest.raises(LexgraftError, match="above"):
        profile(bottom=0.8, top=0.2)


def test_other_models_are_refused() -> None:
    place = replace(PLACE, labels=("language", "tuned"))
    with pytest.raises(LexgraftError, match="`language` and `domain`"):
        layer_swap(BASE, DELTAS, place)
