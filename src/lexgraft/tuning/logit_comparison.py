"""Two models by their logits, and whether embedding and head are one tensor."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn


@torch.no_grad()
def largest_difference(one: nn.Module, other: nn.Module, texts: Sequence[Sequence[int]]) -> float:
    """Return the largest difference between the logits of two models on texts in tokens."""
    apart = 0.0
    for text in texts:
        tokens = torch.tensor([list(text)])
        first, second = (model(input_ids=tokens, use_cache=False).logits for model in (one, other))
        apart = max(apart, float((first.float() - second.float()).abs().max()))
    return apart


def is_tied(model: nn.Module) -> bool:
    """Tell whether a model's head is its embedding."""
    parts: Any = model
    head = parts.get_output_embeddings()
    return head is not None and head.weight is parts.get_input_embeddings().weight
