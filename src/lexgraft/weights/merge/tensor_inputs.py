"""One tensor of every input, window by window: digests taken, values checked, deltas formed."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import gcd

import numpy as np
from xxhash import xxh3_128

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.disk_io import PAGE
from lexgraft.weights.checkpoint.input_model import InputModel
from lexgraft.weights.checkpoint.safetensors_header import WIDTHS, TensorEntry
from lexgraft.weights.checkpoint.tensor_bytes import fill_tensor
from lexgraft.weights.checkpoint.tensor_digests import remember
from lexgraft.weights.checkpoint.tensor_reading import FLOATS, dtype_of, read_flat
from lexgraft.weights.merge import native_library as kernel
from lexgraft.weights.merge.block_shapes import block_shape, rows_of_block
from lexgraft.weights.merge.memory_budget import BufferPool
from lexgraft.weights.merge.merge_plan import MergePlan
from lexgraft.weights.merge.native_dispatch import compiled_spec, stored_inputs, touched_by_adapters
from lexgraft.weights.merge.native_loops import sample_spans
from lexgraft.weights.methods.native_spec import KernelSpec
from lexgraft.weights.methods.registry import Base, Deltas, TensorContext, Unit

EXPONENTS = {
    "F64": (np.uint64, np.uint64(0x7FF0 << 48)),
    "F32": (np.uint32, np.uint32(0x7F80 << 16)),
    "F16": (np.uint16, np.uint16(0x7C00)),
    "BF16": (np.uint16, np.uint16(0x7F80)),
}
"""By dtype: its bits as whole numbers, and the exponent's bits, all ones in NaN and infinity."""

_CHECKED_AT_ONCE = 1 << 17  # elements of an input: they stay in the cache
_FIRST_SAMPLE = -2  # the buffers of samples count down from here; inputs count up from 0
Views = list[memoryview]
Inspect = Callable[[memoryview, int], None]
"""Sees a piece of a window while it is read, with the piece's offset in the window in bytes."""


@dataclass
class TensorInputs:
    """The stored bytes of one tensor in every input; what was noticed while reading them.

    The first whole pass takes the digests, checks the values and notes whether any input differs
    from the base. Windows are views of the worker's buffers: each is gone with the next.
    """

    plan: MergePlan
    name: str
    buffers: BufferPool
    allow_nonfinite: bool = False
    device: str = "cpu"  # on which the method is called
    changed: bool = False  # whether any model differs from the base
    digests: dict[str, str] = field(default_factory=dict)  # of the inputs as read, by label

    @property
    def entry(self) -> TensorEntry:
        """The base's tensor."""
        return self.plan.base.tensors[self.name]

    @property
    def unit(self) -> Unit:
        """What no block may cut in two."""
        return self.plan.unit_of(self.name)

    @property
    def shape(self) -> tuple[int, ...]:
        """The tensor as its method sees it, rows first."""
        return block_shape(self.entry, self.unit)

    @property
    def row_count(self) -> int:
        """The rows of the tensor; 1 for a single number."""
        return self.shape[0] if self.shape else 1

    @property
    def row_width(self) -> int:
        """The elements of a row."""
        return self.entry.size // max(self.row_count, 1)

    @cached_property
    def models(self) -> tuple[InputModel, ...]:
        """The models that make the tensor."""
        return self.plan.models_of(self.name)

    @cached_property
    def stored(self) -> list[tuple[str, TensorEntry]]:
        """The base and the models that are folders, with the tensor as they hold it."""
        return stored_inputs(self.plan, self.name)

    @cached_property
    def spec(self) -> KernelSpec | None:
        """What the compiled loops do for this tensor; None: the method itself is called."""
        return compiled_spec(self.plan, self.name, allow_nonfinite=self.allow_nonfinite)

    def windows(self) -> Iterator[tuple[int, Views]]:
        """Yield row number and raw bytes of every stored input, window by window."""
        stored, width = self.stored, self.row_width
        first_pass = not self.digests
        same = not touched_by_adapters(self.plan, self.name)
        hashers, step = [xxh3_128() for _ in stored], self._rows_of_window
        for start in range(0, self.row_count, step):
            stop = min(start + step, self.row_count)
            views: Views = []
            for number, ((_, entry), hasher) in enumerate(zip(stored, hashers, strict=True)):
                inspect = self._inspection(hasher, entry, start * width) if first_pass else None
                views.append(self._read(number, entry, start * width, stop * width, inspect))
            if first_pass:
                same = same and all(_equal(views[0], view) for view in views[1:])
            yield start, views
        if first_pass:
            self.changed = not same or self.name in self.plan.rewritten
            for (label, entry), hasher in zip(stored, hashers, strict=True):
                self.digests[label] = hasher.hexdigest()
                remember(entry, self.digests[label])

    def windows_again(self, in_memory: list[Views]) -> Iterator[Views]:
        """Yield the windows once more: those in memory, or read again.

        Where the tensor fits into memory, the first pass puts its windows there.
        """
        if in_memory:
            yield from in_memory
            return
        for _, views in self.windows():
            if self._fits_in_memory:
                in_memory.append(views)
            yield views

    def sample(self, in_memory: list[Views]) -> Iterator[Views]:
        """Yield evenly spaced pieces of the tensor, out of memory where it is held there."""
        if self._fits_in_memory:
            deque(self.windows_again(in_memory), maxlen=0)
        for start, stop in sample_spans(self.entry.size):
            yield [
                self._in_memory(number, entry, start, stop)
                if self._fits_in_memory
                else self._read(_FIRST_SAMPLE - number, entry, start, stop)
                for number, (_, entry) in enumerate(self.stored)
            ]

    def blocks(self) -> Iterator[tuple[Base, Deltas, TensorContext]]:
        """Yield base, deltas and context of every block of the tensor, in float32."""
        context, width = self.plan.context(self.name), self.row_width
        if not self.digests:
            self._check_factors()
        step = rows_of_block(self.entry, self.unit)
        for first, views in self.windows():
            raws = [
                torch.frombuffer(view, dtype=dtype_of(entry.dtype))
                for view, (_, entry) in zip(views, self.stored, strict=True)
            ]
            count = raws[0].numel() // width
            for start in range(0, count, step):
                stop = min(start + step, count)
                values = [raw[start * width : stop * width] for raw in raws]
                base, deltas = self._block(values, first + start, first + stop)
                if self.device != "cpu":
                    base, deltas = base.to(self.device), deltas.to(self.device)
                yield base, deltas, replace(context, start=(first + start) * width)

    def nonfinite_error(self, number: int) -> LexgraftError:
        """Return the error for a value that is not finite, with the input it comes from."""
        what = f"tensor `{self.name}`, value number {number}"
        for _, entry in self.stored:
            if not read_flat(entry, number, number + 1).isfinite():
                return LexgraftError(
                    f"{what} is not finite",
                    where=str(entry.file),
                    cure="get the model again; --allow-nonfinite merges it as it is",
                )
        return LexgraftError(
            f"{what} of the result is not finite: {self.plan.dtype} is too narrow for it",
            where=self.plan.method.name,
            cure="lower the weights, or give a wider dtype; --allow-nonfinite keeps it",
        )

    @property
    def _rows_of_window(self) -> int:
        """How many rows of every stored input are read at once."""
        step = rows_of_block(self.entry, self.unit)
        widest = max(WIDTHS[entry.dtype] for _, entry in self.stored) * max(self.row_width, 1)
        step *= max(1, self.buffers.budget.window // (step * widest))
        pages = PAGE // gcd(PAGE, widest)  # rows that fill whole pages: written past the cache
        return step - step % pages if step > pages else step

    @cached_property
    def _fits_in_memory(self) -> bool:
        """Whether the tensor is read once and held between survey and merge, which look twice."""
        size = sum(entry.size * WIDTHS[entry.dtype] for _, entry in self.stored)
        spec = self.spec
        return spec is not None and spec.surveys and size <= self.buffers.budget.held_bytes

    def _read(
        self,
        number: int,
        entry: TensorEntry,
        start: int,
        stop: int,
        inspect: Inspect | None = None,
    ) -> memoryview:
        """Return the bytes of elements [start, stop), read into a numbered buffer."""
        width = WIDTHS[entry.dtype]
        size, offset = (stop - start) * width, start * width
        if self._fits_in_memory:
            view = self._in_memory(number, entry, start, stop)
        else:
            view = self.buffers.view(number, size)
        # the system fetches the next window already
        ahead = min(size, entry.size * width - offset - size)
        fill_tensor(entry, offset, view, ahead=ahead, look=inspect)
        return view

    def _in_memory(self, number: int, entry: TensorEntry, start: int, stop: int) -> memoryview:
        """Return where elements [start, stop) of an input stand in a buffer for all of it."""
        width = WIDTHS[entry.dtype]
        return self.buffers.view(number, entry.size * width)[start * width : stop * width]

    def _inspection(self, hasher: xxh3_128, entry: TensorEntry, first: int) -> Inspect:
        """Return what takes an input's digest and checks its values, from element `first` on."""

        def inspect(piece: memoryview, start: int) -> None:
            hasher.update(piece)
            self._check_values(entry, piece, first + start // WIDTHS[entry.dtype])

        return inspect

    def _block(self, stored: list[Tensor], start: int, stop: int) -> tuple[Base, Deltas]:
        """Return rows [start, stop) of the base and of every model minus the base."""
        shape = (stop - start, *self.shape[1:]) if self.shape else ()
        base = torch.empty(shape)
        base.view(-1).copy_(stored[0])
        deltas, values = torch.empty((len(self.models), *shape)), iter(stored[1:])
        for delta, model in zip(deltas, self.models, strict=True):
            if model.stored(self.name) is not None:
                delta.view(-1).copy_(next(values))
                delta.sub_(base)
                if model.adapter is not None and self.name in model.adapter.factors:
                    delta.add_(model.adapter.factors[self.name].delta(start, stop))
            else:
                computed = model.delta(self.name, start, stop)
                delta.zero_() if computed is None else delta.copy_(computed)
        return base, deltas

    def _check_values(self, entry: TensorEntry, view: memoryview, first: int) -> None:
        """Raise for NaN or infinity in a window of an input, where a method could lose it.

        A method that drops values may drop it, and one that measures whole rows or tensors
        spreads it; a plain sum keeps it where it is, and the result is looked at anyway.
        """
        copied = self.name not in self.plan.merged_names
        if copied or self.allow_nonfinite or entry.dtype not in FLOATS:
            return
        spec = self.spec
        if spec is not None and not (spec.surveys or spec.steps or spec.ranked):
            return
        if kernel.all_finite(view, entry.dtype):
            return
        kind, ones = EXPONENTS[entry.dtype]
        values = np.frombuffer(view, kind)
        for start in range(0, len(values), _CHECKED_AT_ONCE):
            exponents = np.bitwise_and(values[start : start + _CHECKED_AT_ONCE], ones)
            if exponents.max() == ones:
                raise self.nonfinite_error(first + start + int(exponents.argmax()))

    def _check_factors(self) -> None:
        """Raise for NaN or infinity in what an adapter adds to the tensor."""
        for model in self.models:
            entry = None if self.allow_nonfinite else model.nonfinite_factor(self.name)
            if entry is not None:
                raise LexgraftError(
                    f"tensor `{self.name}`: the adapter's `{entry.name}` is not finite",
                    where=str(entry.file),
                    cure="get the adapter again; --allow-nonfinite merges it as it is",
                )


def _equal(first: memoryview, second: memoryview) -> bool:
    """Return whether two windows hold the same bytes; most that differ do so at once."""
    a, b = (np.frombuffer(view, np.uint8) for view in (first, second))
    if len(a) != len(b) or not np.array_equal(a[:64], b[:64]):
        return False
    return bool(np.array_equal(a, b))
