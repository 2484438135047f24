"""What a live model makes of a text before its head: the states of its last layer."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from lexgraft.arrays.shapes import Float32

States = Float32[Tensor, "token width"]


@torch.no_grad()
def last_states(network: nn.Module, rows: Sequence[Sequence[int]]) -> States:
    """Return the normed states of the last layer, of rows of token ids one after another.

    Each row is read by itself. The start token's state is left out: it has seen nothing.
    """
    body: Any = getattr(network, "base_model", network)
    device = next(network.parameters()).device
    states = (
        body(input_ids=torch.tensor([list(row)], device=device), use_cache=False) for row in rows
    )
    return torch.cat([state.last_hidden_state[0, 1:].float().cpu() for state in states])


def progress_towards(start: States, model: States, goal: States) -> float:
    """Return how far `model` has moved from `start` along the way to `goal`, all tokens alike.

    That is ⟨model − start, goal − start⟩ / ‖goal − start‖²: 1 is all of the way, 0 none.
    """
    direction = (goal - start).double()
    return float(((model - start).double() * direction).sum() / (direction**2).sum())


def distance(start: States, model: States) -> float:
    """Return ‖model − start‖ / ‖start‖ over all tokens."""
    return float((model - start).double().norm() / start.double().norm())
