"""Select where the models differ, calculate their weights there, erase the minority's sign."""

from typing import Any, NamedTuple

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.arrays.shapes import Float32
from lexgraft.weights.methods.magnitude_trim import TrimThreshold, kept, largest
from lexgraft.weights.methods.ordered_sums import (
    Doubles,
    as_rows,
    row_dots,
    weighted_sum,
    whole_sums,
)
from lexgraft.weights.methods.registry import (
    Base,
    Blocks,
    Deltas,
    Fraction,
    Merged,
    TensorContext,
    method,
)
from lexgraft.weights.methods.ties import elect


class VarianceSelection(NamedTuple):
    """Where the models differ most, and what each counts there."""

    cut: TrimThreshold | None  # None: everywhere
    weights: tuple[float, ...]


def select(blocks: Blocks, *, select_topk: float, **_settings: Any) -> VarianceSelection:
    """Return the cut that keeps a share of the positions that vary, and the models' weights.

    A model's weight is its share of the squares of all deltas at those positions.
    """
    cut = None if select_topk >= 1 else _cut(blocks, select_topk)

    def per_row(_base: Base, deltas: Deltas, place: TensorContext) -> list[Doubles]:
        rows = [as_rows(delta) for delta in _selected(deltas, cut, place)]
        return [row_dots(row, row) for row in rows]

    squares = whole_sums(blocks, per_row)
    total = sum(squares)
    return VarianceSelection(cut, tuple(s / total if total else 1 / len(squares) for s in squares))


@method(paper="arXiv 2408.07990, section 3.2", survey=select)
def sce(
    base: Base,
    deltas: Deltas,
    place: TensorContext,
    found: VarianceSelection,
    *,
    select_topk: Fraction = 1.0,
) -> Merged:
    """Return base + Σ wᵢ·δᵢ / Σ wᵢ over the models with the sign of Σ δᵢ, at selected positions.

    Selected is the share `select_topk` of the positions where the variance between the models is
    largest; wᵢ is model i's share of the squares there.
    """
    selected = _selected(deltas, found.cut, place)
    majority = weighted_sum(selected, [1.0] * len(selected))
    return base + elect(selected, found.weights, normalize=True, majority=majority)


def _cut(blocks: Blocks, share: float) -> TrimThreshold:
    """Return the cut on the variance that keeps a share of the positions where it is not 0."""

    def tracks() -> Any:
        return ((_variance(deltas)[None], place.start) for _, deltas, place in blocks())

    varying = sum(int(torch.count_nonzero(track)) for track, _ in tracks())
    _, _, place = next(blocks())
    return largest(tracks, [(0, round(share * varying))], place.size)[0]


def _variance(deltas: Deltas) -> Float32[Tensor, "*shape"]:
    """Return the variance between the models, position by position."""
    share = [1 / len(deltas)] * len(deltas)
    mean = weighted_sum(deltas, share)
    return weighted_sum((deltas - mean).square_(), share)


def _selected(deltas: Deltas, cut: TrimThreshold | None, place: TensorContext) -> Deltas:
    """Return the deltas with what is not selected set to 0."""
    return deltas if cut is None else deltas * kept(_variance(deltas), cut, place.start)
