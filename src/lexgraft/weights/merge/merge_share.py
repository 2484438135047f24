"""A share of a merge, written by any process that sees the folder: the tensors of one job."""

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path
from threading import local
from typing import NamedTuple

from lexgraft.arrays.threads import threads
from lexgraft.weights.checkpoint.disk_io import disk_error, part_name
from lexgraft.weights.checkpoint.folder_writer import write_slot
from lexgraft.weights.checkpoint.journal import Record
from lexgraft.weights.merge.memory_budget import BufferPool, WorkerBudget, plan_budget
from lexgraft.weights.merge.merge_plan import MergePlan
from lexgraft.weights.merge.tensor_merge import TensorMerge

SHARE = 1 << 30  # bytes of the result that a job writes at most, unless one tensor is more
_held = local()  # a thread's buffers: new ones for every share are pages to be cleared anew
ROUNDS = 4  # jobs per seat at least: the last ones even out machines of unequal speed


class ShareOrder(NamedTuple):
    """What all shares of one merge have in common."""

    plan: MergePlan
    folder: Path  # its files are reserved
    memory: int  # bytes of buffers for a job
    torches: bool  # a tensor needs torch
    allow_nonfinite: bool


def shares(lengths: Mapping[str, int], seats: int) -> list[tuple[str, ...]]:
    """Return the tensors of each job, the largest first.

    Args:
        lengths: tensor → bytes of the result, the largest first.
        seats: how many jobs run at once.
    """
    most = min(SHARE, sum(lengths.values()) // (ROUNDS * seats) + 1)
    dealt: list[list[str]] = []
    room = 0
    for name, length in lengths.items():
        if not dealt or length > room:
            dealt.append([])
            room = most
        dealt[-1].append(name)
        room -= length
    return [tuple(names) for names in dealt]


def write_share(order: ShareOrder, names: Sequence[str]) -> dict[str, tuple[str, Record]]:
    """Write tensors to their places, and return what is to be noted once they are on the disk.

    Raises:
        LexgraftError: what merging them raises; the disk is full or fails.
    """
    plan, folder = order.plan, order.folder
    buffers = _buffers(plan_budget(plan, None, 1, order.memory))
    noted: dict[str, tuple[str, Record]] = {}
    handles: dict[str, int] = {}
    try:
        with ExitStack() as opened, threads(1) if order.torches else nullcontext():
            for name in names:
                slot = plan.layout.slots[name]
                if slot.file not in handles:
                    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
                    handles[slot.file] = os.open(part_name(folder, slot.file), flags)
                    opened.callback(os.close, handles[slot.file])
                handle = handles[slot.file]
                merge = TensorMerge(plan, name, buffers, allow_nonfinite=order.allow_nonfinite)
                noted[name] = merge.write(
                    lambda windows, slot=slot, handle=handle: write_slot(
                        folder, slot, handle, windows
                    )
                )
            for handle in handles.values():
                os.fsync(handle)
    except OSError as error:
        raise disk_error(folder, error) from error
    return noted


def _buffers(budget: WorkerBudget) -> BufferPool:
    """Return the buffers of this thread, those of the share before where they are as large."""
    held: BufferPool | None = getattr(_held, "buffers", None)
    if held is None or held.budget != budget:
        held = _held.buffers = BufferPool(budget)
    return held
