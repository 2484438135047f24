"""One tensor at a time: windows of the inputs in, merged and rounded windows out."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import gcd

import numpy as np
from xxhash import xxh3_128

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.disk_io import PAGE, fill
from lexgraft.weights.checkpoint.input_model import InputModel
from lexgraft.weights.checkpoint.safetensors_header import WIDTHS, TensorEntry
from lexgraft.weights.checkpoint.tensor_digests import remember
from lexgraft.weights.checkpoint.tensor_reading import FLOATS, dtype_of, read_flat
from lexgraft.weights.merge import native_library as kernel
from lexgraft.weights.merge.memory_budget import BufferPool
from lexgraft.weights.merge.merge_plan import MergePlan, block_shape, rows_of_block
from lexgraft.weights.merge.native_dispatch import compiled_rule, stored_inputs, touched_by_adapters
from lexgraft.weights.merge.native_loops import NativeLoops, sample_spans
from lexgraft.weights.methods.native_spec import KernelSpec
from lexgraft.weights.methods.registry import Base, Deltas, TensorContext

_LOOKED_AT = 1 << 17  # elements of an input at once: they stay in the cache
_RESULT, _SAMPLED = -1, -2  # the desk's place for what is written; the first for samples
_EXPONENTS = {
    "F64": (np.uint64, np.uint64(0x7FF0 << 48)),
    "F32": (np.uint32, np.uint32(0x7F80 << 16)),
    "F16": (np.uint16, np.uint16(0x7C00)),
    "BF16": (np.uint16, np.uint16(0x7F80)),
}
Views = list[memoryview]
Look = Callable[[memoryview, int], None]


@dataclass
class TensorMerge:
    """The making of one tensor of the result: its bytes, and what was noticed on the way.

    A pure function of plan and name: neither the desk nor the order of tensors shows in it, so
    that any engine can run it anywhere, in any order, twice if need be.
    """

    plan: MergePlan
    name: str
    desk: BufferPool
    allow_nonfinite: bool = False
    nonfinite: int = 0  # values of the result
    changed: bool = False  # whether any model differs from the base
    digests: dict[str, str] = field(default_factory=dict)  # of the inputs as read, by label

    def windows(self) -> Iterator[memoryview]:
        """Yield the tensor's bytes as they are stored; each window is gone with the next.

        Raises:
            LexgraftError: NaN or infinity, whole numbers that differ, an input that was cut.
        """
        if self.entry.size == 0:
            return
        if self.name not in self.plan.merged_names:
            yield from self.copied_windows()
        elif (rule := self._rule) is not None:
            yield from self._looped(rule)
        else:
            survey = self.plan.method.survey is not None
            kept = list(self._blocks()) if survey and self.entry.size <= self._kept else []
            if kept and not self.changed:
                yield from self.copied_windows()
                return
            merged = self.plan.method.merge(
                lambda: iter(kept) if kept else self._blocks(), self.plan.group(self.name).settings
            )
            yield from self._rounded(merged)

    def copied_windows(self) -> Iterator[memoryview]:
        """Yield the base's own tensor in the dtype of the result."""
        if self.entry.size == 0:
            return
        if self.plan.stored(self.entry) != self.entry.dtype:
            yield from self._rounded(base for base, _, _ in self._blocks())
            return
        for at, views in self._windows():
            base = views[0]
            self._check_stored(base, at)
            yield base

    @property
    def entry(self) -> TensorEntry:
        """The base's tensor."""
        return self.plan.base.tensors[self.name]

    @cached_property
    def _parts(self) -> tuple[InputModel, ...]:
        """The models that make the tensor."""
        return self.plan.parts(self.name)

    @cached_property
    def _rule(self) -> KernelSpec | None:
        """What the compiled loops do for this tensor; None: the method itself is called."""
        return compiled_rule(self.plan, self.name, allow_nonfinite=self.allow_nonfinite)

    @property
    def _shape(self) -> tuple[int, ...]:
        """The tensor as its method sees it, rows first."""
        return block_shape(self.entry, self.plan.method)

    @property
    def _rows(self) -> int:
        return self._shape[0] if self._shape else 1

    @property
    def _kept(self) -> int:
        return self.desk.room.kept

    @cached_property
    def _stored(self) -> list[tuple[str, TensorEntry]]:
        """The base and the models that are folders, with the tensor as they hold it."""
        return stored_inputs(self.plan, self.name)

    @property
    def _rows_of_window(self) -> int:
        """How many rows of every stored input are read at once."""
        width = self.entry.size // max(self._rows, 1)
        step = rows_of_block(self.entry, self.plan.method)
        widest = max(WIDTHS[entry.dtype] for _, entry in self._stored) * max(width, 1)
        step *= max(1, self.desk.room.window // (step * widest))
        pages = PAGE // gcd(PAGE, widest)  # rows that fill whole pages: written past the cache
        return step - step % pages if step > pages else step

    def _windows(self) -> Iterator[tuple[int, Views]]:
        """Yield row number and raw bytes of every stored input, window by window.

        The first whole pass takes the digests and notes whether any input differs.
        """
        stored, width = self._stored, self.entry.size // max(self._rows, 1)
        noting = not self.digests
        same = not touched_by_adapters(self.plan, self.name)
        hashers, step = [xxh3_128() for _ in stored], self._rows_of_window
        for start in range(0, self._rows, step):
            stop = min(start + step, self._rows)
            views: Views = []
            for number, ((_, entry), hasher) in enumerate(zip(stored, hashers, strict=True)):
                look = self._look(hasher, entry, start * width) if noting else None
                views.append(self._read(number, entry, start * width, stop * width, look))
            if noting:
                same = same and all(_equal(views[0], view) for view in views[1:])
            yield start, views
        if noting:
            self.changed = not same or self.name in self.plan.rewritten
            for (label, entry), hasher in zip(stored, hashers, strict=True):
                self.digests[label] = hasher.hexdigest()
                remember(entry, self.digests[label])

    def _look(self, hasher: xxh3_128, entry: TensorEntry, at: int) -> Look:
        """Return what takes the digest of an input and checks it, from element `at` on."""

        def look(piece: memoryview, start: int) -> None:
            hasher.update(piece)
            self._check_input(entry, piece, at + start // WIDTHS[entry.dtype])

        return look

    def _read(
        self, number: int, entry: TensorEntry, start: int, stop: int, look: Look | None = None
    ) -> memoryview:
        """Return the bytes of elements [start, stop) in a place of the desk."""
        width = WIDTHS[entry.dtype]
        size, at = (stop - start) * width, entry.start + start * width
        view = (
            self.desk.place(number, entry.size * width)[start * width : stop * width]
            if self._held
            else self.desk.place(number, size)
        )
        fill(entry.file, at, view, ahead=min(size, entry.end - at - size), look=look)
        return view

    def _blocks(self) -> Iterator[tuple[Base, Deltas, TensorContext]]:
        """Yield base, deltas and place of every block of the tensor, in float32."""
        place, entries = self.plan.place(self.name), [entry for _, entry in self._stored]
        if not self.digests:
            self._check_factors()
        width, step = (
            self.entry.size // max(self._rows, 1),
            rows_of_block(self.entry, self.plan.method),
        )
        for first, views in self._windows():
            raws = [
                torch.frombuffer(view, dtype=dtype_of(entry.dtype))
                for view, entry in zip(views, entries, strict=True)
            ]
            count = raws[0].numel() // width
            for start in range(0, count, step):
                stop = min(start + step, count)
                part = [raw[start * width : stop * width] for raw in raws]
                base, deltas = self._block(part, first + start, first + stop)
                yield base, deltas, replace(place, start=(first + start) * width)

    def _block(self, raws: list[Tensor], start: int, stop: int) -> tuple[Base, Deltas]:
        """Return rows [start, stop) of the base and of every model minus the base."""
        parts = self._parts
        shape = (stop - start, *self._shape[1:]) if self._shape else ()
        base = torch.empty(shape)
        base.view(-1).copy_(raws[0])
        deltas, stored = torch.empty((len(parts), *shape)), iter(raws[1:])
        for delta, part in zip(deltas, parts, strict=True):
            if part.stored(self.name) is not None:
                delta.view(-1).copy_(next(stored))
                delta.sub_(base)
                if part.adapter is not None and self.name in part.adapter.factors:
                    delta.add_(part.adapter.factors[self.name].delta(start, stop))
            else:
                found = part.delta(self.name, start, stop)
                delta.zero_() if found is None else delta.copy_(found)
        return base, deltas

    def _looped(self, rule: KernelSpec) -> Iterator[memoryview]:
        """Yield the merge that the compiled loops make, window by window."""
        code, codes = self.plan.stored(self.entry), [entry.dtype for _, entry in self._stored]
        loops = NativeLoops(rule, self.plan.place(self.name), codes, code, self._shape)
        held: list[Views] = []
        loops.survey(lambda: self._again(held), lambda: self._sample(held))
        if rule.surveys and not self.changed:
            yield from self.copied_windows()
            return
        done = 0
        for views in self._again(held):
            count = len(views[0]) // WIDTHS[codes[0]]
            result = self.desk.place(_RESULT, count * WIDTHS[code])
            if loops.merge(views, result):
                self._check_finite(result, code, done)
            done += count
            yield result

    @cached_property
    def _held(self) -> bool:
        """Whether the tensor is read once and held between survey and merge, which look twice."""
        size = sum(entry.size * WIDTHS[entry.dtype] for _, entry in self._stored)
        return self._rule is not None and self._rule.surveys and size <= self.desk.room.held

    def _again(self, held: list[Views]) -> Iterator[Views]:
        """Yield the windows once more: those held, or read again."""
        if held:
            yield from held
            return
        for _, views in self._windows():
            if self._held:
                held.append(views)
            yield views

    def _sample(self, held: list[Views]) -> Iterator[Views]:
        """Yield pieces of the tensor, out of memory where it is held."""
        if self._held:
            deque(self._again(held), maxlen=0)
        entries = [entry for _, entry in self._stored]
        for start, stop in sample_spans(self.entry.size):
            yield [
                self.desk.place(n, entry.size * WIDTHS[entry.dtype])[
                    start * WIDTHS[entry.dtype] : stop * WIDTHS[entry.dtype]
                ]
                if self._held
                else self._read(_SAMPLED - n, entry, start, stop)
                for n, entry in enumerate(entries)
            ]

    def _rounded(self, blocks: Iterator[Tensor]) -> Iterator[memoryview]:
        """Yield blocks as bytes, rounded once to the dtype of the result, in windows of a size."""
        code = self.plan.stored(self.entry)
        room = max(1, self.desk.room.window // WIDTHS[code])
        memory = self.desk.place(_RESULT, room * WIDTHS[code])
        values = torch.frombuffer(memory, dtype=dtype_of(code))
        held = done = 0
        for block in blocks:
            flat, at = block.reshape(-1), 0
            while at < flat.numel():
                count = min(room - held, flat.numel() - at)
                values[held : held + count].copy_(flat[at : at + count])
                held, at = held + count, at + count
                if held == room:
                    yield self._check_finite(memory, code, done)
                    held, done = 0, done + room
        if held:
            yield self._check_finite(memory[: held * WIDTHS[code]], code, done)

    def _check_stored(self, view: memoryview, row: int) -> None:
        """Check a window of the base that is copied as it is."""
        if self.entry.dtype in FLOATS:
            self._check_finite(view, self.entry.dtype, row * (self.entry.size // self._rows))
        elif self.entry.dtype == "BOOL" and max(view) > 1:
            raise LexgraftError(
                f"tensor `{self.name}` holds a truth value that is neither 0 nor 1",
                where=str(self.entry.file),
                cure="get the file again from its source",
            )

    def _check_input(self, entry: TensorEntry, view: memoryview, at: int) -> None:
        """Raise for NaN or infinity in a window of an input, where a method could lose it.

        A method that drops values may drop it, and one that measures whole rows or tensors
        spreads it; a plain sum keeps it where it is, and the result is looked at anyway.
        """
        copied = self.name not in self.plan.merged_names
        if copied or self.allow_nonfinite or entry.dtype not in FLOATS:
            return
        rule = self._rule
        if rule is not None and not (rule.surveys or rule.steps or rule.ranked):
            return
        if kernel.all_finite(view, entry.dtype):
            return
        kind, ones = _EXPONENTS[entry.dtype]
        values = np.frombuffer(view, kind)
        for start in range(0, len(values), _LOOKED_AT):
            exponents = np.bitwise_and(values[start : start + _LOOKED_AT], ones)
            if exponents.max() == ones:
                raise self._not_finite(at + start + int(exponents.argmax()))

    def _check_factors(self) -> None:
        """Raise for NaN or infinity in what an adapter adds to the tensor."""
        for part in self._parts:
            entry = None if self.allow_nonfinite else part.nonfinite_factor(self.name)
            if entry is not None:
                raise LexgraftError(
                    f"tensor `{self.name}`: the adapter's `{entry.name}` is not finite",
                    where=str(entry.file),
                    cure="get the adapter again; --allow-nonfinite merges it as it is",
                )

    def _check_finite(self, view: memoryview, code: str, at: int) -> memoryview:
        """Return a window after counting what is not finite in it: all ones in the exponent."""
        kind, ones = _EXPONENTS[code]
        bad = np.bitwise_and(np.frombuffer(view, kind), ones) == ones
        found = int(np.count_nonzero(bad))
        self.nonfinite += found
        if found and not self.allow_nonfinite:
            raise self._not_finite(at + int(bad.argmax()))
        return view

    def _not_finite(self, number: int) -> LexgraftError:
        """Return the error for a value of the result, with where it comes from."""
        what = f"tensor `{self.name}`, value number {number}"
        for _, entry in self._stored:
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

    def check_whole_numbers(self) -> None:
        """Raise when models differ in a tensor that cannot be merged."""
        if self.changed and self.entry.dtype not in FLOATS:
            raise whole_numbers(self.plan, self.name)


def is_changed(plan: MergePlan, name: str) -> bool:
    """Return whether any model differs from the base in this tensor.

    Raises:
        LexgraftError: a model differs in a tensor that is not of floating point.
    """
    changed = any(part.changes(name) for part in plan.parts(name))
    if changed and plan.base.tensors[name].dtype not in FLOATS:
        raise whole_numbers(plan, name)
    return changed or name in plan.rewritten


def whole_numbers(plan: MergePlan, name: str) -> LexgraftError:
    """Return the error for whole numbers that models do not agree on."""
    return LexgraftError(
        f"tensor `{name}` holds whole numbers and differs from the base",
        where=", ".join(str(part.folder) for part in plan.parts(name)),
        cure="only floating point can be merged: use models that share it",
    )


def _equal(first: memoryview, second: memoryview) -> bool:
    """Return whether two windows hold the same bytes."""
    mine, other = (np.frombuffer(view, np.uint8) for view in (first, second))
    if len(mine) != len(other) or not np.array_equal(mine[:64], other[:64]):
        return False
    return bool(np.array_equal(mine, other))
