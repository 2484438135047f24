"""What a recipe's result is beside its weights: dtype, configuration, tokenizer, chat template."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lexgraft.errors import LexgraftError, nearest
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.checkpoint.layer_stack import COUNTS, LayerStack
from lexgraft.weights.checkpoint.main_dtype import main_dtype
from lexgraft.weights.checkpoint.tied_head import untying
from lexgraft.weights.merge.layer_edits import LayerOrigin, layer_edits
from lexgraft.weights.merge.layer_slices import names_of
from lexgraft.weights.merge.merge_plan import AssetSources
from lexgraft.weights.merge.recipe import MergeRecipe, ModelName, vocabulary_of
from lexgraft.weights.merge.recipe_models import RecipeModel
from lexgraft.weights.merge.stored_dtypes import CODES
from lexgraft.weights.merge.tokenizer_check import chat_template, difference

_COUNTS = (*COUNTS, "num_blocks")
_LISTS = ("layer_types", "layers_block_type", "hybrid_override_pattern")  # that may stand for them


class ChosenConfig(NamedTuple):
    """The model whose configuration the result gets, the files' folders, and warnings."""

    model: RecipeModel
    assets: AssetSources
    warnings: tuple[str, ...]


def dtype_of(recipe: MergeRecipe, base: Checkpoint) -> str:
    """Return the dtype the result is stored in: as asked for, or what most of the base is in.

    Raises:
        LexgraftError: a dtype that is not written.
    """
    name = stated_dtype(recipe)
    if name is not None:
        if name in {"float64", "double"}:
            raise LexgraftError(
                f"dtype `{name}` is not written",
                where="recipe",
                cure="`float32` holds all that was computed: arithmetic is in float32",
            )
        if name not in CODES:
            raise LexgraftError(
                f"dtype `{name}` is not written", where="recipe", cure=nearest(name, CODES)
            )
        return name
    names = {code: name for name, code in CODES.items()}
    return names.get(main_dtype(base.tensors.values()), "float32")


def stated_dtype(recipe: MergeRecipe) -> str | None:
    """Return the dtype that a recipe asks for, by torch's name."""
    dtype = recipe.out_dtype or recipe.dtype
    return None if dtype is None else dtype.removeprefix("torch.")


def assets_of(recipe: MergeRecipe, models: Mapping[ModelName, RecipeModel]) -> ChosenConfig:
    """Return where configuration and tokenizer come from: the base, or the first model.

    Models of different vocabularies have been brought together before, if a recipe asks for that.
    """
    first = models[next(names_of(recipe))]
    vocabulary = vocabulary_of(recipe)
    owner = models[vocabulary] if isinstance(vocabulary, ModelName) else first
    warnings: list[str] = []
    for model in models.values():
        how = None if model is owner else difference(owner.tokenizer, model.tokenizer)
        if how is not None:
            warnings.append(
                f"rows of `{owner.label}` and `{model.label}` with one number are merged, "
                f"though they may mean different tokens: {how}; `tokenizer_source: union` (or "
                "`base`, or a model) brings them together"
            )
    folders = _folders(models.values())
    template = recipe.chat_template and chat_template(recipe.chat_template, folders)
    assets = AssetSources(first.checkpoint.folder, owner.tokenizer, chat_template=template)
    return ChosenConfig(first, assets, tuple(warnings))


def edits_of(
    model: RecipeModel,
    origins: Sequence[tuple[RecipeModel, str]],
    names: Sequence[str],
    stack: LayerStack,
) -> dict[str, Any]:
    """Return what must be changed in a model's configuration for a result with these tensors.

    The number of layers, all that gives a layer its kind by its number, and the tie of the head.

    Raises:
        LexgraftError: a configuration that does not say how many layers there are, or cannot say
            of which kinds they are.
    """
    edits: dict[str, Any] = {}
    prefix, config = model.text_config
    if model.untied:
        edits |= untying(model.config)
    order = _order(origins, names, stack)
    if order == [(model, layer) for layer in range(model.layers)]:
        return edits
    counts = [key for key in _COUNTS if config.get(key) == model.layers]
    counts = counts or [key for key in COUNTS if key in config][:1]
    if not counts and not any(_is_list(config.get(key), model.layers) for key in _LISTS):
        raise LexgraftError(
            "config.json does not say how many layers there are",
            where=str(model.checkpoint.folder),
            cure=f"one of {', '.join(COUNTS)} is needed to stack layers",
        )
    edits |= dict.fromkeys((prefix + key for key in counts), stack.count)
    origins_of = [
        LayerOrigin(source.text_config[1], source.layers, layer) for source, layer in order
    ]
    folder = str(model.checkpoint.folder / "config.json")
    moved = layer_edits(config, model.config, model.layers, origins_of, folder)
    return edits | {prefix + key: value for key, value in moved.items()}


def _is_list(value: object, layers: int) -> bool:
    return isinstance(value, list | str) and len(value) == layers


def _order(
    origins: Sequence[tuple[RecipeModel, str]], names: Sequence[str], stack: LayerStack
) -> list[tuple[RecipeModel, int]]:
    """Return which layer of which model every layer of the result comes from."""
    origin_of: dict[int, tuple[RecipeModel, int]] = {}
    for name, (source, origin) in zip(names, origins, strict=True):
        layer, before = stack.layer_of(name), source.stack.layer_of(origin)
        if layer is not None and before is not None:
            origin_of.setdefault(layer, (source, before))
    return [origin_of[layer] for layer in sorted(origin_of)]


def _folders(models: Iterable[RecipeModel]) -> list[Path]:
    return [model.tokenizer for model in models]
