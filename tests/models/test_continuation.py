from typing import Any

import pytest
import torch
from random_models import random_model

from lexgraft.models.continuation import continue_prompts

WORDS = 24


@pytest.fixture(scope="module")
def model() -> Any:
    """Return a small model with random weights."""
    return random_model("llama", WORDS)


def test_the_head_is_given_states_without_gaps(model: Any):
    """Torch copies the whole head for every row otherwise."""
    dense: list[bool] = []
    head = model.get_output_embeddings()

    def look(_: Any, inputs: tuple[torch.Tensor], __: Any) -> None:
        dense.append(inputs[0].is_contiguous())

    handle = head.register_forward_hook(look)
    with torch.inference_mode():
        lines = continue_prompts(model, [[1, 2, 3], [1, 5]], 3, lambda _: False)
        alone = [
            continue_prompts(model, [one], 3, lambda _: False)[0] for one in ([1, 2, 3], [1, 5])
        ]
    handle.remove()
    assert lines == alone
    assert dense == [True] * len(dense) != []
    assert not head._forward_pre_hooks
