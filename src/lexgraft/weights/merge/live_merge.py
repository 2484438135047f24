"""The same merge into a live model: the values that the folder would hold, in float32."""

from collections.abc import Iterator

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.arrays.shapes import Float32
from lexgraft.weights.checkpoint.tensor_reading import dtype_of
from lexgraft.weights.merge.memory_budget import BufferPool, plan_budget
from lexgraft.weights.merge.merge_plan import MergePlan
from lexgraft.weights.merge.tensor_merge import TensorMerge, is_changed


def merged_tensors(plan: MergePlan) -> Iterator[tuple[str, Float32[Tensor, "*shape"]]]:
    """Yield name and value of every tensor that differs from the base, in the order of names.

    Values are rounded to the plan's dtype, then widened: what a model loaded from the folder
    would compute with in float32.
    """
    buffers = BufferPool(plan_budget(plan))
    for name in plan.merged:
        if is_changed(plan, name):
            yield name, merged_value(plan, name, buffers)
    plan.check_unchanged()


def result_tensors(plan: MergePlan) -> Iterator[tuple[str, Tensor]]:
    """Yield name and value of every tensor of the result, in the order of names.

    What is of floating point is widened to float32 after it was rounded as in the folder.
    """
    buffers = BufferPool(plan_budget(plan))
    for name in plan.layout.slots:
        yield name, merged_value(plan, name, buffers)
    plan.check_unchanged()


def merged_value(plan: MergePlan, name: str, buffers: BufferPool) -> Tensor:
    """Return a whole tensor of the result; in float32 if it is of floating point."""
    merge = TensorMerge(plan, name, buffers)
    dtype, offset = dtype_of(plan.stored(merge.entry)), 0
    value = torch.empty(merge.entry.size, dtype=torch.float32 if dtype.is_floating_point else dtype)
    for window in merge.windows():
        values = torch.frombuffer(window, dtype=dtype)
        value[offset : offset + len(values)].copy_(values)
        offset += len(values)
    return value.view(merge.entry.shape)
