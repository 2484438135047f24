"""Which tensors of a plan the compiled loops make, and by what rule."""

from lexgraft.weights.checkpoint.input_model import InputModel
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.merge import native_library as kernel
from lexgraft.weights.merge.merge_plan import MergePlan
from lexgraft.weights.methods.native_spec import KernelSpec


def stored_inputs(plan: MergePlan, name: str) -> list[tuple[str, TensorEntry]]:
    """Return the base and the models that are folders, with a tensor as they hold it."""
    models = [(model.label, model.stored(name)) for model in plan.models_of(name)]
    held = [(label, entry) for label, entry in models if entry is not None]
    return [("base", plan.base.tensors[name]), *held]


def touched_by_adapters(plan: MergePlan, name: str) -> bool:
    """Return whether a model that is not a folder changes a tensor."""
    return any(_touches(model, name) for model in plan.models_of(name))


def compiled_spec(plan: MergePlan, name: str, *, allow_nonfinite: bool) -> KernelSpec | None:
    """Return what the compiled loops do for a tensor; None: the method is called, or it is copied.

    They take what is stored as bfloat16 or float32, and know no NaN that is to be kept.
    """
    if name not in plan.merged_names:
        return None
    entries = [entry for _, entry in stored_inputs(plan, name)]
    codes = {entry.dtype for entry in entries} | {plan.stored(plan.base.tensors[name])}
    if kernel.library() is None or allow_nonfinite or not codes <= kernel.CODES.keys():
        return None
    all_stored = len(entries) == 1 + len(plan.models_of(name))
    if not all_stored or touched_by_adapters(plan, name):
        return None
    return plan.method.native_spec(plan.group(name).settings, plan.context(name))


def needs_torch(plan: MergePlan, name: str, *, allow_nonfinite: bool) -> bool:
    """Return whether a tensor is made neither by the compiled loops nor copied as it is stored."""
    if name in plan.merged_names:
        return compiled_spec(plan, name, allow_nonfinite=allow_nonfinite) is None
    entry = plan.base.tensors[name]
    return plan.stored(entry) != entry.dtype


def _touches(model: InputModel, name: str) -> bool:
    """Return whether an adapter changes a tensor; folders are compared as they are read."""
    if model.stored(name) is not None:
        return model.adapter is not None and name in model.adapter.factors
    return model.changes(name)
