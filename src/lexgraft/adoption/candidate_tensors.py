"""Where the tensors of a candidate are made: by the exact engine, or on a GPU by its parents."""

from collections.abc import Iterator

from lexgraft.arrays.lazy_torch import Tensor
from lexgraft.evaluation.memory_check import free_memory
from lexgraft.models.chosen_device import CPU
from lexgraft.weights.merge.live_merge import merged_tensors
from lexgraft.weights.merge.merge_plan import MergePlan
from lexgraft.weights.merge.resident_merge import ResidentParents

PARENTS_SHARE = 0.6  # of a GPU's memory that the live model leaves; the rest is for answers


class CandidateTensors:
    """Makes the tensors of one candidate after another; on a GPU the parents stay there."""

    def __init__(self) -> None:
        self._parents: ResidentParents | None = None

    def of(self, plan: MergePlan, device: str) -> Iterator[tuple[str, Tensor]]:
        """Return names and values of all that differs from the base; a live model is there."""
        if device == CPU:
            return merged_tensors(plan)
        if self._parents is None:
            self._parents = ResidentParents(device, int(PARENTS_SHARE * (free_memory(device) or 0)))
        return self._parents.merged_tensors(plan)
