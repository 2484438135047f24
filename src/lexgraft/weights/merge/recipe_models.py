"""The models that a recipe names: opened, labelled, tied heads written out."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from lexgraft.errors import LexgraftError
from lexgraft.files.model_files import CONFIG
from lexgraft.files.safe_json import read_json
from lexgraft.weights.checkpoint.checkpoint_index import (
    Checkpoint,
    has_file,
    regular_file,
)
from lexgraft.weights.checkpoint.full_precision import open_full_precision
from lexgraft.weights.checkpoint.input_model import open_adapter_of, refuse_both
from lexgraft.weights.checkpoint.layer_stack import LayerStack, language_config, stack_of
from lexgraft.weights.checkpoint.lora_adapter import Adapter
from lexgraft.weights.checkpoint.tied_head import (
    embeddings_of,
    own_head,
    stated_tie,
    stored_head,
)
from lexgraft.weights.checkpoint.view import Origin, view
from lexgraft.weights.merge.head_of_result import repetition, without
from lexgraft.weights.merge.recipe import ModelName

_RESERVED = ("base", "sides", "union", "zero")  # what manifests and vocabularies call else
_MOST_NAMED = 4096  # a stack of 500 layers, each of several models, names fewer
Find = Callable[[str, str | None], Path]
"""From path (or Hub id) and revision to a folder."""


@dataclass(frozen=True)
class RecipeModel:
    """A model that a recipe names, by its headers and its configuration."""

    label: str
    checkpoint: Checkpoint
    adapter: Adapter | None
    config: Mapping[str, Any]
    tokenizer: Path  # the folder that has its tokenizer
    untied: bool = False  # its head is a matrix of its own, though its configuration ties it
    notes: tuple[str, ...] = ()  # what was done to bring it together with the others

    @property
    def text_config(self) -> tuple[str, Mapping[str, Any]]:
        """The part of the configuration that speaks of the language model, with its prefix."""
        return language_config(self.config)

    @cached_property
    def stack(self) -> LayerStack:
        """The layers of its language model."""
        return stack_of(self.checkpoint.tensors, self.config)

    @property
    def layers(self) -> int:
        """The number of layers of its language model."""
        return self.stack.count

    @cached_property
    def by_layer(self) -> Mapping[int | None, tuple[str, ...]]:
        """The names of its tensors by layer; None: those of no layer."""
        names_of_layer: dict[int | None, list[str]] = {}
        for name in self.checkpoint.tensors:
            names_of_layer.setdefault(self.stack.layer_of(name), []).append(name)
        return {layer: tuple(names) for layer, names in names_of_layer.items()}


def open_models(
    names: Iterable[ModelName],
    find: Find,
    earlier: Mapping[str, RecipeModel],
    dtype: str | None = None,
) -> dict[ModelName, RecipeModel]:
    """Return the models by name, opened, in the order given.

    `earlier` holds results of earlier documents by their names; quantised models are read in the
    `dtype` of the result where that is float32. A head that only repeats tied
    embeddings is left out; one that some models tie and others do not is written out for all.

    Raises:
        LexgraftError: a model that is not there, is not safetensors, or an adapter that does not
            fit.
    """
    models: dict[ModelName, RecipeModel] = {}
    named = tuple(names)
    if len(named) > _MOST_NAMED:
        raise LexgraftError(
            f"a recipe that names {len(named):,} models; at most {_MOST_NAMED:,} are read",
            where="recipe",
            cure="merge them in several steps",
        )
    for name in dict.fromkeys(named):
        label = _label(name, [model.label for model in models.values()])
        model = earlier.get(name.path) if name.revision is None else None
        plain_model = _whole(find(name.path, name.revision), dtype) if model is None else model
        adapter = None
        if name.adapter is not None:
            folder = find(name.adapter, name.adapter_revision)
            adapter = open_adapter_of(folder, plain_model.checkpoint)
        models[name] = replace(plain_model, label=label, adapter=adapter)
    return _one_head(models)


def _whole(folder: Path, dtype: str | None) -> RecipeModel:
    """Return the whole model of a folder, without a label yet."""
    if has_file(folder, CONFIG):
        refuse_both(folder)
        raise LexgraftError(
            "an adapter where a whole model is expected",
            where=str(folder),
            cure=f"write the model it belongs to before it: MODEL+{folder.name}",
        )
    checkpoint = open_full_precision(folder, dtype)
    config = read_json(regular_file(folder, "config.json"))
    return RecipeModel("", checkpoint, None, config, folder)


def _label(name: ModelName, labels: Iterable[str]) -> str:
    """Return a short name: the last parts of the paths, with a number where it is taken."""
    names = [Path(path).name or path for path in (name.path, name.adapter) if path]
    plain, reserved = "+".join(names), frozenset((*labels, *_RESERVED))
    numbered = (plain if number == 1 else f"{plain}#{number}" for number in range(1, 10_000))
    return next(label for label in numbered if label not in reserved)


def _one_head(models: dict[ModelName, RecipeModel]) -> dict[ModelName, RecipeModel]:
    """Return the models with heads of their own, or with none.

    Where no head is more than tied embeddings, those that are stored are left out; where one is,
    it is written out for the models that only tie it.
    """
    heads = [_own_head(model) for model in models.values()]
    head = next((own for own in heads if own is not None), None)
    if head is None:
        return {name: _without_head(model) for name, model in models.items()}
    return {name: _with_head(model, head) for name, model in models.items()}


def _own_head(model: RecipeModel) -> str | None:
    """Return the head that is more than tied embeddings, by itself or with the adapter."""
    head = stored_head(model.checkpoint)
    changed = model.adapter is not None and head in model.adapter.factors
    return head if changed else own_head(model.checkpoint, model.config)


def _without_head(model: RecipeModel) -> RecipeModel:
    head = stored_head(model.checkpoint)
    if head is None:
        return model
    notes = (*model.notes, repetition(head))
    return replace(model, checkpoint=without(model.checkpoint, head), notes=notes)


def _with_head(model: RecipeModel, head: str) -> RecipeModel:
    """Return the model with its embeddings also under the head's name, if it ties them."""
    if stored_head(model.checkpoint) is not None:
        return replace(model, untied=stated_tie(model.config) is True)
    embeddings = embeddings_of(model.checkpoint, model.config)
    if embeddings is None or stated_tie(model.config) is False:
        raise LexgraftError(
            f"`{head}` is missing, and the configuration does not tie it to the embeddings",
            where=str(model.checkpoint.folder),
            cure="get the whole model again",
        )
    origins = {name: Origin(0, name) for name in model.checkpoint.tensors}
    with_head = view((model.checkpoint,), {**origins, head: Origin(0, embeddings)})
    return replace(model, checkpoint=with_head, untied=True)
