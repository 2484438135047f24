"""Sums in a fixed order: multiply, then add, model after model, so that bits do not vary."""

from collections.abc import Sequence

import torch

from lexgraft.methods.registry import Deltas, Merged


def weighted_sum(deltas: Deltas, weights: Sequence[float]) -> Merged:
    """Return Σ wᵢ·δᵢ in float32; no fused multiply-add, whose use depends on the machine."""
    total = torch.zeros_like(deltas[0])
    for delta, weight in zip(deltas, weights, strict=True):
        total.add_(delta * weight)
    return total
