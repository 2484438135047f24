"""The head of a network in a half format, computed in float32: its logits are not rounded."""

from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn

from lexgraft.arrays.shapes import Float

WORDS = 8192  # of the vocabulary whose rows are widened at once
GPU_FACTOR = 16  # how much more work a GPU is given at once than a processor's cache holds


def widen_head(network: nn.Module) -> None:
    """Let a network's own forwards compute their head in float32, if its weights are narrower.

    Products of bfloat16 numbers are exact in float32, so nothing but the sums' rounding is left;
    scale and cap of the logits follow in float32 as well.
    """
    live: Any = network
    head = live.get_output_embeddings()
    if isinstance(head, nn.Linear) and head.weight.dtype != torch.float32:
        head.forward = MethodType(_forward, head)


def head_logits(
    states: Float[Tensor, "*place width"],
    weight: Float[Tensor, "word width"],
    bias: Float[Tensor, " word"] | None = None,
) -> Float[Tensor, "*place word"]:
    """Return the logits of states in float32, the head's rows widened a block at a time."""
    if weight.dtype == torch.float32:
        return nn.functional.linear(states.to(weight), weight, bias)
    wide = states.to(weight.device).float()
    blocks = [
        nn.functional.linear(
            wide,
            weight[start : start + WORDS].float(),
            None if bias is None else bias[start : start + WORDS].float(),
        )
        for start in range(0, len(weight), WORDS)
    ]
    return torch.cat(blocks, dim=-1)


def _forward(head: nn.Linear, states: Tensor) -> Tensor:
    return head_logits(states, head.weight, head.bias)
