"""One tensor of the result: its inputs merged, rounded once, and yielded as bytes."""

from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.safetensors_header import WIDTHS, TensorEntry
from lexgraft.weights.checkpoint.tensor_reading import FLOATS, dtype_of
from lexgraft.weights.merge.memory_budget import BufferPool
from lexgraft.weights.merge.merge_plan import MergePlan
from lexgraft.weights.merge.native_loops import NativeLoops
from lexgraft.weights.merge.tensor_inputs import EXPONENTS, TensorInputs, Views
from lexgraft.weights.methods.native_spec import KernelSpec

CHANGED, NONFINITE, INPUT = "changed", "nonfinite", "input:"
"""What is noted of a tensor: that a model changes it, values, and the digests of its inputs."""
_RESULT = -1  # the number of the buffer for what is written


class TensorMerge:
    """The making of one tensor of the result: its bytes, and what was noticed on the way.

    A pure function of plan and name: neither the buffers nor the order of tensors shows in it, so
    that any engine can run it anywhere, in any order, twice if need be.
    """

    def __init__(
        self,
        plan: MergePlan,
        name: str,
        buffers: BufferPool,
        *,
        allow_nonfinite: bool = False,
        device: str = "cpu",
    ) -> None:
        self.plan, self.name, self.buffers = plan, name, buffers
        self.inputs = TensorInputs(plan, name, buffers, allow_nonfinite, device)
        self.nonfinite = 0  # values of the result
        self._allow_nonfinite = allow_nonfinite

    @property
    def entry(self) -> TensorEntry:
        """The base's tensor."""
        return self.inputs.entry

    @cached_property
    def code(self) -> str:
        """The dtype that the result is stored in."""
        return self.plan.stored(self.entry)

    def write(self, write: Callable[[Iterator[memoryview]], str]) -> tuple[str, dict[str, str]]:
        """Have the tensor written, and return its digest and what is to be noted of it.

        `write` takes the windows and returns their digest; what no model changes it takes twice
        where the first bytes were not the base's own.
        """
        written = write(self.windows())
        self.check_whole_numbers()
        inputs = self.inputs
        if not inputs.changed and inputs.digests and written != inputs.digests["base"]:
            self.nonfinite = 0
            written = write(self.copied_windows())
        record = {INPUT + label: input_digest for label, input_digest in inputs.digests.items()}
        record |= {CHANGED: "yes"} if inputs.changed else {}
        record |= {NONFINITE: str(self.nonfinite)} if self.nonfinite else {}
        return written, record

    def windows(self) -> Iterator[memoryview]:
        """Yield the tensor's bytes as they are stored; each window is gone with the next.

        Raises:
            LexgraftError: NaN or infinity, whole numbers that differ, an input that was cut.
        """
        if self.entry.size == 0:
            return
        if self.name not in self.plan.merged_names:
            yield from self.copied_windows()
        elif (spec := self.inputs.spec) is not None:
            yield from self._native_windows(spec)
        else:
            yield from self._method_windows()

    def copied_windows(self) -> Iterator[memoryview]:
        """Yield the base's own tensor in the dtype of the result."""
        if self.entry.size == 0:
            return
        if self.code != self.entry.dtype:
            yield from self._rounded(base for base, _, _ in self.inputs.blocks())
            return
        for row, views in self.inputs.windows():
            self._check_stored(views[0], row)
            yield views[0]

    def check_whole_numbers(self) -> None:
        """Raise when models differ in a tensor that cannot be merged."""
        if self.inputs.changed and self.entry.dtype not in FLOATS:
            raise whole_numbers(self.plan, self.name)

    def _method_windows(self) -> Iterator[memoryview]:
        """Yield the merge that the method itself makes, block by block."""
        method, inputs = self.plan.method, self.inputs
        # A survey walks through the blocks first: where they fit, they are read only once.
        cached = method.survey and self.entry.size <= self.buffers.budget.cached_elements
        in_memory = list(inputs.blocks()) if cached else []
        if in_memory and not inputs.changed:
            yield from self.copied_windows()
            return
        settings = self.plan.group(self.name).settings
        yield from self._rounded(
            method.merge(lambda: iter(in_memory) if in_memory else inputs.blocks(), settings)
        )

    def _native_windows(self, spec: KernelSpec) -> Iterator[memoryview]:
        """Yield the merge that the compiled loops make, window by window."""
        inputs, codes = self.inputs, [entry.dtype for _, entry in self.inputs.stored]
        context = self.plan.context(self.name)
        loops = NativeLoops(spec, context, codes, self.code, inputs.shape)
        in_memory: list[Views] = []
        loops.survey(lambda: inputs.windows_again(in_memory), lambda: inputs.sample(in_memory))
        if spec.surveys and not inputs.changed:
            yield from self.copied_windows()
            return
        done = 0
        for views in inputs.windows_again(in_memory):
            count = len(views[0]) // WIDTHS[codes[0]]
            result = self.buffers.view(_RESULT, count * WIDTHS[self.code])
            if loops.merge(views, result):
                self._check_finite(result, self.code, done)
            done += count
            yield result

    def _rounded(self, blocks: Iterator[Tensor]) -> Iterator[memoryview]:
        """Yield blocks as bytes, rounded once to the dtype of the result, in windows of a size."""
        width = WIDTHS[self.code]
        capacity = max(1, self.buffers.budget.window // width)
        memory = self.buffers.view(_RESULT, capacity * width)
        values = torch.frombuffer(memory, dtype=dtype_of(self.code))
        filled = done = 0
        for block in blocks:
            flat, start = block.reshape(-1), 0
            while start < flat.numel():
                count = min(capacity - filled, flat.numel() - start)
                values[filled : filled + count].copy_(flat[start : start + count])
                filled, start = filled + count, start + count
                if filled == capacity:
                    yield self._check_finite(memory, self.code, done)
                    filled, done = 0, done + capacity
        if filled:
            yield self._check_finite(memory[: filled * width], self.code, done)

    def _check_stored(self, view: memoryview, row: int) -> None:
        """Check a window of the base that is copied as it is."""
        if self.entry.dtype in FLOATS:
            self._check_finite(view, self.entry.dtype, row * self.inputs.row_width)
        elif self.entry.dtype == "BOOL" and max(view) > 1:
            raise LexgraftError(
                f"tensor `{self.name}` holds a truth value that is neither 0 nor 1",
                where=str(self.entry.file),
                cure="get the file again from its source",
            )

    def _check_finite(self, view: memoryview, code: str, first: int) -> memoryview:
        """Return a window after counting what is not finite in it: all ones in the exponent."""
        kind, ones = EXPONENTS[code]
        bad = np.bitwise_and(np.frombuffer(view, kind), ones) == ones
        count = int(np.count_nonzero(bad))
        self.nonfinite += count
        if count and not self._allow_nonfinite:
            raise self.inputs.nonfinite_error(first + int(bad.argmax()))
        return view


def is_changed(plan: MergePlan, name: str) -> bool:
    """Return whether any model differs from the base in this tensor.

    Raises:
        LexgraftError: a model differs in a tensor that is not of floating point.
    """
    changed = any(model.changes(name) for model in plan.models_of(name))
    if changed and plan.base.tensors[name].dtype not in FLOATS:
        raise whole_numbers(plan, name)
    return changed or name in plan.rewritten


def whole_numbers(plan: MergePlan, name: str) -> LexgraftError:
    """Return the error for whole numbers that models do not agree on."""
    return LexgraftError(
        f"tensor `{name}` holds whole numbers and differs from the base",
        where=", ".join(str(model.folder) for model in plan.models_of(name)),
        cure="only floating point can be merged: use models that share it",
    )
