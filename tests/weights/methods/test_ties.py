from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lexgraft.weights.methods.magnitude_trim import cuts, kept
from lexgraft.weights.methods.registry import Blocks, TensorContext
from lexgraft.weights.methods.ties import ties

LABELS = ("language", "domain")


def blocks(deltas: torch.Tensor, ends: Sequence[int] = ()) -> Blocks:
    size, labels = deltas[0].numel(), LABELS[: len(deltas)]
    return lambda: (
        (
            torch.zeros(stop - start),
            deltas[:, start:stop],
            TensorContext("w", labels, 0, 1, size, seed=0, start=start),
        )
        for start, stop in pairwise([0, *ends, size])
    )


def test_trims_elects_and_merges_as_in_figure_1() -> None:
    deltas = torch.tensor([[4.0, -1.0, 2.0, 0.5, -3.0], [-2.0, -0.1, 4.0, 0.2, 1.0]])
    place = TensorContext("w", LABELS, 0, 1, 5, seed=0)
    # of 5 elements 3 are kept: [4, 0, 2, 0, -3] and [-2, 0, 4, 0, 1]; signs of the sums +,0,+,0,-
    # agreeing: {4}, {}, {2, 4}, {}, {-3} → means 4, 0, 3, 0, -3
    found = cuts(blocks(deltas), density=0.6)
    merged = ties(torch.ones(5), deltas, place, found, weight=1.0, density=0.6)
    assert merged.tolist() == [5.0, 1.0, 4.0, 1.0, -2.0]
    # with λ = 0.5, weights 1 and 3, no mean: sums 4-6 → -, 2+12 → +, -3+3 → 0
    found = cuts(blocks(deltas), density=0.6)
    weight = {"language": 1.0, "domain": 3.0}
    merged = ties(
        torch.zeros(5),
        deltas,
        place,
        found,
        weight=weight,
        density=0.6,
        normalize=False,
        lambda_=0.5,
    )
    assert merged.tolist() == [-3.0, 0.0, 7.0, 0.0, 0.0]


def test_a_weighted_mean_divides_by_the_weights_of_those_that_agree() -> None:
    deltas = torch.tensor([[1.0, 2.0], [3.0, -9.0]])
    place = TensorContext("w", LABELS, 0, 1, 2, seed=0)
    found = cuts(blocks(deltas), density=1.0)
    weight = {"language": 1.0, "domain": 3.0}
    # (1 + 9) / 4 = 2.5; only the second: 3·(-9) / 3 = -9
    assert ties(torch.zeros(2), deltas, place, found, weight=weight, density=1.0).tolist() == [
        2.5,
        -9,
    ]


def test_opposite_deltas_of_equal_size_cancel() -> None:
    deltas = torch.tensor([[1.0], [-1.0]])
    place = TensorContext("w", LABELS, 0, 1, 1, seed=0)
    found = cuts(blocks(deltas), density=1.0)
    assert ties(torch.zeros(1), deltas, place, found, density=1.0).tolist() == [0.0]


def test_equal_magnitudes_are_kept_in_the_order_of_elements() -> None:
    deltas = torch.tensor([[1.0, -1.0, 1.0, -1.0, 2.0, 1.0]])
    (cut,) = cuts(blocks(deltas), density=0.5)
    assert kept(deltas[0], cut, 0).tolist() == [True, True, False, False, True, False]


grid = arrays(np.int8, st.integers(1, 300), elements=st.integers(-5, 5))
wide = arrays(np.float32, st.integers(1, 300), elements=st.floats(-1024, 1024, width=32))


@settings(deadline=None, max_examples=60)
@given(values=st.one_of(grid, wide), density=st.floats(0.001, 1.0), cut_at=st.integers(1, 299))
def test_exactly_k_of_the_largest_survive(
    values: np.ndarray[Any, np.dtype[np.float32]], density: float, cut_at: int
) -> None:
    delta = torch.from_numpy(values.astype(np.float32))
    ends = [cut_at] if cut_at < len(delta) else []
    (cut,) = cuts(blocks(delta[None], ends), density=density)
    parts = [kept(delta[a:b], cut, a) for a, b in pairwise([0, *ends, len(delta)])]
    mask = torch.cat(parts).numpy()
    k = max(1, round(density * len(delta)))
    order = np.argsort(-np.abs(delta.numpy()), kind="stable")[:k]
    expected = np.zeros(len(delta), bool)
    expected[order] = True
    nonzero = delta.numpy() != 0  # which zeros are kept does not matter
    assert np.array_equal(mask & nonzero, expected & nonzero)
