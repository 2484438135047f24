"""One tensor at a time: blocks of base and deltas in, merged and rounded blocks out."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from lexgraft.checkpoint.constituent import read_rows, rows
from lexgraft.checkpoint.read import CODES, DTYPES
from lexgraft.errors import UserError
from lexgraft.merge.plan import KEPT, MergePlan, rows_of_block
from lexgraft.methods.registry import Base, Deltas, Place


def is_changed(plan: MergePlan, name: str) -> bool:
    """Return whether any model differs from the base in this tensor.

    Raises:
        UserError: a model differs in a tensor that is not of floating point.
    """
    touching = [part for part in plan.parts(name) if part.changes(name)]
    if touching and DTYPES[plan.base.tensors[name].dtype] not in _FLOATS:
        raise UserError(
            f"tensor `{name}` holds whole numbers and differs from the base",
            where=str(touching[0].folder),
            cure="only floating point can be merged: use models that share it",
        )
    return bool(touching) or name in plan.rewritten


def merged_blocks(plan: MergePlan, name: str) -> Iterator[Tensor]:
    """Yield the merged tensor block by block, in order, in the dtype of the result.

    Raises:
        UserError: NaN or infinity in the result, counted.
    """
    dtype = DTYPES[plan.stored(plan.base.tensors[name])]

    small = plan.base.tensors[name].size <= KEPT
    kept = list(_blocks(plan, name)) if small else []

    def blocks() -> Iterator[tuple[Base, Deltas, Place]]:
        return iter(kept) if kept else _blocks(plan, name)

    for block in plan.method.merge(blocks, plan.group(name).settings):
        yield _checked(block.to(dtype), plan, name)


def base_blocks(plan: MergePlan, name: str) -> Iterator[Tensor]:
    """Yield the base's own tensor block by block, in the dtype of the result."""
    entry = plan.base.tensors[name]
    dtype = DTYPES[plan.stored(entry)]
    for start, stop in _stretches(plan, name):
        yield _checked(read_rows(entry, start, stop).to(dtype), plan, name)


def _blocks(plan: MergePlan, name: str) -> Iterator[tuple[Base, Deltas, Place]]:
    """Yield base, deltas and place of every block of a tensor."""
    entry, place = plan.base.tensors[name], plan.place(name)
    width = entry.size // max(rows(entry), 1)
    for start, stop in _stretches(plan, name):
        base = read_rows(entry, start, stop)
        parts = [part.delta(name, start, stop) for part in plan.parts(name)]
        deltas = torch.stack([torch.zeros_like(base) if p is None else p for p in parts])
        yield base, deltas, replace(place, start=start * width)


def _stretches(plan: MergePlan, name: str) -> Iterator[tuple[int, int]]:
    """Yield the rows [start, stop) of every block."""
    entry = plan.base.tensors[name]
    step, end = rows_of_block(entry, plan.method), rows(entry)
    for start in range(0, end, step):
        yield start, min(start + step, end)


def _checked(block: Tensor, plan: MergePlan, name: str) -> Tensor:
    """Return the block if all of it is finite."""
    if block.numel() and not all(bound.isfinite() for bound in block.aminmax()):  # NaN shows here
        bad = int((~block.isfinite()).sum())
        raise UserError(
            f"tensor `{name}`: {bad} values of the result are not finite",
            where=plan.method.name,
            cure=f"check the inputs for NaN, or lower the weights ({plan.dtype} may be too narrow)",
        )
    return block


_FLOATS = frozenset(dtype for dtype in CODES if dtype.is_floating_point)
