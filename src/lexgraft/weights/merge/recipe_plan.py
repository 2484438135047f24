"""A recipe and its opened models as a merge plan: every tensor's sources, settings and depth."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.checkpoint.config_check import check_configs
from lexgraft.weights.checkpoint.input_model import InputModel, check_same_kind
from lexgraft.weights.checkpoint.input_statistics import InputStatistics, open_statistics
from lexgraft.weights.checkpoint.layer_stack import LayerStack
from lexgraft.weights.checkpoint.lora_adapter import Adapter
from lexgraft.weights.checkpoint.matched_tensors import copied_notes, left_out_notes, spare
from lexgraft.weights.checkpoint.tensor_names import NUMBERED, role_of, with_layer
from lexgraft.weights.checkpoint.view import Origin, view
from lexgraft.weights.merge.layer_slices import (
    LayerSlice,
    ModelTower,
    SliceSource,
    module_of,
    towers_of,
)
from lexgraft.weights.merge.merge_plan import MergePlan, TensorGroup, complete, lost_filters
from lexgraft.weights.merge.output_config import assets_of, dtype_of, edits_of
from lexgraft.weights.merge.recipe import MergeRecipe, ModelName
from lexgraft.weights.merge.recipe_models import RecipeModel
from lexgraft.weights.merge.recipe_parameters import ignored, settings_of, unweighted
from lexgraft.weights.merge.walked_back import walked_back
from lexgraft.weights.methods import Method, get_method

_COPIED = TensorGroup((), {})


class SliceTarget(NamedTuple):
    """A tensor of the result: its base, its sources by label, its group and its depth."""

    base: tuple[RecipeModel, str]
    sources: Mapping[str, tuple[RecipeModel, str]]
    group: TensorGroup
    depth: float


def plan_recipe(
    recipe: MergeRecipe, models: Mapping[ModelName, RecipeModel], seed: int
) -> MergePlan:
    """Return the plan of one recipe; nothing is read but headers, configurations, tokenizers.

    Raises:
        LexgraftError: all that cannot be merged, by name.
    """
    method = get_method(recipe.merge_method)
    described = towers_of(recipe, models)
    slices = [layer_slice for tower in described for layer_slice in tower.layer_slices]
    of_models = [source.parameters for layer_slice in slices for source in layer_slice.sources]
    scopes = [scope for layer_slice in slices for scope in layer_slice.scopes]
    told = ignored(method, of_models, scopes)
    towers = [
        tower._replace(layer_slices=tuple(_roles(method, s) for s in tower.layer_slices))
        for tower in described
    ]
    said: dict[str, None] = {}
    targets: dict[str, SliceTarget] = {}
    for tower in towers:
        targets.update(_targets(method, tower, said))
    layer_slices = [layer_slice for tower in towers for layer_slice in tower.layer_slices]
    targets.update(_untouched(targets, layer_slices[0], towers))
    plan = _plan(recipe, method, targets, models, _stack(towers), seed)
    lost = [f"filter `{t}` of `{p}` fits no tensor" for p, t in lost_filters(plan)]
    noted = dict.fromkeys(note for model in models.values() for note in model.notes)
    return replace(plan, warnings=(*plan.warnings, *noted, *said, *lost, *told))


def _roles(method: Method, layer_slice: LayerSlice) -> LayerSlice:
    """Return the layer slice with only those sources that the method merges, in its order.

    Raises:
        LexgraftError: a method that works on deltas has no base, or nothing beside it.
    """
    base = layer_slice.base
    if base is None and method.base == "required":
        raise LexgraftError(
            f"{method.name} works on differences from a base",
            where="recipe",
            cure="add `base_model:`, the model that the others descend from",
        )
    if method.base == "none":  # the method merges whole models: a base is one of them
        added = () if base is None or layer_slice.listed else (base,)
        return layer_slice._replace(
            sources=(*layer_slice.sources, *added), base=base or layer_slice.sources[0]
        )
    if base is None:
        return layer_slice._replace(base=layer_slice.sources[0])
    beside_base = tuple(source for source in layer_slice.sources if source.model is not base.model)
    if base.model.adapter is not None:
        raise LexgraftError(
            f"the base `{base.model.label}` is a model with an adapter",
            where="recipe",
            cure="merge the two in a document of their own, with a `name`, and use that as base",
        )
    if not beside_base:
        raise LexgraftError("there is no model beside the base", where="recipe")
    return layer_slice._replace(sources=beside_base)


def _labels(sources: Sequence[SliceSource]) -> list[str]:
    """Return the sources' labels, told apart where a model gives two stretches to one slice."""
    counts: dict[str, int] = {}
    labels: list[str] = []
    for source in sources:
        label = source.model.label
        counts[label] = counts.get(label, 0) + 1
        labels.append(label if counts[label] == 1 else f"{label} ({counts[label]})")
    return labels


def _targets(
    method: Method, tower: ModelTower, said: dict[str, None]
) -> Iterator[tuple[str, SliceTarget]]:
    """Yield the tensors of one tower of the result with all that makes them."""
    first, last = 0, len(tower.layer_slices) - 1
    for number, layer_slice in enumerate(tower.layer_slices):
        base, sources = layer_slice.base, layer_slice.sources
        assert base is not None
        labels = _labels(sources)
        of_models = dict(zip(labels, (source.parameters for source in sources), strict=True))
        said |= dict.fromkeys(unweighted(method, of_models, layer_slice.scopes))
        values = settings_of(method, of_models, layer_slice.scopes, based=layer_slice.based)
        group = TensorGroup(tuple(labels), method.settings(values, labels))
        tensors = _TowerTensors(
            tower.name, first, layer_slice.length, ends=(number == 0, number == last)
        )
        first += layer_slice.length
        base_names = tensors.names(base)
        source_names = [tensors.names(source) for source in sources]
        _check_alike(base_names, source_names, layer_slice, said)
        for name, origin in base_names.items():
            stored = {
                label: (source.model, names[name])
                for label, source, names in zip(labels, sources, source_names, strict=True)
                if name in names
            }
            # What some model lacks and may lack is copied from the base.
            lacking = len(stored) < len(labels)
            target = SliceTarget(
                base=(base.model, origin),
                sources={} if lacking else stored,
                group=_COPIED if lacking else group,
                depth=tensors.depth(name, origin, base.model),
            )
            yield name, target


class _TowerTensors(NamedTuple):
    """Which of a model's tensors a layer slice takes, under which names of the result."""

    tower: str | None
    out: int  # the result's first layer of the slice
    length: int
    ends: tuple[bool, bool]  # whether it is the first and the last slice

    def names(self, source: SliceSource) -> dict[str, str]:
        """Return the result's name → the model's own name."""
        by_layer = source.model.by_layer
        own_names: dict[str, str] = {}
        for offset in range(self.length if self.tower in {None, "text"} else 0):
            for name in by_layer.get(source.first + offset, ()):
                own_names[with_layer(name, self.out + offset)] = name
        for name in by_layer.get(None, ()):
            module = module_of(source.model, name)
            before = self._stands_before(source.model, name)
            if self.ends[0 if before else 1] and self.tower in {None, module}:
                own_names[self._renumbered(source.model, name)] = name
        return dict(sorted(own_names.items()))

    def _stands_before(self, model: RecipeModel, name: str) -> bool:
        """Return whether a tensor of no layer comes with the first slice, not with the last."""
        tower = model.stack.tower_of(name)
        return tower not in {"text", "mtp"} or (tower == "text" and role_of(name) == "embedding")

    def _renumbered(self, model: RecipeModel, name: str) -> str:
        """Return the name of a tensor of no layer; layers that look ahead follow the last one."""
        number = model.stack.number_of(name)
        if number is None:
            return name
        return with_layer(name, self.out + self.length + number - model.stack.count)

    def depth(self, name: str, origin: str, model: RecipeModel) -> float:
        """Return where in its slice a tensor stands, from 0 to 1; 0 for what has no layer."""
        match = NUMBERED.search(name)
        if match is None:
            return 0.0
        if model.stack.number_of(origin) is not None and model.stack.tower_of(origin) == "mtp":
            return 1.0
        if model.stack.layer_of(origin) is None:  # another tower: its own layers
            start = name[: match.start(1)]
            matches = (
                NUMBERED.search(tensor)
                for tensor in model.by_layer[None]
                if tensor.startswith(start)
            )
            last = max(int(tensor[1]) for tensor in matches if tensor is not None)
            return int(match[1]) / last if last else 1.0
        return (int(match[1]) - self.out) / (self.length - 1) if self.length > 1 else 1.0


def _check_alike(
    names: Mapping[str, str],
    sources: Sequence[Mapping[str, str]],
    layer_slice: LayerSlice,
    said: dict[str, None],
) -> None:
    """Raise unless every source has the base's tensors, and no others, in one shape.

    What a model may lack is said: it is the base's, or left out.

    Raises:
        LexgraftError: the first tensor that differs, by name.
    """
    assert layer_slice.base is not None
    base_model = layer_slice.base.model
    base = base_model.checkpoint
    for source, own_names in zip(layer_slice.sources, sources, strict=True):
        for name in (*names, *own_names):
            if name in names and name in own_names:
                entry = source.model.checkpoint.tensors[own_names[name]]
                where = str(source.model.checkpoint.folder)
                check_same_kind(entry, base.tensors[names[name]], where)
            elif not _is_spare(name, (base_model, names), (source.model, own_names)):
                has, lacks = base_model, source.model
                has, lacks = (has, lacks) if name in names else (lacks, has)
                raise LexgraftError(
                    f"tensor `{name}` is in `{has.label}` and not in `{lacks.label}`",
                    where="recipe",
                    cure="all models of a merge must be of one architecture",
                )
        lacking = [own for name, own in names.items() if name not in own_names]
        extra = [own for name, own in own_names.items() if name not in names]
        notes = copied_notes(lacking, base_model.stack, source.model.label)
        notes += left_out_notes(extra, source.model.stack, source.model.label)
        said.update(dict.fromkeys(notes))


def _is_spare(
    name: str,
    base: tuple[RecipeModel, Mapping[str, str]],
    source: tuple[RecipeModel, Mapping[str, str]],
) -> bool:
    """Return whether one of two models may lack a tensor that the other one has."""
    model, names = base if name in base[1] else source
    return spare(model.stack, names[name]) is not None


def _untouched(
    targets: Mapping[str, SliceTarget], layer_slice: LayerSlice, towers: Sequence[ModelTower]
) -> Iterator[tuple[str, SliceTarget]]:
    """Yield the tensors of the towers that no module speaks of: the base's own."""
    assert layer_slice.base is not None
    model, named = layer_slice.base.model, [tower.name for tower in towers]
    for name in model.checkpoint.tensors:
        if None not in named and module_of(model, name) not in named and name not in targets:
            yield name, SliceTarget((model, name), {}, _COPIED, 0.0)


def _stack(towers: Sequence[ModelTower]) -> LayerStack:
    """Return the layers of the result's language model: those of all its slices."""
    of_text = [tower for tower in towers if tower.name in {None, "text"}]
    base = (of_text or towers)[0].layer_slices[0].base
    assert base is not None
    stack = base.model.stack
    if not of_text:
        return stack
    return replace(stack, count=sum(piece.length for piece in of_text[0].layer_slices))


def _plan(
    recipe: MergeRecipe,
    method: Method,
    targets: Mapping[str, SliceTarget],
    models: Mapping[ModelName, RecipeModel],
    stack: LayerStack,
    seed: int,
) -> MergePlan:
    base = _gathered({name: target.base for name, target in targets.items()})
    origins: dict[str, dict[str, tuple[RecipeModel, str]]] = {}
    for name, target in targets.items():
        for label, origin in target.sources.items():
            origins.setdefault(label, {})[name] = origin
    input_models = tuple(_input_model(label, tensors, base) for label, tensors in origins.items())
    groups = list({id(target.group): target.group for target in targets.values()}.values())
    number_of = {id(group): number for number, group in enumerate(groups)}
    alike = len(groups) == 1 and len(groups[0].labels) == len(input_models)
    group_of = {name: number_of[id(target.group)] for name, target in targets.items()}
    chosen = assets_of(recipe, models)
    edits = edits_of(chosen.model, [t.base for t in targets.values()], [*targets], stack)
    plan = MergePlan(
        method=walked_back(method, recipe.share),
        share=recipe.share,
        statistics=_statistics(recipe, method),
        settings=groups[0].settings if alike else {},
        base=base,
        input_models=input_models,
        dtype=dtype_of(recipe, base),
        seed=seed,
        merged=(),
        stack=stack,
        groups=() if alike else tuple(groups),
        group_of={} if alike else group_of,
        depths={name: target.depth for name, target in targets.items()},
        assets=replace(chosen.assets, edits=edits),
        warnings=(*chosen.warnings, *_config_warnings(chosen.model, targets)),
    )
    return complete(plan)


def _statistics(recipe: MergeRecipe, method: Method) -> InputStatistics | None:
    """Return what was learnt, as a recipe names it.

    Raises:
        LexgraftError: nothing lies there; a method that does not learn; layers that are renumbered.
    """
    if recipe.statistics is None:
        return None
    where = "recipe: statistics"
    if not method.learns:
        raise LexgraftError(f"`{method.name}` learns nothing", where=where, cure="leave it out")
    if recipe.models is None:
        raise LexgraftError(
            "what was learnt is of layers in their own places", where=where, cure="name `models`"
        )
    learnt = open_statistics(Path(recipe.statistics))
    if learnt is None:
        raise LexgraftError(
            f"nothing was learnt in {recipe.statistics}",
            where=where,
            cure="name the folder `learnt` of an adoption whose stage `learn` has run",
        )
    return learnt


def _config_warnings(first: RecipeModel, targets: Mapping[str, SliceTarget]) -> Iterator[str]:
    """Yield what to say of configurations that differ from the result's.

    Raises:
        LexgraftError: settings differ under which the same weights compute something else.
    """
    origins = (o for target in targets.values() for o in (target.base, *target.sources.values()))
    for model in {id(origin[0]): origin[0] for origin in origins}.values():
        if model.config != first.config:
            folder = model.checkpoint.folder
            yield from check_configs(first.config, model.config, f"`{first.label}`", folder)


def _input_model(
    label: str, origins: Mapping[str, tuple[RecipeModel, str]], base: Checkpoint
) -> InputModel:
    """Return a model as an input of a result whose tensors have these origins."""
    (model, _) = next(iter(origins.values()))
    tensors = _gathered(origins)
    if model.adapter is None:
        return InputModel(label, base, tensors)
    adapter = _renamed(model.adapter, origins)
    if all(base.tensors[name] == entry for name, entry in tensors.tensors.items()):
        return InputModel(label, base, adapter)
    return InputModel(label, base, tensors, adapter)


def _renamed(adapter: Adapter, origins: Mapping[str, tuple[RecipeModel, str]]) -> Adapter:
    """Return an adapter with its factors under the names of the result."""
    factors = {
        name: adapter.factors[own_name]
        for name, (_, own_name) in origins.items()
        if own_name in adapter.factors
    }
    return replace(adapter, factors=factors)


def _gathered(origins: Mapping[str, tuple[RecipeModel, str]]) -> Checkpoint:
    """Return tensors of one or several models as one checkpoint."""
    sources = list({id(m.checkpoint): m.checkpoint for m, _ in origins.values()}.values())
    index = {id(source): number for number, source in enumerate(sources)}
    return view(
        tuple(sources),
        {
            name: Origin(index[id(m.checkpoint)], own_name)
            for name, (m, own_name) in origins.items()
        },
    )
