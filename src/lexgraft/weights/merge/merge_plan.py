"""What a merge will do, from headers only: a value to print, to price and to test."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from lexgraft import __version__
from lexgraft.arrays.lazy_torch import torch
from lexgraft.errors import LexgraftError, nearest
from lexgraft.project import Candidate
from lexgraft.records import digest
from lexgraft.weights.checkpoint.assets import code_named, read_sides
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.checkpoint.file_layout import Layout, plan_layout
from lexgraft.weights.checkpoint.input_model import InputModel
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.checkpoint.tensor_names import count_layers, depth_of, layer_of
from lexgraft.weights.checkpoint.tensor_reading import FLOATS
from lexgraft.weights.checkpoint.view import folders
from lexgraft.weights.merge import native_library as kernel
from lexgraft.weights.merge.native_loops import merge_shared
from lexgraft.weights.methods import Method, get_method
from lexgraft.weights.methods.parameter_values import filters, varies
from lexgraft.weights.methods.registry import TensorContext

ENGINE = 2  # raised whenever the bytes of a result change
BLOCK = 1 << 18  # elements of a tensor worked on at once, rounded to whole rows: fits the cache
CODES = {"bfloat16": "BF16", "float16": "F16", "float32": "F32"}
_KEPT_BASE = 1e-5  # how far 1 may move before a method is said to change what no model changes
_COPIES = 8  # float32 tensors of a block's size that a method works with, beside the inputs


class PlanPart(NamedTuple):
    """Tensors of the result that the same models make, with the same settings."""

    labels: tuple[str, ...]
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class AssetSources:
    """Where configuration and tokenizer of the result come from, and what is written into them."""

    config: Path
    tokenizer: Path
    edits: Mapping[str, Any] = field(default_factory=dict[str, Any])  # dotted key → value
    chat_template: str | None = None


@dataclass(frozen=True)
class MergePlan:
    """One merge, described completely; nothing has been read but headers."""

    method: Method
    settings: Mapping[str, Any]
    base: Checkpoint
    constituents: tuple[InputModel, ...]
    dtype: str
    seed: int
    merged: tuple[str, ...]  # tensors that some model may change, sorted
    layers: int
    groups: tuple[PlanPart, ...] = ()  # where not all tensors are made alike
    group_of: Mapping[str, int] = field(default_factory=dict[str, int])  # tensor → group
    depths: Mapping[str, float] = field(default_factory=dict[str, float])  # where not by layer
    sides: AssetSources | None = None  # None: the language model's if it is whole, or the base's
    rewritten: frozenset[str] = frozenset()  # merged even where no model differs from the base
    warnings: tuple[str, ...] = ()

    @cached_property
    def digest(self) -> str:
        """The identity of the result (reads every input once)."""
        return digest("merge", ENGINE, __version__, self.recipe(), self.inputs())

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the models, in the order of the merge."""
        return tuple(part.label for part in self.constituents)

    def group(self, name: str) -> PlanPart:
        """Return which models make a tensor, and with which settings."""
        return (
            self.groups[self.group_of[name]]
            if self.groups
            else PlanPart(self.labels, self.settings)
        )

    def parts(self, name: str) -> tuple[InputModel, ...]:
        """Return the models that make a tensor, in the order of the merge."""
        return tuple(self._by_label[label] for label in self.group(name).labels)

    @cached_property
    def folders(self) -> tuple[Path, ...]:
        """The folders of all inputs."""
        named = (self.sides.config, self.sides.tokenizer) if self.sides else ()
        bases = (folder.folder for folder in folders(self.base))
        adapters = (part.adapter.folder for part in self.constituents if part.adapter)
        parts = (part.folder for part in self.constituents)
        return tuple(dict.fromkeys((*bases, *parts, *adapters, *named)))

    @cached_property
    def _by_label(self) -> dict[str, InputModel]:
        return {part.label: part for part in self.constituents}

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

    def place(self, name: str) -> TensorContext:
        """Return where the first block of a tensor stands."""
        size, layer, labels = self.base.tensors[name].size, layer_of(name), self.group(name).labels
        depth = self.depths.get(name)
        depth = depth_of(name, self.layers) if depth is None else depth
        return TensorContext(name, labels, layer, self.layers, size, self.seed, depth=depth)

    def recipe(self) -> dict[str, Any]:
        """Return what was asked for, as plain values."""
        asked: dict[str, Any] = {
            "method": self.method.name,
            "parameters": dict(self.settings),
            "labels": list(self.labels),
            "dtype": self.dtype,
            "seed": self.seed,
        }
        if self.groups:
            groups = [{"labels": g.labels, "parameters": dict(g.settings)} for g in self.groups]
            asked["parameters"] = {}
            asked["groups"] = groups
            asked["places"] = digest("places", self.group_of, self.depths)
        if self.sides is not None:
            asked["config"] = dict(self.sides.edits)
            asked["chat_template"] = self.sides.chat_template
        return asked

    def inputs(self) -> dict[str, str]:
        """Return the digests of the base and of every model (reads every input once)."""
        found = {"base": self.base.digest}
        found.update((part.label, part.digest) for part in self.constituents)
        if self.sides is not None:
            dtype, sides = self.dtype, self.sides
            files = read_sides(sides.config, dtype, tokenizer=sides.tokenizer)
            found["sides"] = digest("sides", [(n, sha256(b).hexdigest()) for n, b in files.items()])
        return found

    def check_unchanged(self) -> None:
        """Raise when an input changed since it was opened."""
        self.base.check_unchanged()
        for part in self.constituents:
            part.check_unchanged()


def plan_merge(
    candidate: Candidate,
    base: Checkpoint,
    constituents: Mapping[str, InputModel],
    dtype: str,
    seed: int,
) -> MergePlan:
    """Return the plan of one merge, or say what cannot be merged; no weight is read.

    Raises:
        LexgraftError: unknown method or parameter, impossible values, models of another base.
    """
    if dtype not in CODES:
        raise LexgraftError(f"dtype `{dtype}` is not known", cure=nearest(dtype, CODES))
    method, parts = get_method(candidate.method), tuple(constituents.values())
    _check_parts(constituents, base)
    settings = method.settings(candidate.parameters, tuple(constituents))
    layers = count_layers(base.tensors)
    plan = complete(MergePlan(method, settings, base, parts, dtype, seed, (), layers))
    _check_filters(plan)
    return plan


def complete(plan: MergePlan) -> MergePlan:
    """Return the plan with the tensors that it merges, after a rehearsal on single numbers.

    Raises:
        LexgraftError: what the method refuses.
    """
    rewritten = _rehearse(plan)
    held = {part.label: frozenset(part.held) for part in plan.constituents}
    merged = tuple(
        name
        for name, entry in plan.base.tensors.items()
        if entry.dtype in FLOATS
        and (name in rewritten or any(name in held[label] for label in plan.group(name).labels))
    )
    warnings = (*plan.warnings, *_code_warnings(plan))
    return replace(plan, merged=merged, rewritten=rewritten, warnings=warnings)


def _code_warnings(plan: MergePlan) -> Iterator[str]:
    """Yield a warning for every folder whose configuration names code, which is left out."""
    homes = (plan.sides.config, plan.sides.tokenizer) if plan.sides else (plan.base.folder,)
    for folder in dict.fromkeys(homes):
        keys = code_named(folder)
        if keys:
            yield f"left out of the configuration, for it loads code: {', '.join(keys)} ({folder})"


def lost_filters(plan: MergePlan) -> list[tuple[str, str]]:
    """Return the parameter and the text of every filter that fits no tensor of the result."""
    settings = [group.settings for group in plan.groups] or [plan.settings]
    pairs = (
        (name, text) for setting in settings for name in setting for text in filters(setting[name])
    )
    return [
        (name, text)
        for name, text in dict.fromkeys(pairs)
        if not any(text in tensor for tensor in plan.base.tensors)
    ]


def block_shape(entry: TensorEntry, method: Method) -> tuple[int, ...]:
    """Return a tensor's shape as its method sees it: stacked matrices are one below the other.

    So a block holds some rows of one expert, not all of it; whole tensors keep their shape.
    """
    if method.unit == "tensor" or len(entry.shape) <= len(("rows", "columns")):
        return entry.shape
    return (prod(entry.shape[:-1]), entry.shape[-1])


def rows_of_block(entry: TensorEntry, method: Method) -> int:
    """Return how many rows of a tensor make a block: all of them where the method wants it."""
    shape = block_shape(entry, method)
    rows = shape[0] if shape else 1
    if method.unit == "tensor" or (method.unit == "row" and len(shape) <= 1):
        return max(1, rows)
    width = entry.size // rows if entry.size else 1
    return max(1, BLOCK // width)


def _block_size(entry: TensorEntry, method: Method) -> int:
    """Return the elements of a tensor's largest block."""
    shape = block_shape(entry, method)
    width = entry.size // shape[0] if shape and entry.size else 1
    return min(entry.size, rows_of_block(entry, method) * width)


def _check_parts(constituents: Mapping[str, InputModel], base: Checkpoint) -> None:
    """Raise unless there are models, under their own labels, opened against this base."""
    if not constituents:
        raise LexgraftError("a merge needs at least one model beside the base")
    for label, part in constituents.items():
        if part.label != label or part.base.folder != base.folder:
            raise ValueError(f"{label}: opened as {part.label} against {part.base.folder}")


def _check_filters(plan: MergePlan) -> None:
    """Raise for a filter of the settings that fits no tensor."""
    for parameter, text in lost_filters(plan):
        raise LexgraftError(
            f"filter `{text}` fits no tensor",
            where=f"{plan.method.name}.{parameter}",
            cure=nearest(text, sorted(_words(plan.base.tensors))),
        )


def _words(names: Iterable[str]) -> set[str]:
    """Return the words between the dots of the tensors' names."""
    return {word for name in names for word in name.split(".") if not word.isdigit()}


def _rehearse(plan: MergePlan) -> frozenset[str]:
    """Return the tensors that become others even where no model differs from the base.

    One number per layer, group and setting is merged, so that a method's own refusals come
    before any work.
    """
    seen: dict[tuple[object, ...], bool] = {}
    rewritten: list[str] = []
    for name, entry in plan.base.tensors.items():
        group = plan.group(name)
        if entry.dtype not in FLOATS or not group.labels:
            continue
        place = plan.place(name)
        varied = any(map(varies, group.settings.values()))
        known = str(plan.method.settings_at(group.settings, place)) if varied else ""
        key = (place.layer, plan.group_of.get(name), known)
        if key not in seen:
            seen[key] = _moves(plan.method, group, replace(place, size=1))
        if seen[key]:
            rewritten.append(name)
    return frozenset(rewritten)


def _moves(method: Method, group: PlanPart, place: TensorContext) -> bool:
    """Return whether a number that no model changes becomes another one (by a scale)."""
    moved = (_shared(method, group, place, number) - number for number in (0.0, 1.0))
    return any(abs(by) > _KEPT_BASE for by in moved)


def _shared(method: Method, group: PlanPart, place: TensorContext, number: float) -> float:
    """Return what a method makes of one number that all models share."""
    rule = method.native_spec(group.settings, place) if kernel.library() else None
    if rule is not None:
        return merge_shared(rule, place, number)
    one = [(torch.full((1,), number), torch.zeros(len(group.labels), 1), place)]
    return float(next(method.merge(lambda: iter(one), group.settings)))
