"""Select where the models differ, calculate their weights there, erase the minority's sign."""

from typing import Any, NamedTuple

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.arrays.shapes import Float32
from lexgraft.weights.methods.magnitude_trim import TrimThreshold, kept, largest
from lexgraft.weights.methods.native_spec import KernelSpec
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
    Settings,
    TensorContext,
    method,
)
from lexgraft.weights.methods.ties import elect


class VarianceSelection(NamedTuple):
    """Where the models differ most, and what each counts there."""

    cut: TrimThreshold | None  # None: everywhere
    weights: tuple[float, ...]


def select(blocks: Blocks, *, select_topk: float) -> VarianceSelection:
    """Return the cut that keeps a share of the positions that vary, and the models' weights.

    A model's weight is its share of the squares of all deltas at those positions.
    """
    cut = None if select_topk >= 1 else _cut(blocks, select_topk)

    def per_row(_base: Base, deltas: Deltas, context: TensorContext) -> list[Doubles]:
        rows = [as_rows(delta) for delta in _selected(deltas, cut, context)]
        return [row_dots(row, row) for row in rows]

    squares = whole_sums(blocks, per_row)
    total = sum(squares)
    return VarianceSelection(cut, tuple(s / total if total else 1 / len(squares) for s in squares))


def _native(settings: Settings, context: TensorContext) -> KernelSpec:
    return KernelSpec(
        (1.0,) * len(context.labels), elect=True, normalize=True, select=settings["select_topk"]
    )


@method(paper="arXiv 2408.07990, section 3.2", survey=select, native=_native)
def sce(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
    selection: VarianceSelection,
    *,
    select_topk: Fraction = 1.0,
) -> Merged:
    """Return base + Σ wᵢ·δᵢ / Σ wᵢ over the models with the sign of Σ δᵢ, at selected positions.

    Selected is the share `select_topk` of the positions where the variance between the models is
    largest; wᵢ is model i's share of the squares there.
    """
    selected = _selected(deltas, selection.cut, context)
    majority = weighted_sum(selected, [1.0] * len(selected))
    return base + elect(selected, selection.weights, normalize=True, majority=majority)


def _cut(blocks: Blocks, share: float) -> TrimThreshold:
    """Return the cut on the variance that keeps a share of the positions where it is not 0."""

    def tracks() -> Any:
        return ((_variance(deltas)[None], context.start) for _, deltas, context in blocks())

    varying = sum(int(torch.count_nonzero(track)) for track, _ in tracks())
    _, _, context = next(blocks())
    return largest(tracks, [(0, round(share * varying))], context.size)[0]


def _variance(deltas: Deltas) -> Float32[Tensor, "*shape"]:
    """Return the variance between the models, position by position."""
    share = [1 / len(deltas)] * len(deltas)
    mean = weighted_sum(deltas, share)
    return weighted_sum((deltas - mean).square_(), share)


def _selected(deltas: Deltas, cut: TrimThreshold | None, context: TensorContext) -> Deltas:
    """Return the deltas with what is not selected set to 0."""
    return deltas if cut is None else deltas * kept(_variance(deltas), cut, context.start)
