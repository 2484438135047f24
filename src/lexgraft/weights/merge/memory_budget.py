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
_NARROWEST = 64 << 10  # bytes of a window below which reading becomes slow
_WINDOWS_SHARE = 4  # windows take at most this part of a worker's memory
_INPUTS_BESIDE = 2  # windows beside those of the models: the base's and the result's


@dataclass(frozen=True)
class WorkerBudget:
    """What one worker may use."""

    workers: int
    window: int  # bytes of every input read at once, and of the result written at once
    kept: int  # elements of a tensor whose blocks are kept between survey and merge
    held: int  # bytes of a tensor's inputs that are held, as stored, between survey and merge


class BufferPool:
    """One worker's memory for windows: taken once, used for every tensor."""

    def __init__(self, room: WorkerBudget) -> None:
        self.room = room
        self._places: dict[int, memoryview] = {}

    def place(self, number: int, size: int) -> memoryview:
        """Return the first `size` bytes of a numbered place, which grows with what is asked."""
        if len(self._places.get(number, b"")) < size:
            self._places[number] = page_memory(size)
        return self._places[number][:size]


def plan_room(
    plan: MergePlan, memory: int | None = None, workers: int | None = None, usual: int = MEMORY
) -> WorkerBudget:
    """Return the room of each worker: as many as there are processors, if the memory allows.

    Without `memory` it is the usual one, or what a single worker needs if its method takes whole
    tensors.

    Raises:
        LexgraftError: not even one worker fits.
    """
    least = plan.memory_bytes
    models = sum(_is_folder(part) for part in plan.constituents) + _INPUTS_BESIDE
    smallest = least + models * _NARROWEST
    memory = max(usual, smallest) if memory is None else memory
    if memory < smallest:
        raise LexgraftError(
            f"this merge needs at least {smallest:,} bytes of memory, {memory:,} are given",
            where="--memory",
            cure=f"give --memory {-(-smallest // (1 << 20))}M",
        )
    wanted = workers or len(os.sched_getaffinity(0)) + 1  # one reads or writes, the others compute
    count = max(1, min(wanted, memory // smallest))
    share = memory // count
    window = min(WINDOW, max(_NARROWEST, share // _WINDOWS_SHARE // models // PAGE * PAGE))
    spare = max(0, share - least - models * window)
    held = spare + (models - 1) * window
    return WorkerBudget(count, window, spare // (4 * (len(plan.constituents) + 1)), held)


def _is_folder(part: InputModel) -> bool:
    """Return whether a model is read as it is stored, not made from factors."""
    return isinstance(part.source, Checkpoint)
