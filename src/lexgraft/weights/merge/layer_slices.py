"""A recipe as layer slices: runs of the result's layers, with the models' layers that make them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from lexgraft.errors import LexgraftError
from lexgraft.weights.merge.recipe import (
    MergeRecipe,
    ModelName,
    Parameters,
    RecipeSlice,
    parse_model,
    token_choices,
    vocabulary_of,
)
from lexgraft.weights.merge.recipe_models import RecipeModel

_WHERE = "recipe"


class SliceSource(NamedTuple):
    """A model's part in a layer slice: its layers from `first` on, and its own parameters."""

    model: RecipeModel
    first: int
    parameters: Parameters = None


class LayerSlice(NamedTuple):
    """Equally many layers of every source become the next layers of the result."""

    sources: tuple[SliceSource, ...]
    base: SliceSource | None
    length: int
    scopes: tuple[Parameters, ...]  # of the slice, the module and the recipe
    listed: bool  # whether the base stands among the sources
    based: bool  # whether the recipe names a base


class ModelTower(NamedTuple):
    """One part of the model and its layer slices, first to last."""

    name: str | None  # text, vision, audio, projector; None: the whole model
    layer_slices: tuple[LayerSlice, ...]


def towers_of(
    recipe: MergeRecipe, models: Mapping[ModelName, RecipeModel]
) -> tuple[ModelTower, ...]:
    """Return the towers that a recipe speaks of, with their layer slices in order.

    Raises:
        LexgraftError: layers that a model does not have, sources of unequal length, a module that
            is not known.
    """
    if recipe.modules is None:
        listed = [
            SliceSource(_model(item.model, models), 0, item.parameters)
            for item in recipe.models or ()
        ]
        return (ModelTower(None, _layer_slices(recipe, listed, recipe.slices, models, None)),)
    towers: list[ModelTower] = []
    for name, module in recipe.modules.items():
        listed = [
            SliceSource(_model(item.model, models), 0, item.parameters)
            for item in module.models or ()
        ]
        layer_slices = _layer_slices(recipe, listed, module.slices, models, module.parameters)
        tower_name = None if len(recipe.modules) == 1 and name == "default" else tower_named(name)
        towers.append(ModelTower(tower_name, layer_slices))
    if len({tower.name for tower in towers}) < len(towers):
        raise LexgraftError("two modules stand for one part of the model", where=_WHERE)
    return tuple(towers)


def tower_named(module: str) -> str:
    """Return the part of a model that a recipe's module stands for.

    Raises:
        LexgraftError: none that is known.
    """
    for word, tower in (
        ("vision", "vision"),
        ("visual", "vision"),
        ("audio", "audio"),
        ("projector", "projector"),
        ("text_decoder", "text"),
        ("default", "text"),
    ):
        if word in module:
            return tower
    raise LexgraftError(
        f"module `{module}` is not known",
        where=_WHERE,
        cure="known: default, text_decoder, vision_tower, audio_tower, multi_modal_projector; for "
        "encoder and decoder write `models` instead of modules",
    )


def module_of(model: RecipeModel, name: str) -> str:
    """Return the module of a recipe that a model's tensor belongs to; MTP is the text's."""
    tower = model.stack.tower_of(name)
    return "text" if tower == "mtp" else tower


def _layer_slices(
    recipe: MergeRecipe,
    sources: Sequence[SliceSource],
    slices: Sequence[RecipeSlice] | None,
    models: Mapping[ModelName, RecipeModel],
    module: Parameters,
) -> tuple[LayerSlice, ...]:
    """Return the layer slices of whole models, or of slices in the recipe."""
    base = None if recipe.base_model is None else _model(recipe.base_model, models)
    if slices is None:
        depths = {source.model.label: source.model.layers for source in sources}
        if base is not None:
            depths[base.label] = base.layers
        if len({*depths.values()}) > 1:
            raise LexgraftError(
                f"the models have different numbers of layers: {depths}",
                where=_WHERE,
                cure="write slices with a layer_range for each",
            )
        stands = None if base is None else SliceSource(base, 0)
        listed = base is not None and any(item.model is base for item in sources)
        length = sources[0].model.layers
        scopes = (None, module, recipe.parameters)
        return (LayerSlice(tuple(sources), stands, length, scopes, listed, base is not None),)
    return tuple(_layer_slice(item, base, models, module, recipe.parameters) for item in slices)


def _layer_slice(
    piece: RecipeSlice,
    base: RecipeModel | None,
    models: Mapping[ModelName, RecipeModel],
    module: Parameters,
    recipe_parameters: Parameters,
) -> LayerSlice:
    """Return the layer slice that one slice of the recipe describes."""
    if piece.residual_weight is not None:
        raise LexgraftError("`residual_weight` has no effect", where=_WHERE, cure="leave it out")
    if piece.base_model is not None:
        base = _model(piece.base_model, models)
    sources = [
        SliceSource(_model(item.model, models), item.layer_range[0], item.parameters)
        for item in piece.sources
    ]
    if not sources:
        raise LexgraftError("a slice has no sources", where=_WHERE)
    lengths = [end - first for first, end in (item.layer_range for item in piece.sources)]
    if len({*lengths}) > 1:
        raise LexgraftError(f"the sources of a slice have {lengths} layers", where=_WHERE)
    for item, source in zip(piece.sources, sources, strict=True):
        if item.layer_range[1] > source.model.layers:
            raise LexgraftError(
                f"layer_range {list(item.layer_range)} of `{source.model.label}`, which has "
                f"{source.model.layers} layers",
                where=_WHERE,
                cure="the first layer is 0, and the end is not included",
            )
    own_source = next((item for item in sources if item.model is base), None)
    scopes = (piece.parameters, module, recipe_parameters)
    stands = own_source or _beside(base, sources, lengths[0])
    return LayerSlice(
        tuple(sources), stands, lengths[0], scopes, own_source is not None, base is not None
    )


def _beside(
    base: RecipeModel | None, sources: Sequence[SliceSource], length: int
) -> SliceSource | None:
    """Return the base's part in a slice that does not list it: the same layers as the sources."""
    if base is None:
        return None
    firsts = {source.first for source in sources}
    first = sources[0].first
    if len(firsts) > 1 or first + length > base.layers:
        raise LexgraftError(
            f"a slice does not say which layers of the base `{base.label}` it stands on",
            where=_WHERE,
            cure="list the base among the slice's sources, with its layer_range",
        )
    return SliceSource(base, first)


def _model(value: object, models: Mapping[ModelName, RecipeModel]) -> RecipeModel:
    return models[parse_model(value, _WHERE)]


def names_of(recipe: MergeRecipe) -> Iterator[ModelName]:
    """Yield the models that a recipe names, the base first, those of its tokenizer last."""
    values = [recipe.base_model]
    lists = [recipe.models or (), *((m.models or ()) for m in (recipe.modules or {}).values())]
    values += [item.model for group in lists for item in group]
    slices = [*(recipe.slices or ())]
    slices += [item for m in (recipe.modules or {}).values() for item in m.slices or ()]
    for item in slices:
        values += [item.base_model, *(source.model for source in item.sources)]
    yield from (parse_model(value, _WHERE) for value in values if value is not None)
    rows = (token_choice.model for token_choice in token_choices(recipe).values())
    yield from (item for item in (vocabulary_of(recipe), *rows) if isinstance(item, ModelName))
