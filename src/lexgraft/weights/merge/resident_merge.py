"""Candidates made on a device: parents stay there as they are stored, the same methods merge them.

The folder that is handed on is always made by the exact engine; values here equal its values but
for a few that sums in another order round otherwise.
"""

from collections.abc import Iterator
from dataclasses import replace

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.weights.checkpoint.input_model import InputModel
from lexgraft.weights.checkpoint.lora_adapter import Factors
from lexgraft.weights.checkpoint.safetensors_header import WIDTHS, TensorEntry
from lexgraft.weights.checkpoint.tensor_reading import dtype_of, read_tensor
from lexgraft.weights.merge.block_shapes import block_shape
from lexgraft.weights.merge.live_merge import merged_value
from lexgraft.weights.merge.memory_budget import BufferPool, plan_budget
from lexgraft.weights.merge.merge_plan import MergePlan
from lexgraft.weights.merge.tensor_merge import is_changed
from lexgraft.weights.methods.registry import Base, Deltas, TensorContext

BLOCK = 1 << 26  # elements merged at once on a device: some 256 MB of each float32 tensor


class ResidentParents:
    """Tensors of base and models on a device, read once, as far as they fit."""

    def __init__(self, device: str, memory: int) -> None:
        """Begin with nothing there.

        Args:
            device: by torch's name.
            memory: bytes that parents may take there; what is beyond is read for every candidate.
        """
        self.device, self._left = device, memory
        self._held: dict[TensorEntry, Tensor] = {}

    @property
    def held_bytes(self) -> int:
        """Return what is kept on the device, in bytes."""
        return sum(tensor.numel() * tensor.element_size() for tensor in self._held.values())

    def merged_tensors(self, plan: MergePlan) -> Iterator[tuple[str, Tensor]]:
        """Yield name and value of every tensor that differs from the base, in the order of names.

        Values are rounded to the plan's dtype. What a method cannot merge on a device is merged on
        the processor, by the exact engine.
        """
        buffers = BufferPool(plan_budget(plan))
        for name in plan.merged:
            if not is_changed(plan, name):
                continue
            if plan.method.anywhere:
                yield name, self._merged(plan, name)
            else:
                yield name, merged_value(plan, name, buffers)
        plan.check_unchanged()

    def _merged(self, plan: MergePlan, name: str) -> Tensor:
        """Return one tensor of the result, on the device."""
        entry, unit = plan.base.tensors[name], plan.unit_of(name)
        shape, dtype = block_shape(entry, unit), dtype_of(plan.stored(entry))
        rows = shape[0] if shape else 1
        width = entry.size // max(1, rows)
        whole = unit == "tensor" or (unit == "row" and len(shape) <= 1)
        step = rows if whole else max(1, BLOCK // max(1, width))
        models, context = plan.models_of(name), plan.context(name)
        base = self._stored(entry).reshape(shape)
        stored = [self._of_model(model, name, shape) for model in models]

        def blocks() -> Iterator[tuple[Base, Deltas, TensorContext]]:
            for start in range(0, max(1, rows), step):
                ours = (base[start : start + step] if shape else base).float()
                deltas = torch.stack(
                    [
                        self._delta(model, name, tensor, ours, start, start + len(ours))
                        if shape
                        else (tensor.float() if tensor is not None else ours) - ours
                        for model, tensor in zip(models, stored, strict=True)
                    ]
                )
                yield ours, deltas, replace(context, start=start * width)

        settings = plan.group(name).settings
        result = torch.empty(entry.size, dtype=dtype, device=self.device)
        filled = 0
        for block in plan.method.merge(blocks, settings):
            result[filled : filled + block.numel()].copy_(block.reshape(-1))
            filled += block.numel()
        return result.view(entry.shape)

    def _of_model(self, model: InputModel, name: str, shape: tuple[int, ...]) -> Tensor | None:
        """Return a model's own tensor as it is stored; None where its delta is computed."""
        entry = model.stored(name)
        return None if entry is None else self._stored(entry).reshape(shape)

    def _delta(
        self,
        model: InputModel,
        name: str,
        stored: Tensor | None,
        base: Base,
        start: int,
        stop: int,
    ) -> Tensor:
        """Return rows [start, stop) of model minus base in float32."""
        delta = torch.zeros_like(base) if stored is None else stored[start:stop].float() - base
        if stored is not None:
            factors = model.adapter.factors.get(name) if model.adapter is not None else None
        else:
            factors = model.factors(name)
        if factors is not None:
            delta += self._product(factors, start, stop).view(base.shape)
        elif stored is None and model.changes(name):
            computed = model.delta(name, start, stop)
            delta += 0 if computed is None else computed.to(base).view(base.shape)
        return delta

    def _product(self, factors: Factors, start: int, stop: int) -> Tensor:
        """Return rows of scaling · B · A, of factors that stay on the device."""
        if factors.saved is not None or self.device == "mps":  # no float64 there
            return factors.delta(start, stop).to(self.device)
        down, up = (self._stored(entry).double() for entry in (factors.down, factors.up))
        down = down * factors.scaling
        product = down[:, start:stop].T @ up.T if factors.transposed else up[start:stop] @ down
        return product.float()

    def _stored(self, entry: TensorEntry) -> Tensor:
        """Return a tensor of a file on the device, in its stored dtype."""
        key = replace(entry, name="", shape=(entry.size,))
        if key in self._held:
            return self._held[key].view(entry.shape)
        tensor = read_tensor(entry).to(self.device)
        size = entry.size * WIDTHS[entry.dtype]
        if size <= self._left:
            self._left -= size
            self._held[key] = tensor
        return tensor
