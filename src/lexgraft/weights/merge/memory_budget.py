"""How much memory and how many workers a merge may use; nothing of it shows in the result."""

import os
from dataclasses import dataclass

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.checkpoint.disk_io import PAGE, WINDOW, page_memory
from lexgraft.weights.checkpoint.input_model import InputModel
from lexgraft.weights.merge.merge_plan import MergePlan

MEMORY = 96 << 20  # bytes, beside the interpreter and its libraries
HELD = 192 << 20  # bytes more where torch, which takes as much, is not needed
WIDER = 64 << 20  # bytes more where a store is read, or written: for windows of some MiB
_NARROWEST = 64 << 10  # bytes of a window below which reading becomes slow
_WINDOWS_SHARE = 4  # windows take at most this part of a worker's memory
_INPUTS_BESIDE = 2  # windows beside those of the models: the base's and the result's


@dataclass(frozen=True)
class WorkerBudget:
    """What one worker may use."""

    workers: int
    window: int  # bytes of every input read at once, and of the result written at once
    cached_elements: int  # of a tensor whose float32 blocks are kept between survey and merge
    held_bytes: int  # of a tensor's inputs that are held, as stored, between survey and merge


class BufferPool:
    """Page-aligned buffers, allocated once per worker and reused for every tensor."""

    def __init__(self, budget: WorkerBudget) -> None:
        self.budget = budget
        self._buffers: dict[int, memoryview] = {}

    def view(self, number: int, size: int) -> memoryview:
        """Return the first `size` bytes of a numbered buffer, which grows to what is asked for."""
        if len(self._buffers.get(number, b"")) < size:
            self._buffers[number] = page_memory(size)
        return self._buffers[number][:size]


def plan_budget(
    plan: MergePlan, memory: int | None = None, workers: int | None = None, usual: int = MEMORY
) -> WorkerBudget:
    """Return the budget of each worker: as many as there are processors, if the memory allows.

    Without `memory` it is the usual one, or what a single worker needs if its method takes whole
    tensors.

    Raises:
        LexgraftError: not even one worker fits.
    """
    block_memory = plan.memory_bytes
    models = sum(_is_folder(model) for model in plan.input_models) + _INPUTS_BESIDE
    smallest = block_memory + models * _NARROWEST
    memory = max(usual, smallest) if memory is None else memory
    if memory < smallest:
        raise LexgraftError(
            f"this merge needs at least {smallest:,} bytes of memory, {memory:,} are given",
            where="--memory",
            cure=f"give --memory {-(-smallest // (1 << 20))}M",
        )
    # One worker more than processors: one reads or writes while the others compute.
    threads = workers or len(os.sched_getaffinity(0)) + 1
    count = max(1, min(threads, memory // smallest))
    share = memory // count
    window = min(WINDOW, max(_NARROWEST, share // _WINDOWS_SHARE // models // PAGE * PAGE))
    spare = max(0, share - block_memory - models * window)
    return WorkerBudget(
        workers=count,
        window=window,
        cached_elements=spare // (4 * (len(plan.input_models) + 1)),
        held_bytes=spare + (models - 1) * window,
    )


def _is_folder(model: InputModel) -> bool:
    """Return whether a model is read as it is stored, not made from factors."""
    return isinstance(model.source, Checkpoint)
