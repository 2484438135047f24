"""Grouped attention: the usual kernel's numbers, and only where it was meant."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from lexgraft.models.grouped_attention import grouped_attention

USUAL = ALL_ATTENTION_FUNCTIONS["sdpa"]


def inputs(groups: int, seen: int = 12) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return queries of four heads, keys and values of some, and a mask by row."""
    chance = torch.Generator().manual_seed(7)
    query = torch.randn(3, 4, 9, 16, generator=chance)
    key, value = (torch.randn(3, groups, seen, 16, generator=chance) for _ in "kv")
    hidden = torch.rand(3, 1, 9, seen, generator=chance) < 0.3
    hidden[..., 0] = False
    return query, key, value, hidden * torch.finfo(torch.float32).min


def never(*_: object, **__: object) -> tuple[Tensor, None]:
    pytest.fail("left to the usual kernel")


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("scaling", [None, 0.2])
def test_it_gives_what_the_usual_kernel_gives(groups: int, scaling: float | None) -> None:
    tensors = inputs(groups)
    module = SimpleNamespace(num_key_value_groups=4 // groups, is_causal=True)
    with torch.inference_mode():
        expected, _ = USUAL(module, *tensors, scaling=scaling)
        found, _ = grouped_attention(never)(module, *tensors, scaling=scaling, dropout=0.0)
    assert found.shape == expected.shape
    assert torch.allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("how", ["trained", "no mask", "boolean mask", "capped", "bfloat16"])
def test_all_else_is_left_to_the_usual_kernel(how: str) -> None:
    query, key, value, mask = inputs(2)
    named: dict[str, Any] = {"softcap": 30.0} if how == "capped" else {}
    masks: dict[str, Tensor | None] = {"no mask": None, "boolean mask": mask == 0}
    if how == "bfloat16":
        query, key, value = query.bfloat16(), key.bfloat16(), value.bfloat16()
    asked: list[object] = []

    def usual(*given: Any, **_: Any) -> tuple[Tensor, None]:
        asked.append(given)
        return query, None

    with torch.inference_mode(how != "trained"):
        grouped_attention(usual)(None, query, key, value, masks.get(how, mask), **named)
    assert asked
