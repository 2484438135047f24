"""What a merge will do, from headers only: a value to print, to price and to test."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from lexgraft import __version__
from lexgraft.arrays.lazy_torch import torch
from lexgraft.errors import LexgraftError, nearest
from lexgraft.project import Candidate
from lexgraft.records import digest
from lexgraft.weights.checkpoint.assets import read_assets
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint, has_file
from lexgraft.weights.checkpoint.file_layout import Layout, plan_layout
from lexgraft.weights.checkpoint.input_model import InputModel
from lexgraft.weights.checkpoint.input_statistics import InputStatistics
from lexgraft.weights.checkpoint.layer_stack import LayerStack, folder_stack
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.checkpoint.tensor_reading import FLOATS
from lexgraft.weights.checkpoint.view import folders
from lexgraft.weights.merge import native_library as kernel
from lexgraft.weights.merge.block_shapes import largest_block
from lexgraft.weights.merge.head_of_result import head_of_result
from lexgraft.weights.merge.native_loops import merge_shared
from lexgraft.weights.merge.plan_warnings import (
    adapter_warnings,
    code_warnings,
    config_warnings,
    learning_warnings,
    quantised_notes,
    tokenizer_warnings,
)
from lexgraft.weights.merge.stored_dtypes import CODES, grouped, kept_dtypes
from lexgraft.weights.merge.walked_back import walked_back
from lexgraft.weights.methods import Method, get_method
from lexgraft.weights.methods.input_moments import LowRank
from lexgraft.weights.methods.parameter_values import filters, varies
from lexgraft.weights.methods.registry import TensorContext, Unit

ENGINE = 3  # raised whenever the bytes of a result change
_KEPT_BASE = 1e-5  # how far 1 may move before a method is said to change what no model changes
_COPIES = 8  # float32 tensors of a block's size that a method works with, beside the inputs


class TensorGroup(NamedTuple):
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
    input_models: tuple[InputModel, ...]
    dtype: str
    seed: int
    merged: tuple[str, ...]  # tensors that some model may change, sorted
    stack: LayerStack  # of the result
    groups: tuple[TensorGroup, ...] = ()  # where not all tensors are made alike
    group_of: Mapping[str, int] = field(default_factory=dict[str, int])  # tensor → group
    depths: Mapping[str, float] = field(default_factory=dict[str, float])  # where not by layer
    assets: AssetSources | None = None  # None: the language model's if it is whole, or the base's
    edits: Mapping[str, Any] = field(default_factory=dict[str, Any])  # where `assets` is None
    rewritten: frozenset[str] = frozenset()  # merged even where no model differs from the base
    kept: Mapping[str, str] = field(default_factory=dict[str, str])  # not in `dtype`, their codes
    warnings: tuple[str, ...] = ()
    statistics: InputStatistics | None = None  # what was learnt of the layers' inputs
    share: float = 1.0  # of the way from the first model, as `method` goes it

    def __getstate__(self) -> dict[str, Any]:
        """Travel between processes with the method's name: its functions are there as well."""
        return {**vars(self), "method": self.method.name}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, method=walked_back(get_method(state["method"]), state["share"]))

    @cached_property
    def digest(self) -> str:
        """The identity of the result (reads every input once)."""
        return digest("merge", ENGINE, __version__, self.recipe(), self.inputs())

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the models, in the order of the merge."""
        return tuple(model.label for model in self.input_models)

    def group(self, name: str) -> TensorGroup:
        """Return which models make a tensor, and with which settings."""
        return (
            self.groups[self.group_of[name]]
            if self.groups
            else TensorGroup(self.labels, self.settings)
        )

    def models_of(self, name: str) -> tuple[InputModel, ...]:
        """Return the models that make a tensor, in the order of the merge."""
        return tuple(self._by_label[label] for label in self.group(name).labels)

    @cached_property
    def folders(self) -> tuple[Path, ...]:
        """The folders of all inputs."""
        named = (self.assets.config, self.assets.tokenizer) if self.assets else ()
        bases = (folder.folder for folder in folders(self.base))
        adapters = (model.adapter.folder for model in self.input_models if model.adapter)
        models = (model.folder for model in self.input_models)
        return tuple(dict.fromkeys((*bases, *models, *adapters, *named)))

    @property
    def home(self) -> Path:
        """The folder of configuration and tokenizer where `assets` do not name them.

        That is the language model's if it is whole, or else the base's.
        """
        whole = (m for m in self.input_models if isinstance(m.source, Checkpoint))
        folders = [model.folder for model in whole if model.label == "language"]
        complete = (folder for folder in folders if has_file(folder, "tokenizer_config.json"))
        return next(complete, self.base.folder)

    @cached_property
    def _by_label(self) -> dict[str, InputModel]:
        return {model.label: model for model in self.input_models}

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
        of_models = (shard for model in self.input_models for shard in model.shards)
        return sum(shard.size for shard in dict.fromkeys((*self.base.shards, *of_models)))

    @property
    def write_bytes(self) -> int:
        """The bytes of the result's weights."""
        return self.layout.total

    @property
    def memory_bytes(self) -> int:
        """The memory that one worker needs at least, beside the interpreter."""
        entries = map(self.base.tensors.__getitem__, self.merged)
        widest = max(
            (largest_block(entry, self.unit_of(entry.name)) for entry in entries), default=0
        )
        solving = self.statistics.solving_bytes if self.statistics else 0
        return 4 * widest * (2 * len(self.input_models) + 1 + _COPIES) + solving

    def unit_of(self, name: str) -> Unit:
        """Return what no block of a tensor may cut in two."""
        if self.method.learns and (self.statistics is None or name not in self.statistics.weights):
            return "element"
        return self.method.unit

    @cached_property
    def merged_names(self) -> frozenset[str]:
        """The tensors that some model may change."""
        return frozenset(self.merged)

    def stored(self, entry: TensorEntry) -> str:
        """Return the code of the dtype that a tensor of the result is stored in."""
        if entry.dtype not in FLOATS:
            return entry.dtype
        return self.kept.get(entry.name, CODES[self.dtype])

    def context(self, name: str) -> TensorContext:
        """Return where the first block of a tensor stands."""
        size, labels, stack = self.base.tensors[name].size, self.group(name).labels, self.stack
        depth = self.depths.get(name)
        depth = stack.depth_of(name) if depth is None else depth
        layer = stack.layer_of(name)
        inputs = self.statistics.moments(name) if self.statistics else None
        context = TensorContext(
            name, labels, layer, stack.count, size, self.seed, depth=depth, inputs=inputs
        )
        if inputs is None:
            return context

        def low_rank() -> tuple[LowRank | None, ...]:
            return tuple(model.low_rank(name) for model in self.models_of(name))

        return replace(context, low_rank=low_rank)

    def recipe(self) -> dict[str, Any]:
        """Return what was asked for, as plain values."""
        fields: dict[str, Any] = {
            "method": self.method.name,
            "parameters": dict(self.settings),
            "labels": list(self.labels),
            "dtype": self.dtype,
            "seed": self.seed,
        }
        if self.method.code:
            fields["code"] = self.method.code
        if self.statistics is not None:
            fields["statistics"] = self.statistics.digest
        if self.share != 1:
            fields["share"] = self.share
        if self.groups:
            groups = [{"labels": g.labels, "parameters": dict(g.settings)} for g in self.groups]
            fields["parameters"] = {}
            fields["groups"] = groups
            fields["places"] = digest("places", self.group_of, self.depths)
        if self.edits:
            fields["config"] = dict(self.edits)
        if self.kept:
            fields["kept_dtypes"] = {name: dtype for name, (dtype, _) in grouped(self.kept).items()}
        if self.assets is not None:
            fields["config"] = dict(self.assets.edits)
            fields["chat_template"] = self.assets.chat_template
        return fields

    def inputs(self) -> dict[str, str]:
        """Return the digests of the base and of every model (reads every input once)."""
        digests = {"base": self.base.digest}
        digests.update((model.label, model.digest) for model in self.input_models)
        if self.assets is not None:
            dtype, assets = self.dtype, self.assets
            files = read_assets(assets.config, dtype, tokenizer=assets.tokenizer)
            digests["sides"] = digest(
                "sides", [(n, sha256(b).hexdigest()) for n, b in files.items()]
            )
        return digests

    def check_unchanged(self) -> None:
        """Raise when an input changed since it was opened."""
        self.base.check_unchanged()
        for model in self.input_models:
            model.check_unchanged()


def plan_merge(
    candidate: Candidate,
    base: Checkpoint,
    input_models: Mapping[str, InputModel],
    dtype: str,
    seed: int,
    statistics: InputStatistics | None = None,
) -> MergePlan:
    """Return the plan of one merge, or say what cannot be merged; no weight is read.

    `statistics` are what was learnt of the layers' inputs, for the methods that need it.

    Raises:
        LexgraftError: unknown method or parameter, impossible values, models of another base.
    """
    if dtype not in CODES:
        raise LexgraftError(f"dtype `{dtype}` is not known", cure=nearest(dtype, CODES))
    method, models = get_method(candidate.method), tuple(input_models.values())
    _check_parts(input_models, base)
    heads, notes = head_of_result(base, models), (note for m in models for note in m.notes)
    settings = method.settings(candidate.parameters, tuple(input_models))
    plan = complete(
        MergePlan(
            method=walked_back(method, candidate.share),
            share=candidate.share,
            settings=settings,
            base=heads.base,
            input_models=models,
            dtype=dtype,
            seed=seed,
            merged=(),
            edits=heads.edits,
            stack=folder_stack(base.tensors, base.folder),
            warnings=(*heads.notes, *notes, *config_warnings(base, models)),
            statistics=statistics if method.learns else None,
        )
    )
    _check_filters(plan)
    return plan


def complete(plan: MergePlan) -> MergePlan:
    """Return the plan with the tensors that it merges, after a rehearsal on single numbers.

    Raises:
        LexgraftError: what the method refuses.
    """
    rewritten = _rehearse(plan)
    held = {model.label: frozenset(model.held) for model in plan.input_models}
    merged = tuple(
        name
        for name, entry in plan.base.tensors.items()
        if entry.dtype in FLOATS
        and (name in rewritten or any(name in held[label] for label in plan.group(name).labels))
    )
    config, tokenizer = (
        (plan.assets.config, plan.assets.tokenizer) if plan.assets else (plan.home, plan.home)
    )
    warnings = (
        *plan.warnings,
        *quantised_notes(plan.base, plan.input_models),
        *adapter_warnings(plan.input_models),
        *code_warnings([config, tokenizer]),
        *learning_warnings(plan.method, plan.statistics, plan.base.tensors, merged),
        *tokenizer_warnings(tokenizer, plan.base.tensors),
    )
    models, makers = plan.input_models, plan.models_of
    kept = kept_dtypes(plan.base, models, makers, frozenset(merged), plan.dtype)
    return replace(plan, merged=merged, rewritten=rewritten, kept=kept, warnings=warnings)


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


def _check_parts(input_models: Mapping[str, InputModel], base: Checkpoint) -> None:
    """Raise unless there are models, under their own labels, opened against this base."""
    if not input_models:
        raise LexgraftError("a merge needs at least one model beside the base")
    for label, model in input_models.items():
        if model.label != label or model.base.folder != base.folder:
            raise ValueError(f"{label}: opened as {model.label} against {model.base.folder}")


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
    rewriting: dict[tuple[object, ...], bool] = {}
    rewritten: list[str] = []
    for name, entry in plan.base.tensors.items():
        group = plan.group(name)
        if entry.dtype not in FLOATS or not group.labels:
            continue
        context = plan.context(name)
        varied = any(map(varies, group.settings.values()))
        single_values = str(plan.method.settings_at(group.settings, context)) if varied else ""
        key = (context.layer, plan.group_of.get(name), single_values)
        if key not in rewriting:
            rewriting[key] = _moves(plan.method, group, replace(context, size=1))
        if rewriting[key]:
            rewritten.append(name)
    return frozenset(rewritten)


def _moves(method: Method, group: TensorGroup, context: TensorContext) -> bool:
    """Return whether a number that no model changes becomes another one (by a scale)."""
    differences = (_shared(method, group, context, number) - number for number in (0.0, 1.0))
    return any(abs(difference) > _KEPT_BASE for difference in differences)


def _shared(method: Method, group: TensorGroup, context: TensorContext, number: float) -> float:
    """Return what a method makes of one number that all models share."""
    spec = method.native_spec(group.settings, context) if kernel.library() else None
    if spec is not None:
        return merge_shared(spec, context, number)
    block = [(torch.full((1,), number), torch.zeros(len(group.labels), 1), context)]
    return float(next(method.merge(lambda: iter(block), group.settings)))
