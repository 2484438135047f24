"""The k-th magnitude, found by bracket and by histogram, against sorting."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from lexgraft.weights.methods import magnitude_trim as trim
from lexgraft.weights.methods.magnitude_trim import kept, largest


def reference(values: Tensor, keep: int) -> list[bool]:
    """Keep the largest magnitudes, of equal ones the first, by a stable sort."""
    order = np.argsort(-values.abs().numpy().astype(np.float64), kind="stable")
    mask = np.zeros(len(values), bool)
    mask[order[:keep]] = True
    return mask.tolist()


def survivors(values: Tensor, keep: int, block: int) -> list[bool]:
    """Keep by the cut that `largest` gives, block by block."""

    def tracks() -> Iterator[tuple[Tensor, int]]:
        for start in range(0, len(values), block):
            yield values[None, start : start + block], start

    (cut,) = largest(tracks, [(0, keep)], len(values))
    masks = [kept(part[0], cut, start) for part, start in tracks()]
    return torch.cat(masks).tolist()


numbers = st.lists(
    st.floats(-4, 4, width=16) | st.sampled_from([0.0, -0.0, 0.5, -0.5, 1e-40, float("inf")]),
    min_size=1,
    max_size=60,
)


@pytest.mark.parametrize("sample", [4, 1 << 17])
@given(numbers=numbers, share=st.floats(0.01, 1), block=st.integers(1, 70))
def test_exactly_the_largest_are_kept_however_they_are_found(
    sample: int, numbers: list[float], share: float, block: int
) -> None:
    values = torch.tensor(numbers)
    keep = max(1, round(share * len(values)))
    before, trim._SAMPLE = trim._SAMPLE, sample
    try:
        found = survivors(values, keep, block)
    finally:
        trim._SAMPLE = before
    if keep and values.abs().sort(descending=True).values[keep - 1] > 0:
        assert found == reference(values, keep)
    else:
        assert sum(found) >= keep  # zeros may stay: they are zeros


@pytest.mark.parametrize("share", [0.001, 0.2, 0.5, 0.999])
@pytest.mark.parametrize("grid", [0.0, 2.0**-9])
def test_a_sample_brackets_the_threshold_of_many_elements(
    monkeypatch: pytest.MonkeyPatch, share: float, grid: float
) -> None:
    values = torch.randn(300_000, generator=torch.Generator().manual_seed(1))
    if grid:
        values = (values * 0.01 / grid).round() * grid  # deltas of stored numbers lie on a grid
    monkeypatch.setattr(trim, "_SAMPLE", 2000)
    monkeypatch.setattr(trim, "_by_histograms", None)  # not needed here
    keep = round(share * len(values))
    mask = survivors(values, keep, 70_000)
    if values.abs().sort(descending=True).values[keep - 1] > 0:
        assert sum(mask) == keep
        assert mask == reference(values, keep)


def test_a_sample_that_misleads_costs_time_not_exactness(monkeypatch: pytest.MonkeyPatch) -> None:
    values = torch.arange(1.0, 1001.0)
    values[::10] = 0.001  # and just these are looked at
    monkeypatch.setattr(trim, "_SAMPLE", 100)
    assert survivors(values, 300, 64) == reference(values, 300)
