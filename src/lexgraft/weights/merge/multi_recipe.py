"""The documents of a recipe file in order: each planned from headers, then merged to a folder."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from lexgraft.compute.seats import Seats
from lexgraft.errors import LexgraftError
from lexgraft.files.disk_space import bytes_below, check_space
from lexgraft.files.ownership import check_outputs, claim, is_ours, remove
from lexgraft.files.safe_json import read_json
from lexgraft.files.store_places import url_of
from lexgraft.records import Progress, silent
from lexgraft.weights.checkpoint.assets import edited
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint, open_checkpoint
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.layer_slices import names_of
from lexgraft.weights.merge.manifest import Manifest
from lexgraft.weights.merge.merge_plan import MergePlan
from lexgraft.weights.merge.output_config import stated_dtype
from lexgraft.weights.merge.recipe import MergeRecipe
from lexgraft.weights.merge.recipe_models import Find, RecipeModel, open_models
from lexgraft.weights.merge.recipe_plan import plan_recipe
from lexgraft.weights.merge.recipe_vocabularies import JoinedVocabularies, join

PURPOSE = "stages"
Then = Callable[[MergePlan, Path, Manifest, Progress], Manifest]


class RecipeStep(NamedTuple):
    """One document: its name, empty for the result itself, and what it will do."""

    name: str
    recipe: MergeRecipe
    plan: MergePlan
    joined: JoinedVocabularies | None = None  # where its models are brought to one vocabulary


def plan_stages(recipes: Sequence[MergeRecipe], find: Find, seed: int) -> tuple[RecipeStep, ...]:
    """Return the plans of all documents, those that others use before them.

    Results of earlier documents are known by the headers that they will have.

    Raises:
        LexgraftError: all that any document refuses.
    """
    earlier: dict[str, RecipeModel] = {}
    stages: list[RecipeStep] = []
    documents = ordered(recipes)
    for name, recipe in documents:
        models = open_models(names_of(recipe), find, earlier, stated_dtype(recipe))
        joined = join(recipe, models)
        if joined and len(stages) + 1 < len(documents):
            raise LexgraftError(
                f"document `{name}` brings vocabularies together, and others use it",
                where="recipe: tokenizer",
                cure="merge it to a folder of its own first, and name that folder",
            )
        plan = plan_recipe(recipe, joined.expected() if joined else models, seed)
        if len(stages) + 1 == len(documents):
            plan = replace(plan, warnings=(*plan.warnings, *_unused(recipes)))
        stages.append(RecipeStep(name, recipe, plan, joined))
        earlier[name] = _expected(plan, name, models[next(names_of(recipe))].config)
    return tuple(stages)


def run_stages(
    recipes: Sequence[MergeRecipe],
    find: Find,
    seed: int,
    output: Path,
    progress: Progress = silent,
    *,
    memory: int | None = None,
    workers: int | None = None,
    allow_nonfinite: bool = False,
    device: str = "cpu",
    seats: Seats | None = None,
    then: Then | None = None,
) -> Manifest:
    """Write the result of a recipe file to a folder and return its manifest.

    Results of earlier documents lie beside it in `OUTPUT.stages` until it is finished, and so
    long that `then`, if given, has looked at the result: it returns the manifest to return.

    Raises:
        LexgraftError: all that planning and merging refuse.
    """
    limits: dict[str, Any] = {"memory": memory, "workers": workers, "device": device}
    limits["allow_nonfinite"] = allow_nonfinite

    def write(plan: MergePlan, folder: Path) -> Manifest:
        return run_merge(plan, folder, progress, seats=seats, **limits)

    check_outputs([output], (), folders=True)
    aside = output.with_name(f"{output.name}.stages")
    inputs: list[Path] = []

    def seen(path: str, revision: str | None) -> Path:
        inputs.append(find(path, revision))
        return inputs[-1]

    stages = plan_stages(recipes, seen, seed)
    check_outputs([output], inputs, folders=True)
    *before, last = stages
    if (before or last.joined is not None) and url_of(output) is not None:
        raise LexgraftError(
            "a recipe that needs a folder for what lies between its models and its result",
            where=str(output),
            cure="merge it to a folder of this machine, then copy that",
        )
    if before or last.joined is not None:
        check_outputs([aside], inputs, folders=True)
        sizes = {f"document {n}": stage.plan.write_bytes for n, stage in enumerate(stages, 1)}
        check_space(output, sizes, bytes_below([aside, output]))
        claim(aside, PURPOSE, output)
    earlier: dict[str, RecipeModel] = {}
    for stage in before:
        plan = _again(stage, find, earlier, seed, aside, progress)
        folder = aside / plan.digest
        write(plan, folder)
        config = read_json(folder / "config.json")
        earlier[stage.name] = RecipeModel("", open_checkpoint(folder), None, config, folder)
    plan = _again(last, find, earlier, seed, aside, progress)
    manifest = write(plan, output)
    if then is not None:
        manifest = then(plan, output, manifest, progress)
    if is_ours(aside, PURPOSE, output):
        remove(aside, PURPOSE, output, inputs)
    return manifest


def ordered(recipes: Sequence[MergeRecipe]) -> list[tuple[str, MergeRecipe]]:
    """Return the documents by name in an order in which none uses a later one; the result last.

    The result is the document without a name, or the last one where all have names.

    Raises:
        LexgraftError: two documents of one name or none, or a circle.
    """
    named: dict[str, MergeRecipe] = {}
    for recipe in recipes:
        name = recipe.name or ""
        if name in named:
            raise LexgraftError(
                f"two documents are called `{name}`" if name else "two have no name"
            )
        named[name] = recipe
    last = "" if "" in named else list(named)[-1]
    done: dict[str, MergeRecipe] = {}
    for name in _before(last, named, ()):
        done.setdefault(name, named[name])
    return list(done.items())


def _unused(recipes: Sequence[MergeRecipe]) -> list[str]:
    """Return what to say of documents that the result does not use."""
    used = dict(ordered(recipes))
    names = (recipe.name or "" for recipe in recipes)
    return [f"document `{n}` is not made: no other uses it" for n in names if n not in used]


def _before(name: str, named: Mapping[str, MergeRecipe], above: tuple[str, ...]) -> Iterator[str]:
    """Yield the documents that one needs, then it."""
    if name in above:
        raise LexgraftError(f"documents use each other in a circle: {' → '.join((*above, name))}")
    for model in names_of(named[name]):
        if model.path in named and model.path and model.revision is None:
            yield from _before(model.path, named, (*above, name))
    yield name


def _again(
    stage: RecipeStep,
    find: Find,
    earlier: Mapping[str, RecipeModel],
    seed: int,
    aside: Path,
    progress: Progress,
) -> MergePlan:
    """Return a stage's plan; anew where it uses what was only expected before."""
    names = [*names_of(stage.recipe)]
    if stage.joined is not None:
        models = stage.joined.written(aside / "vocabularies", progress)
    elif any(name.path in earlier for name in names):
        models = open_models(names, find, earlier, stated_dtype(stage.recipe))
    else:
        return stage.plan
    return plan_recipe(stage.recipe, models, seed)


def _expected(plan: MergePlan, name: str, config: Mapping[str, Any]) -> RecipeModel:
    """Return the model that a plan's folder will hold, by its headers."""
    folder = Path(name or "result")
    tensors = {
        slot.name: TensorEntry(
            slot.name,
            slot.dtype,
            slot.shape,
            folder / slot.file,
            slot.offset,
            slot.offset + slot.length,
        )
        for slot in plan.layout.slots.values()
    }
    assert plan.assets is not None
    settings = edited(config, {"dtype": plan.dtype, **plan.assets.edits})
    return RecipeModel("", Checkpoint(folder, tensors, ()), None, settings, plan.assets.tokenizer)
