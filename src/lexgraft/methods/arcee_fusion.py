"""Only the changes that matter far more than most: above median + 1.5 interquartile ranges."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor

from lexgraft.methods.registry import Base, Blocks, Deltas, Merged, Place, method
from lexgraft.methods.slerp import two_ends
from lexgraft.methods.sums import Doubles, as_vectors
from lexgraft.methods.trim import largest

_QUARTERS = (0.25, 0.5, 0.75)
_SMALL = 1e-8  # added to every probability


def threshold(blocks: Blocks, **_settings: Any) -> float:  # noqa: ANN401
    """Return median + 1.5 · (third - first quartile) of the importance of all elements.

    The quartile q of n sorted values is the one of number floor(q · (n-1)), from 0.
    """

    def tracks() -> Iterator[tuple[Tensor, int]]:
        return (
            (_importance(base, two_ends(deltas))[None], place.start)
            for base, deltas, place in blocks()
        )

    _, _, place = next(blocks())
    ranks = [place.size - int(quarter * (place.size - 1)) for quarter in _QUARTERS]
    cuts = largest(tracks, [(0, rank) for rank in ranks], place.size)
    bits = np.array([cut.bits for cut in cuts], np.int32)
    first, median, third = (float(value) for value in bits.view(np.float32))
    return median + 1.5 * (third - first)


@method(paper="Arcee 2024, Arcee Fusion", survey=threshold, unit="row", models=(1, 2))
def arcee_fusion(base: Base, deltas: Deltas, _place: Place, found: float) -> Merged:
    """Return a + m·(b - a), where m is 1 for elements of at least the threshold's importance.

    An element's importance is |b - a| times the Kullback-Leibler divergence between the softmax
    of its row in b and in a. a and b are the two models; one model alone is b, and the base is a.
    """
    ends = two_ends(deltas)
    mask = _importance(base, ends) >= found
    first, second = ends
    return base + (first + (second - first) * mask)


def _importance(base: Base, ends: Float32[Tensor, "2 *shape"]) -> Float32[Tensor, "*shape"]:
    """Return the importance of every element's change."""
    before, after = (as_vectors(base + end).numpy().astype(np.float64) for end in ends)
    p, q = _softmax(after) + _SMALL, _softmax(before) + _SMALL
    divergence = np.maximum(np.sum(p * np.log(p / q), axis=1, keepdims=True), 0)
    importance = (np.abs(after - before) * divergence).astype(np.float32)
    return torch.from_numpy(importance).view(base.shape)


def _softmax(rows: Doubles) -> Doubles:
    """Return the softmax of every row."""
    shares = np.exp(rows - rows.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)
