"""A mergekit recipe as frozen records, closed to unknown keys; one YAML document, or several."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct

from lexgraft.errors import LexgraftError
from lexgraft.files.ownership import real_path
from lexgraft.files.safe_text import read_text
from lexgraft.files.safe_yaml import read_documents, refuse_unknown
from lexgraft.files.store_url import is_url

Parameters = dict[str, Any] | None
MOST_PADDING = 65_536  # rows that a vocabulary may be padded to a multiple of
_MODEL_KEYS = frozenset({"model", "base_model", "tokenizer_source", "source", "lora"})
_RECIPE_KEYS = frozenset({"merge_method", "slices", "modules", "base_model"})


class RecipeInput(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole model of a merge, with its own parameters."""

    model: Any
    parameters: Parameters = None


class LayerRange(Struct, frozen=True, forbid_unknown_fields=True):
    """A range of a model's layers, [first, end), with its own parameters."""

    model: Any
    layer_range: tuple[int, int]
    parameters: Parameters = None


class RecipeSlice(Struct, frozen=True, forbid_unknown_fields=True):
    """The next layers of the result: equally many layers of every source, merged."""

    sources: tuple[LayerRange, ...]
    base_model: Any = None
    residual_weight: float | None = None
    parameters: Parameters = None


class RecipeModule(Struct, frozen=True, forbid_unknown_fields=True):
    """One part of a model of several parts (text, vision, …): whole models, or slices."""

    models: tuple[RecipeInput, ...] | None = None
    slices: tuple[RecipeSlice, ...] | None = None
    parameters: Parameters = None


class TokenRow(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose row a token gets: a model's, or a mapping with a `kind`."""

    source: Any = None
    force: bool = False


class RecipeTokenizer(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose tokenizer the result gets."""

    source: Any = "union"
    tokens: dict[str, TokenRow] | None = None
    pad_to_multiple_of: Annotated[int, Meta(ge=1, le=MOST_PADDING)] | None = None


class MergeRecipe(Struct, frozen=True, forbid_unknown_fields=True):
    """One merge as mergekit's YAML describes it."""

    merge_method: str
    models: tuple[RecipeInput, ...] | None = None
    slices: tuple[RecipeSlice, ...] | None = None
    modules: dict[str, RecipeModule] | None = None
    base_model: Any = None
    parameters: Parameters = None
    dtype: str | None = None
    out_dtype: str | None = None
    tokenizer_source: Any = None
    tokenizer: RecipeTokenizer | None = None
    chat_template: str | None = None
    name: str | None = None  # of a document that later ones use
    statistics: str | None = None  # folder of what was learnt, for methods that learn
    share: Annotated[float, Meta(ge=0, le=1)] = 1.0  # of the way from the first model to the merge


class ModelName(NamedTuple):
    """A model as a recipe names it: a folder, Hub id or URL, perhaps with an adapter on it."""

    path: str
    revision: str | None = None
    adapter: str | None = None
    adapter_revision: str | None = None

    def __str__(self) -> str:
        model = f"{self.path}@{self.revision}" if self.revision else self.path
        if self.adapter is None:
            return model
        revision = f"@{self.adapter_revision}" if self.adapter_revision else ""
        return f"{model}+{self.adapter}{revision}"


class TokenChoice(NamedTuple):
    """The row that a recipe chooses for a token."""

    model: ModelName | None  # None: zeros
    token: str | int | None  # of that model, by spelling or id; None: the same token
    force: bool  # in every model, not only in those that lack the token


def is_recipe(path: Path) -> bool:
    """Return whether a YAML file is a mergekit recipe rather than a project."""
    if not path.is_file():
        return False
    documents = read_documents(read_text(path), str(path))
    first = documents[0] if documents else None
    if len(documents) > 1 or not isinstance(first, dict):
        return len(documents) > 1
    return bool(_RECIPE_KEYS & first.keys()) or isinstance(first.get("models"), list)


def read_recipes(path: Path) -> tuple[MergeRecipe, ...]:
    """Return the recipes of a file, one per YAML document.

    Raises:
        LexgraftError: no such file, broken YAML, an unknown key (with the nearest name), a value
            of the wrong kind, or not exactly one of models, slices and modules.
    """
    if not path.is_file():
        raise LexgraftError("no such recipe", where=str(path), cure="give a mergekit YAML file")
    where = str(path)
    documents = [
        read_document
        for read_document in read_documents(read_text(path), where)
        if read_document is not None
    ]
    if not documents:
        raise LexgraftError("the file is empty", where=where)
    near = real_path(path).parent
    recipes = (_recipe(_with_paths(raw, near), where) for raw in documents)
    return tuple(_with_statistics(recipe, near) for recipe in recipes)


def inputs_of(recipe: MergeRecipe) -> Iterator[RecipeInput | LayerRange]:
    """Yield everything that a recipe takes models from, in the order it is written."""
    yield from recipe.models or ()
    for recipe_slice in recipe.slices or ():
        yield from recipe_slice.sources
    for module in (recipe.modules or {}).values():
        yield from module.models or ()
        for recipe_slice in module.slices or ():
            yield from recipe_slice.sources


def vocabulary_of(recipe: MergeRecipe) -> str | ModelName | None:
    """Return whose vocabulary a recipe asks for: `base`, `union`, a model, or nobody's."""
    source = recipe.tokenizer.source if recipe.tokenizer else recipe.tokenizer_source
    if isinstance(source, str):  # `model:NAME` is how recipes of earlier versions write it
        source = source.removeprefix("model:")
    if source is None or source in ("base", "union"):
        return source
    return parse_model(source, "recipe: tokenizer")


def token_choices(recipe: MergeRecipe) -> dict[str, TokenChoice]:
    """Return the rows that a recipe chooses, by token.

    Raises:
        LexgraftError: a source that is neither a model nor one of the known kinds.
    """
    tokens = (recipe.tokenizer and recipe.tokenizer.tokens) or {}
    return {spelled: _choice(row, f"recipe: tokens: {spelled}") for spelled, row in tokens.items()}


def parse_model(value: object, where: str) -> ModelName:
    """Return the model that text such as `path@revision+adapter`, or a mapping, names.

    Raises:
        LexgraftError: neither of them.
    """
    if isinstance(value, dict) and value.get("override_architecture") is None:
        refuse_unknown({k: v for k, v in value.items() if v is not None}, _Reference, where)
        adapter = value.get("lora")
        return ModelName(
            *_place(value.get("model"), where), *(_place(adapter, where) if adapter else ())
        )
    if not isinstance(value, str):
        raise LexgraftError(
            f"{value!a:.80} does not name a model",
            where=where,
            cure="write a folder or a Hub id; architectures are never overridden",
        )
    model, *adapters = value.split("+")
    if len(adapters) > 1:
        raise LexgraftError(f"`{value}` names more than one adapter", where=where)
    return ModelName(*_place(model, where), *(_place(adapters[0], where) if adapters else ()))


def _with_paths(value: Any, near: Path) -> Any:
    """Return a document in which names of folders that hold `+` or `@` are mappings.

    Such signs stand for an adapter and a revision elsewhere; what is a folder is meant as one.
    """
    if isinstance(value, list):
        return [_with_paths(inner, near) for inner in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _as_mapping(inner, near)
        if key in _MODEL_KEYS and isinstance(inner, str) and {"+", "@"} & {*inner}
        else _with_paths(inner, near)
        for key, inner in value.items()
    }


def _as_mapping(text: str, near: Path) -> Any:
    """Return a model's name as a mapping of the folders it names; the text where it names none."""
    if _is_folder(text, near):
        return {"model": {"path": text}}
    for place in (place for place, sign in enumerate(text) if sign == "+"):
        model, adapter = text[:place], text[place + 1 :]
        lora = {"path": adapter} if _is_folder(adapter, near) else adapter
        signs = {"+", "@"} & {*model} or ("+" in adapter and isinstance(lora, dict))
        if _is_folder(model, near) and (signs or isinstance(lora, dict)):
            return {"model": {"path": model}, "lora": lora}
    return text


def _with_statistics(recipe: MergeRecipe, near: Path) -> MergeRecipe:
    """Return a recipe whose statistics are looked up beside it first."""
    if recipe.statistics is None or not _is_folder(recipe.statistics, near):
        return recipe
    beside = near / recipe.statistics
    folder = beside if beside.is_dir() else Path(recipe.statistics)
    return msgspec.structs.replace(recipe, statistics=str(folder))


def _is_folder(text: str, near: Path) -> bool:
    try:
        return (near / text).is_dir() or Path(text).is_dir()
    except (OSError, ValueError):  # far too long, or no name at all
        return False


class _RowSource(Struct, forbid_unknown_fields=True):
    """A token's row as a mapping with a `kind`."""

    kind: Literal["zero", "model_token"]
    model: Any = None
    token: str | None = None
    token_id: Annotated[int, Meta(ge=0)] | None = None


def _choice(row: TokenRow, where: str) -> TokenChoice:
    """Return the row that a recipe chooses for one token."""
    if row.source is None:
        raise LexgraftError(
            "a token without a source", where=where, cure="name a model, or leave it"
        )
    if not isinstance(row.source, dict) or "kind" not in row.source:
        return TokenChoice(parse_model(row.source, where), None, row.force)
    refuse_unknown(row.source, _RowSource, where)
    try:
        source = msgspec.convert(row.source, _RowSource)
    except msgspec.ValidationError as error:
        raise LexgraftError(str(error), where=where, cure="kinds: zero, model_token") from error
    tokens = [token for token in (source.token, source.token_id) if token is not None]
    if source.kind == "zero":
        if tokens or source.model is not None:
            raise LexgraftError("zeros come from no model and no token", where=where)
        return TokenChoice(None, None, row.force)
    if len(tokens) != 1:
        raise LexgraftError("exactly one of token and token_id is needed", where=where)
    return TokenChoice(parse_model(source.model, where), tokens[0], row.force)


class _Reference(Struct):
    """A model written as a mapping."""

    model: Any
    lora: Any = None


def _place(value: object, where: str) -> tuple[str, str | None]:
    """Return path and revision of `path@revision` or of a mapping."""
    if isinstance(value, dict) and isinstance(value.get("path"), str):
        revision = value.get("revision")
        return value["path"], None if revision is None else str(revision)
    if isinstance(value, str) and is_url(value):
        return value, None
    path, _, revision = value.partition("@") if isinstance(value, str) else ("", "", "")
    if not path or "@" in revision:
        raise LexgraftError(f"{value!a:.80} does not name a model", where=where)
    return path, revision or None


def _recipe(raw: object, where: str) -> MergeRecipe:
    """Return one document as a recipe."""
    if not isinstance(raw, dict):
        raise LexgraftError("not a recipe: a mapping is expected", where=where)
    if "experts" in raw:
        raise LexgraftError(
            "a recipe of mergekit-moe: it builds a mixture of experts out of dense models, which "
            "is not done here",
            where=where,
            cure="make it with mergekit-moe; merging models that are mixtures already is no "
            "different from merging others",
        )
    refuse_unknown(raw, MergeRecipe, where)
    try:
        recipe = msgspec.convert(raw, MergeRecipe)
    except msgspec.ValidationError as error:
        raise LexgraftError(str(error).replace("object", "mapping"), where=where) from error
    _check_whole(recipe, where)
    token_choices(recipe)
    for item in inputs_of(recipe):
        if isinstance(item, LayerRange) and not 0 <= item.layer_range[0] < item.layer_range[1]:
            raise LexgraftError(
                f"layer_range {list(item.layer_range)} is empty or negative",
                where=where,
                cure="write [first, end]: the end is not included",
            )
    return recipe


def _check_whole(recipe: MergeRecipe, where: str) -> None:
    """Raise unless the recipe says exactly once what it merges and whose tokenizer it takes."""
    kinds = [kind for kind in (recipe.models, recipe.slices, recipe.modules) if kind]
    if len(kinds) != 1:
        raise LexgraftError(
            f"exactly one of models, slices and modules is needed, not {len(kinds)}", where=where
        )
    for name, module in (recipe.modules or {}).items():
        if bool(module.models) == bool(module.slices):
            raise LexgraftError(f"module `{name}` needs either models or slices", where=where)
    if recipe.tokenizer is not None and recipe.tokenizer_source is not None:
        raise LexgraftError("tokenizer and tokenizer_source exclude each other", where=where)
