"""Two models by their logits, and whether embedding and head are one tensor."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn


@torch.no_grad()
def largest_difference(
    first: nn.Module, second: nn.Module, texts: Sequence[Sequence[int]]
) -> float:
    """Return the largest difference between the logits of two models on texts in tokens."""
    largest = 0.0
    for text in texts:
        tokens = torch.tensor([list(text)])
        logits = [
            model(input_ids=tokens, use_cache=False).logits.float() for model in (first, second)
        ]
        largest = max(largest, float((logits[0] - logits[1]).abs().max()))
    return largest


def is_tied(model: nn.Module) -> bool:
    """Tell whether a model's head is its embedding."""
    language_model: Any = model
    head = language_model.get_output_embeddings()
    return head is not None and head.weight is language_model.get_input_embeddings().weight
