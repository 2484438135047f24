"""A plan for a reader: what is merged, from what, into what, and what it takes."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lexgraft.arrays.lazy_torch import torch
from lexgraft.errors import as_called
from lexgraft.files.disk_space import free_bytes
from lexgraft.files.store_places import url_of
from lexgraft.weights.checkpoint.input_model import InputModel
from lexgraft.weights.merge import native_library as kernel
from lexgraft.weights.merge.merge_plan import MergePlan, TensorGroup
from lexgraft.weights.merge.native_loops import Floats, merge_arrays
from lexgraft.weights.merge.stored_dtypes import grouped
from lexgraft.weights.methods import Method
from lexgraft.weights.methods.registry import TensorContext

_TRIAL = 1 << 18  # elements that a method is timed on
_TRIES = 2
_MOST_GROUPS = 12  # shown one by one


def describe(plan: MergePlan, output: Path | None = None) -> list[str]:
    """Return the plan as lines; with an output folder also the disk, and the time it takes."""
    method = plan.method
    lines = [
        f"merge    {method.name} ({_settings(plan.settings)}), {method.paper}",
        f"base     {as_called(plan.base.folder)}",
        *(f"{model.label:<8} {_where(model)}" for model in plan.input_models),
        *_groups(plan),
        f"tensors  {len(plan.merged)} merged, {len(plan.copied)} copied, {plan.stack.count} layers",
        *_first_of([f"copied   {name}" for name in plan.copied], "copied"),
        f"reads    {plan.read_bytes:,} bytes",
        f"writes   {plan.write_bytes:,} bytes in {len(plan.layout.sizes)} file(s), {plan.dtype}",
        *_kept(plan),
        f"memory   {plan.memory_bytes:,} bytes",
    ]
    if plan.assets is not None:
        lines.append(f"config   {as_called(plan.assets.config)}")
        lines.append(f"tokens   {as_called(plan.assets.tokenizer)}")
        lines += [f"config   {key} = {_short(value)}" for key, value in plan.assets.edits.items()]
    if output is not None:
        free = _free(output)
        lines.append(
            f"store    {as_called(output)}, in parts; it appears when it is whole"
            if free is None
            else f"disk     {free:,} bytes free at {output}"
        )
        lines.append(
            f"time     about {arithmetic_seconds(plan):,.1f} s of arithmetic, plus the disk"
        )
    return [*lines, *(f"warning: {text}" for text in plan.warnings)]


def summary(plan: MergePlan, output: Path) -> dict[str, Any]:
    """Return the plan as plain values, every tensor of the result accounted for."""
    merged = frozenset(plan.merged)
    return {
        "recipe": plan.recipe(),
        "base": as_called(plan.base.folder),
        "models": {model.label: _where(model) for model in plan.input_models},
        "tensors": {
            name: {
                "from": list(plan.group(name).labels) if name in merged else ["base"],
                "action": "merged" if name in merged else "copied",
                "shape": list(slot.shape),
                "dtype": slot.dtype,
            }
            for name, slot in plan.layout.slots.items()
        },
        "dtype": plan.dtype,
        "kept_dtypes": {name: dtype for name, (dtype, _) in grouped(plan.kept).items()},
        "read_bytes": plan.read_bytes,
        "write_bytes": plan.write_bytes,
        "memory_bytes": plan.memory_bytes,
        "free_bytes": _free(output),
        "arithmetic_seconds": arithmetic_seconds(plan),
        "warnings": list(plan.warnings),
    }


def arithmetic_seconds(plan: MergePlan) -> float:
    """Return the expected processor seconds of arithmetic, from this machine's on one block.

    Values are drawn with a fixed seed; reading and writing come on top.
    """
    if not plan.merged:
        return 0.0
    name = max(plan.merged, key=lambda tensor: plan.base.tensors[tensor].size)
    group, context = plan.group(name), plan.context(name)
    total = sum(plan.base.tensors[tensor].size for tensor in plan.merged)
    size = min(_TRIAL, total)
    side = max(1, int(size**0.5))
    generator = np.random.default_rng(0)
    base, *deltas = generator.standard_normal((1 + len(group.labels), side, side), np.float32)
    models = [base, *(base + 0.01 * delta for delta in deltas)]
    trial = replace(context, size=side * side)
    took: list[float] = []
    for _ in range(_TRIES):  # the first one also loads what is needed
        start = time.process_time()
        _try(plan.method, group, trial, models)
        took.append(time.process_time() - start)
    return min(took) * total / (side * side)


def _try(
    method: Method, group: TensorGroup, context: TensorContext, models: Sequence[Floats]
) -> None:
    """Merge a tensor in memory, and forget it."""
    spec = method.native_spec(group.settings, context) if kernel.library() else None
    if spec is not None:
        merge_arrays(spec, context, models)
        return
    base, *fine_tuned = map(torch.from_numpy, models)
    deltas = torch.stack([model - base for model in fine_tuned])
    for _ in method.merge(lambda: iter([(base, deltas, context)]), group.settings):
        pass


def _groups(plan: MergePlan) -> list[str]:
    """Return a line per group of tensors that are made alike."""
    count = [0] * len(plan.groups)
    for number in plan.group_of.values():
        count[number] += 1
    lines = [
        f"group    {tensors} tensors from {', '.join(group.labels)} ({_settings(group.settings)})"
        for group, tensors in zip(plan.groups, count, strict=True)
    ]
    return _first_of(lines, "group")


def _first_of(lines: Sequence[str], what: str) -> list[str]:
    """Return the first lines of a kind, and how many more there are."""
    left_out = len(lines) - _MOST_GROUPS
    more = [f"{what:<8} and {left_out} more"] if left_out > 0 else []
    return [*lines[:_MOST_GROUPS], *more]


def _kept(plan: MergePlan) -> list[str]:
    """Return a line per kind of tensor that keeps the dtype it is stored in."""
    groups = grouped(plan.kept)
    lines = [f"keeps    {dtype} for {name} ({n})" for name, (dtype, n) in groups.items()]
    return _first_of(lines, "keeps")


def _settings(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_short(value)}" for name, value in settings.items())


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 160 else f"{text[:157]}..."


def _where(model: InputModel) -> str:
    folders = f"{model.folder} + {model.adapter.folder}" if model.adapter else model.folder
    return as_called(folders)


def _free(output: Path) -> int | None:
    """Return the free bytes of an output's disk; None for a store, which has no end."""
    return None if url_of(output) is not None else free_bytes(output)
