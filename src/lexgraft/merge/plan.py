"""What a merge will do, from headers only: a value to print, to price and to test."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch

from lexgraft import __version__
from lexgraft.checkpoint.constituent import Constituent
from lexgraft.checkpoint.header import TensorEntry
from lexgraft.checkpoint.index import Checkpoint
from lexgraft.checkpoint.layout import Layout, plan_layout
from lexgraft.checkpoint.names import count_layers, depth_of, layer_of
from lexgraft.checkpoint.read import FLOATS
from lexgraft.errors import UserError, nearest
from lexgraft.methods import Method, get_method
from lexgraft.methods.registry import Place
from lexgraft.methods.settings import filters, varies
from lexgraft.project import Candidate
from lexgraft.records import digest

ENGINE = 2  # raised whenever the bytes of a result change
BLOCK = 1 << 18  # elements of a tensor worked on at once, rounded to whole rows: fits the cache
CODES = {"bfloat16": "BF16", "float16": "F16", "float32": "F32"}
_COPIES = 8  # float32 tensors of a block's size that a method works with, beside the inputs


@dataclass(frozen=True)
class MergePlan:
    """One merge, described completely; nothing has been read but headers."""

    method: Method
    settings: Mapping[str, Any]
    base: Checkpoint
    constituents: tuple[Constituent, ...]
    dtype: str
    seed: int
    merged: tuple[str, ...]  # tensors that some model may change, sorted
    layers: int

    @cached_property
    def digest(self) -> str:
        """The identity of the result (reads every input once)."""
        return digest("merge", ENGINE, __version__, self.recipe(), self.inputs())

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the models, in the order of the merge."""
        return tuple(part.label for part in self.constituents)

    @cached_property
    def layout(self) -> Layout:
        """The places of all tensors in the result's files."""
        entries = self.base.tensors.values()
        return plan_layout((entry.name, self.stored(entry), entry.shape) for entry in entries)

    @property
    def copied(self) -> tuple[str, ...]:
        """The tensors that no model changes, sorted."""
        return tuple(name for name in self.base.tensors if name not in self.merged_names)

    @property
    def read_bytes(self) -> int:
        """The bytes of all inputs' weights, each counted once."""
        whole = sum(shard.size for shard in self.base.shards)
        return whole + sum(part.byte_count for part in self.constituents)

    @property
    def write_bytes(self) -> int:
        """The bytes of the result's weights."""
        return self.layout.total

    @property
    def memory_bytes(self) -> int:
        """The memory that one worker needs at least, beside the interpreter."""
        entries = map(self.base.tensors.__getitem__, self.merged)
        widest = max((_block_size(entry, self.method) for entry in entries), default=0)
        return 4 * widest * (2 * len(self.constituents) + 1 + _COPIES)

    @cached_property
    def merged_names(self) -> frozenset[str]:
        """The tensors that some model may change."""
        return frozenset(self.merged)

    def stored(self, entry: TensorEntry) -> str:
        """Return the dtype a tensor of the base is stored in."""
        return CODES[self.dtype] if entry.dtype in FLOATS else entry.dtype

    def place(self, name: str) -> Place:
        """Return where the first block of a tensor stands."""
        size, depth = self.base.tensors[name].size, depth_of(name, self.layers)
        layer = layer_of(name)
        return Place(name, self.labels, layer, self.layers, size, self.seed, depth=depth)

    def recipe(self) -> dict[str, Any]:
        """Return what was asked for, as plain values."""
        return {
            "method": self.method.name,
            "parameters": dict(self.settings),
            "labels": list(self.labels),
            "dtype": self.dtype,
            "seed": self.seed,
        }

    def inputs(self) -> dict[str, str]:
        """Return the digests of the base and of every model (reads every input once)."""
        parts = {part.label: part.digest for part in self.constituents}
        return {"base": self.base.digest, **parts}

    def check_unchanged(self) -> None:
        """Raise when an input changed since it was opened."""
        self.base.check_unchanged()
        for part in self.constituents:
            part.check_unchanged()

    def describe(self) -> list[str]:
        """Return the plan as lines for a reader."""
        settings = ", ".join(f"{name} {value}" for name, value in self.settings.items())
        return [
            f"merge    {self.method.name} ({settings}), {self.method.paper}",
            f"base     {self.base.folder}",
            *(f"{part.label:<8} {part.folder}" for part in self.constituents),
            f"tensors  {len(self.merged)} merged, {len(self.copied)} copied, {self.layers} layers",
            f"reads    {self.read_bytes:,} bytes",
            f"writes   {self.write_bytes:,} bytes, {self.dtype}",
            f"memory   {self.memory_bytes:,} bytes",
        ]


def plan_merge(
    candidate: Candidate,
    base: Checkpoint,
    constituents: Mapping[str, Constituent],
    dtype: str,
    seed: int,
) -> MergePlan:
    """Return the plan of one merge, or say what cannot be merged; no weight is read.

    Raises:
        UserError: unknown method or parameter, impossible values, models of another base.
    """
    if dtype not in CODES:
        raise UserError(f"dtype `{dtype}` is not known", cure=nearest(dtype, CODES))
    method, parts = get_method(candidate.method), tuple(constituents.values())
    _check_parts(constituents, base)
    settings = method.settings(candidate.parameters, tuple(constituents))
    held = {name for part in parts for name in part.held}
    merged = tuple(
        name for name, entry in base.tensors.items() if name in held and entry.dtype in FLOATS
    )
    layers = count_layers(base.tensors)
    plan = MergePlan(method, settings, base, parts, dtype, seed, merged, layers)
    _check_filters(plan)
    _rehearse(plan)
    return plan


def rows_of_block(entry: TensorEntry, method: Method) -> int:
    """Return how many rows of a tensor make a block: all of them where the method wants it."""
    rows = entry.shape[0] if entry.shape else 1
    if method.unit == "tensor" or (method.unit == "row" and len(entry.shape) <= 1):
        return max(1, rows)
    width = entry.size // rows if entry.size else 1
    return max(1, BLOCK // width)


def _block_size(entry: TensorEntry, method: Method) -> int:
    """Return the elements of a tensor's largest block."""
    width = entry.size // entry.shape[0] if entry.shape and entry.size else 1
    return min(entry.size, rows_of_block(entry, method) * width)


def _check_parts(constituents: Mapping[str, Constituent], base: Checkpoint) -> None:
    """Raise unless there are models, under their own labels, opened against this base."""
    if not constituents:
        raise UserError("a merge needs at least one model beside the base")
    for label, part in constituents.items():
        if part.label != label or part.base.folder != base.folder:
            raise ValueError(f"{label}: opened as {part.label} against {part.base.folder}")


def _check_filters(plan: MergePlan) -> None:
    """Raise for a filter of the settings that fits no tensor."""
    for parameter, setting in plan.settings.items():
        for text in filters(setting):
            if not any(text in name for name in plan.base.tensors):
                raise UserError(
                    f"filter `{text}` fits no tensor",
                    where=f"{plan.method.name}.{parameter}",
                    cure=nearest(text, sorted(_words(plan.base.tensors))),
                )


def _words(names: Iterable[str]) -> set[str]:
    """Return the words between the dots of the tensors' names."""
    return {word for name in names for word in name.split(".") if not word.isdigit()}


def _rehearse(plan: MergePlan) -> None:
    """Merge one number per layer and setting, so that a method's own refusals come first."""
    varied = any(map(varies, plan.settings.values()))
    places = {
        (place.layer, str(plan.method.at(plan.settings, place)) if varied else ""): place
        for place in map(plan.place, plan.merged)
    }
    for place in places.values():
        base, deltas = torch.zeros(1), torch.zeros(len(plan.constituents), 1)
        one = [(base, deltas, replace(place, size=1))]
        for _ in plan.method.merge(lambda: iter(one), plan.settings):  # noqa: B023
            pass
