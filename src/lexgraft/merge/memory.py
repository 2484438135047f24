"""The same merge into a live model: the values that the folder would hold, in float32."""

from collections.abc import Iterator

import torch
from jaxtyping import Float32
from torch import Tensor

from lexgraft.merge.plan import MergePlan
from lexgraft.merge.tensors import is_changed, merged_blocks


def merged_tensors(plan: MergePlan) -> Iterator[tuple[str, Float32[Tensor, "*shape"]]]:
    """Yield name and value of every tensor that differs from the base, in the order of names.

    Values are rounded to the plan's dtype, then widened: what a model loaded from the folder
    would compute with in float32.
    """
    for name in plan.merged:
        if is_changed(plan, name):
            shape = plan.base.tensors[name].shape
            blocks = [block.to(torch.float32) for block in merged_blocks(plan, name)]
            yield name, (blocks[0] if len(blocks) == 1 else torch.cat(blocks)).view(shape)
    plan.check_unchanged()
