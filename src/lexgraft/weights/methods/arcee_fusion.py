"""Only the changes that matter far more than most: above median + 1.5 interquartile ranges."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.arrays.shapes import Float32
from lexgraft.weights.methods.magnitude_trim import largest
from lexgraft.weights.methods.ordered_sums import Doubles, as_vectors
from lexgraft.weights.methods.registry import Base, Blocks, Deltas, Merged, TensorContext, method
from lexgraft.weights.methods.slerp import two_ends

_QUARTERS = (0.25, 0.5, 0.75)
_SMALL = 1e-8  # added to every probability


class ImportanceThreshold(NamedTuple):
    """How important an element must be, and how far every row's distribution moved."""

    minimum: float
    divergences: Doubles


def bar(blocks: Blocks) -> ImportanceThreshold:
    """Return median + 1.5 · (third - first quartile) of the importance, and what it needs.

    The quartile q of n sorted values is the one of number floor(q · (n-1)), from 0.
    """
    block_divergences = [_divergences(base, two_ends(deltas)) for base, deltas, _ in blocks()]
    divergences = np.concatenate(block_divergences)

    def tracks() -> Iterator[tuple[Tensor, int]]:
        return (
            (_importance(two_ends(deltas), divergences, context)[None], context.start)
            for _, deltas, context in blocks()
        )

    _, _, context = next(blocks())
    ranks = [context.size - int(quarter * (context.size - 1)) for quarter in _QUARTERS]
    cuts = largest(tracks, [(0, rank) for rank in ranks], context.size)
    bits = np.array([cut.bits for cut in cuts], np.int32)
    first, median, third = (float(value) for value in bits.view(np.float32))
    return ImportanceThreshold(median + 1.5 * (third - first), divergences)


@method(paper="Arcee 2024, Arcee Fusion", survey=bar, base="optional", unit="row", models=(1, 2))
def arcee_fusion(
    base: Base, deltas: Deltas, context: TensorContext, threshold: ImportanceThreshold
) -> Merged:
    """Return a + m·(b - a), where m is 1 for elements of at least the threshold's importance.

    An element's importance is |b - a| times the Kullback-Leibler divergence between the softmax
    of its row in b and in a. a and b are the two models; one model alone is b, and the base is a.
    """
    ends = two_ends(deltas)
    mask = _importance(ends, threshold.divergences, context) >= threshold.minimum
    first, second = ends
    return base + (first + (second - first) * mask)


def _importance(
    ends: Float32[Tensor, "2 *shape"], divergences: Doubles, context: TensorContext
) -> Float32[Tensor, "*shape"]:
    """Return the importance of every element's change."""
    changes = as_vectors((ends[1] - ends[0]).abs_())
    first = context.start // max(1, changes.shape[1])
    rows = torch.from_numpy(divergences[first : first + len(changes)]).float()
    return (changes * rows[:, None]).view(ends.shape[1:])


def _divergences(base: Base, ends: Float32[Tensor, "2 *shape"]) -> Doubles:
    """Return the divergence of every row, never below 0."""
    before, after = (as_vectors(base + end).numpy().astype(np.float64) for end in ends)
    p, q = _softmax(after) + _SMALL, _softmax(before) + _SMALL
    return np.maximum(np.sum(p * np.log(p / q), axis=1), 0)


def _softmax(rows: Doubles) -> Doubles:
    shares = np.exp(rows - rows.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)
