"""A recipe and its opened models as a merge plan: every tensor's sources, settings and depth."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.checkpoint.input_model import InputModel, check_same_kind
from lexgraft.weights.checkpoint.lora_adapter import Adapter
from lexgraft.weights.checkpoint.tensor_names import count_layers, role_of, with_layer
from lexgraft.weights.checkpoint.view import Origin, view
from lexgraft.weights.merge.layer_slices import (
    LayerSlice,
    SlicePart,
    SliceSource,
    parts_of,
    tower_of,
)
from lexgraft.weights.merge.merge_plan import MergePlan, PlanPart, complete, lost_filters
from lexgraft.weights.merge.output_config import dtype_of, edits_of, sides_of
from lexgraft.weights.merge.recipe import MergeRecipe, ModelName
from lexgraft.weights.merge.recipe_models import RecipeModel
from lexgraft.weights.merge.recipe_parameters import check_known, settings_of, unused
from lexgraft.weights.methods import Method, get_method

_BUFFER = re.compile(r"rotary_emb\.inv_freq$")  # every loader computes it again
_ANY_LAYER = re.compile(r"(?:^|\.)(?:layers?|h|blocks?|resblocks)\.(\d{1,6})\.")
_COPIED = PlanPart((), {})


class SliceTarget(NamedTuple):
    """A tensor of the result: its base, its sources by label, its group and its depth."""

    base: tuple[RecipeModel, str]
    sources: Mapping[str, tuple[RecipeModel, str]]
    group: PlanPart
    depth: float


def plan_recipe(
    recipe: MergeRecipe, models: Mapping[ModelName, RecipeModel], seed: int
) -> MergePlan:
    """Return the plan of one recipe; nothing is read but headers, configurations, tokenizers.

    Raises:
        LexgraftError: all that cannot be merged, by name.
    """
    method = get_method(recipe.merge_method)
    parts = parts_of(recipe, models)
    written = [band for part in parts for band in part.bands]
    for band in written:
        for parameters in (*(one.parameters for one in band.sources), *band.scopes):
            check_known(method, parameters)
    bands = [_roles(method, band) for band in written]
    left_out: dict[str, None] = {}
    targets: dict[str, SliceTarget] = {}
    at = 0
    for part in parts:
        mine = bands[at : at + len(part.bands)]
        targets.update(_targets(method, part, mine, left_out))
        at += len(part.bands)
    targets.update(_untouched(targets, bands[0], parts))
    plan = _plan(recipe, method, targets, models, seed)
    scopes = [scope for band in bands for scope in band.scopes]
    own = [source.parameters for band in bands for source in band.sources]
    lost = [f"filter `{t}` of `{p}` fits no tensor" for p, t in lost_filters(plan)]
    lost += unused(method, (*own, *scopes))
    lost += [f"left out: {name} (computed again by every loader)" for name in left_out]
    return replace(plan, warnings=(*plan.warnings, *lost))


def _roles(method: Method, band: LayerSlice) -> LayerSlice:
    """Return the band with only those sources that the method merges, in its order.

    Raises:
        LexgraftError: a method that works on deltas has no base, or nothing beside it.
    """
    base = band.base
    if base is None and method.base == "required":
        raise LexgraftError(
            f"{method.name} works on differences from a base",
            where="recipe",
            cure="add `base_model:`, the model that the others descend from",
        )
    if method.base == "none":  # the method merges whole models: a base is one of them
        added = () if base is None or band.listed else (base,)
        return band._replace(sources=(*band.sources, *added), base=base or band.sources[0])
    if base is None:
        return band._replace(base=band.sources[0])
    others = tuple(source for source in band.sources if source.model is not base.model)
    if base.model.adapter is not None:
        raise LexgraftError(
            f"the base `{base.model.label}` is a model with an adapter",
            where="recipe",
            cure="merge the two in a document of their own, with a `name`, and use that as base",
        )
    if not others:
        raise LexgraftError("there is no model beside the base", where="recipe")
    return band._replace(sources=others)


def _labels(sources: Sequence[SliceSource]) -> list[str]:
    """Return the sources' labels, told apart where a model gives two stretches to one band."""
    seen: dict[str, int] = {}
    labels: list[str] = []
    for source in sources:
        label = source.model.label
        seen[label] = seen.get(label, 0) + 1
        labels.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return labels


def _targets(
    method: Method, part: SlicePart, bands: Sequence[LayerSlice], left_out: dict[str, None]
) -> Iterator[tuple[str, SliceTarget]]:
    """Yield the tensors of one part of the result with all that makes them."""
    layers = sum(band.length for band in bands)
    first = 0
    for number, band in enumerate(bands):
        labels = _labels(band.sources)
        own = {label: s.parameters for label, s in zip(labels, band.sources, strict=True)}
        given = settings_of(method, own, band.scopes, based=band.based)
        group = PlanPart(tuple(labels), method.settings(given, labels))
        ends = (number == 0, number == len(bands) - 1)
        held = _Held(part.tower, first, band.length, ends)
        first += band.length
        assert band.base is not None
        names = held.names(band.base)
        sources = [held.names(source) for source in band.sources]
        _check_alike(names, sources, band, left_out)
        for name, origin in names.items():
            taken = {
                label: (source.model, mine[name])
                for label, source, mine in zip(labels, band.sources, sources, strict=True)
                if name in mine
            }
            depth = held.depth(name, origin, band.base.model)
            lacking = len(taken) < len(labels)
            yield (
                name,
                SliceTarget(
                    (band.base.model, origin),
                    {} if lacking else taken,
                    _COPIED if lacking else group,
                    depth,
                ),
            )
    assert first == layers


class _Held(NamedTuple):
    """Which of a model's tensors a band takes, under which names of the result."""

    tower: str | None
    out: int  # the result's first layer of the band
    length: int
    ends: tuple[bool, bool]  # whether it is the first and the last band

    def names(self, source: SliceSource) -> dict[str, str]:
        """Return the result's name → the model's own name."""
        by_layer = source.model.by_layer
        found: dict[str, str] = {}
        for offset in range(self.length if self.tower in {None, "text"} else 0):
            for name in by_layer.get(source.first + offset, ()):
                found[with_layer(name, self.out + offset)] = name
        for name in by_layer.get(None, ()):
            tower = tower_of(name)
            before = tower != "text" or role_of(name) == "embedding"
            if self.ends[0 if before else 1] and self.tower in {None, tower}:
                found[name] = name
        return dict(sorted(found.items()))

    def depth(self, name: str, origin: str, model: RecipeModel) -> float:
        """Return where in its band a tensor stands, from 0 to 1; 0 for what has no layer."""
        found = _ANY_LAYER.search(name)
        if found is None:
            return 0.0
        if origin in model.by_layer.get(None, ()):  # another tower: its own layers
            start = name[: found.start(1)]
            others = (
                _ANY_LAYER.search(one) for one in model.by_layer[None] if one.startswith(start)
            )
            last = max(int(one[1]) for one in others if one is not None)
            return int(found[1]) / last if last else 1.0
        return (int(found[1]) - self.out) / (self.length - 1) if self.length > 1 else 1.0


def _check_alike(
    names: Mapping[str, str],
    sources: Sequence[Mapping[str, str]],
    band: LayerSlice,
    left_out: dict[str, None],
) -> None:
    """Raise unless every source has the base's tensors, and no others, in one shape.

    Raises:
        LexgraftError: the first tensor that differs, by name.
    """
    assert band.base is not None
    base = band.base.model.checkpoint
    for source, mine in zip(band.sources, sources, strict=True):
        for name in (*names, *mine):
            if name in names and name in mine:
                entry = source.model.checkpoint.tensors[mine[name]]
                where = str(source.model.checkpoint.folder)
                check_same_kind(entry, base.tensors[names[name]], where)
            elif _BUFFER.search(name):
                left_out.update({} if name in names else {f"{name} of {source.model.label}": None})
            else:
                has, lacks = band.base.model, source.model
                has, lacks = (has, lacks) if name in names else (lacks, has)
                raise LexgraftError(
                    f"tensor `{name}` is in `{has.label}` and not in `{lacks.label}`",
                    where="recipe",
                    cure="all models of a merge must be of one architecture",
                )


def _untouched(
    targets: Mapping[str, SliceTarget], band: LayerSlice, parts: Sequence[SlicePart]
) -> Iterator[tuple[str, SliceTarget]]:
    """Yield the tensors of the parts of the model that no module speaks of: the base's own."""
    assert band.base is not None
    model, named = band.base.model, [part.tower for part in parts]
    for name in model.checkpoint.tensors:
        if None not in named and tower_of(name) not in named and name not in targets:
            yield name, SliceTarget((model, name), {}, _COPIED, 0.0)


def _plan(
    recipe: MergeRecipe,
    method: Method,
    targets: Mapping[str, SliceTarget],
    models: Mapping[ModelName, RecipeModel],
    seed: int,
) -> MergePlan:
    """Return the plan for the targets."""
    base = _gathered({name: target.base for name, target in targets.items()})
    origins: dict[str, dict[str, tuple[RecipeModel, str]]] = {}
    for name, target in targets.items():
        for label, origin in target.sources.items():
            origins.setdefault(label, {})[name] = origin
    parts = tuple(_constituent(label, mine, base) for label, mine in origins.items())
    groups = list({id(target.group): target.group for target in targets.values()}.values())
    number = {id(group): place for place, group in enumerate(groups)}
    alike = len(groups) == 1 and len(groups[0].labels) == len(parts)
    layers = count_layers(targets)
    chosen = sides_of(recipe, models)
    edits = edits_of(chosen.model, [t.base for t in targets.values()], [*targets], layers)
    plan = MergePlan(
        method,
        groups[0].settings if alike else {},
        base,
        parts,
        dtype_of(recipe, base),
        seed,
        (),
        layers,
        () if alike else tuple(groups),
        {} if alike else {name: number[id(target.group)] for name, target in targets.items()},
        {name: target.depth for name, target in targets.items()},
        replace(chosen.sides, edits=edits),
        warnings=chosen.warnings,
    )
    return complete(plan)


def _constituent(
    label: str, origins: Mapping[str, tuple[RecipeModel, str]], base: Checkpoint
) -> InputModel:
    """Return a model as a constituent of a result whose tensors have these origins."""
    (model, _) = next(iter(origins.values()))
    mine = _gathered(origins)
    if model.adapter is None:
        return InputModel(label, base, mine)
    adapter = _renamed(model.adapter, origins)
    if all(base.tensors[name] == entry for name, entry in mine.tensors.items()):
        return InputModel(label, base, adapter)
    return InputModel(label, base, mine, adapter)


def _renamed(adapter: Adapter, origins: Mapping[str, tuple[RecipeModel, str]]) -> Adapter:
    """Return an adapter with its factors under the names of the result."""
    factors = {
        name: adapter.factors[own] for name, (_, own) in origins.items() if own in adapter.factors
    }
    return replace(adapter, factors=factors)


def _gathered(origins: Mapping[str, tuple[RecipeModel, str]]) -> Checkpoint:
    """Return tensors of one or several models as one checkpoint."""
    sources = list({id(m.checkpoint): m.checkpoint for m, _ in origins.values()}.values())
    place = {id(one): number for number, one in enumerate(sources)}
    return view(
        tuple(sources),
        {name: Origin(place[id(m.checkpoint)], own) for name, (m, own) in origins.items()},
    )
