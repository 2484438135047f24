"""The verbs of merging: by a project or a recipe, verified, diagnosed, taken apart again."""

import argparse
import re
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lexgraft.cli.output import print_json, print_table
from lexgraft.cli.progress import ProgressBars
from lexgraft.cli.projects import download_argument, open_project
from lexgraft.cli.verb_parser import verb
from lexgraft.errors import LexgraftError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lexgraft.weights.merge.merge_plan import MergePlan
    from lexgraft.weights.merge.recipe import MergeRecipe

DIFFERENT = 1  # exit status
SHOWN = 10  # names of each kind
_MOST_WORKERS = 1024
_ROOM = ("memory", "workers", "allow_nonfinite")


def _source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", type=Path, help="a mergekit recipe or a project file (YAML)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--method", help="of a project: one of its candidates (default: the first)")
    parser.add_argument("--seed", type=int, default=0, help="of a recipe: what chance is keyed by")
    download_argument(parser)


def _merge(parser: argparse.ArgumentParser) -> None:
    _source(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, help="the folder to write")
    parser.add_argument("--dry-run", action="store_true", help="print the plan, write nothing")
    parser.add_argument(
        "--memory",
        type=_size,
        help="for the merge's own buffers, e.g. 96M or 2G (default: 288M, 96M beside torch)",
    )
    parser.add_argument("--workers", type=_count, help="threads (default: processors + 1)")
    parser.add_argument(
        "--allow-nonfinite", action="store_true", help="keep NaN and infinity, counted"
    )


def _size(text: str) -> int:
    """Return bytes written as a number with K, M, G or nothing behind it."""
    found = re.fullmatch(r"(\d{1,6})([KMG]?)", text.upper())
    if found is None or not int(found[1]):
        raise argparse.ArgumentTypeError(f"{text!a} is not a size such as 96M or 2G")
    return int(found[1]) << {"": 0, "K": 10, "M": 20, "G": 30}[found[2]]


def _count(text: str) -> int:
    """Return a number of threads."""
    if not text.isdecimal() or not 0 < int(text) <= _MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"{text!a} is not a number from 1 to {_MOST_WORKERS}")
    return int(text)


def _room(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what the merge may use, as far as it was said."""
    return {name: value for name in _ROOM if (value := getattr(arguments, name))}


@verb(_merge)
def merge(arguments: argparse.Namespace) -> int:
    """Merge models into a Hugging Face folder, by a mergekit recipe or a project's candidate.

    Examples:
      lexgraft merge recipe.yaml -o merged/ --dry-run
      lexgraft merge recipe.yaml -o merged/
      lexgraft merge project.yaml --method ties -o merged/

    Neither --memory nor --workers changes a byte of the result.
    """
    from lexgraft.weights.merge.recipe import is_recipe

    by_recipe = is_recipe(arguments.recipe)
    run = _merge_recipe if by_recipe else _merge_project
    lines, record = run(arguments)
    if arguments.json:
        return print_json(record)
    print("\n".join(lines))
    return 0


def _merge_project(arguments: argparse.Namespace) -> tuple[list[str], object]:
    """Return what to print after merging by a project file."""
    from lexgraft.adoption import merge_candidate

    with ProgressBars() as bars:
        lines = merge_candidate(
            open_project(arguments.recipe, download=arguments.download),
            arguments.method,
            arguments.output,
            dry=arguments.dry_run,
            progress=bars,
            **_room(arguments),
        )
    return lines, lines


def _merge_recipe(arguments: argparse.Namespace) -> tuple[list[str], object]:
    """Return what to print after merging by a recipe."""
    from lexgraft.files.ownership import check_outputs
    from lexgraft.weights.merge.multi_recipe import plan_stages, run_stages
    from lexgraft.weights.merge.plan_text import describe, summary

    recipes, find = _opened(arguments)
    output, seed = arguments.output, arguments.seed
    check_outputs([output], [arguments.recipe], folders=True)
    stages = plan_stages(recipes, find, seed)
    lines = [line for stage in stages for line in describe(stage.plan, output)]
    if arguments.dry_run:
        return lines, [summary(stage.plan, output) for stage in stages]
    with ProgressBars() as bars:
        manifest = run_stages(recipes, find, seed, output, bars, **_room(arguments))
    return [*lines, f"digest   {manifest.digest}", f"written  {output}"], manifest


def _opened(
    arguments: argparse.Namespace,
) -> "tuple[tuple[MergeRecipe, ...], Callable[[str, str | None], Path]]":
    """Return the recipes of a file and how its models are found."""
    from lexgraft.files.hub import find_model
    from lexgraft.weights.merge.recipe import read_recipes

    if arguments.method is not None:
        raise LexgraftError("--method chooses a project's candidate; a recipe has one method")
    near = arguments.recipe.resolve().parent

    def find(path: str, revision: str | None) -> Path:
        return find_model(path, revision, near, download=arguments.download)

    return read_recipes(arguments.recipe), find


def _folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="a folder written by `lexgraft merge`")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


@verb(_folder)
def verify(arguments: argparse.Namespace) -> int:
    """Read a merged folder again and compare every tensor with its manifest.

    Example:
      lexgraft verify merged/

    Exit status 0 if all is as it was written, 1 if anything differs.
    """
    from lexgraft.weights.merge.manifest import verify

    with ProgressBars() as bars:
        found = verify(arguments.folder, bars)
    if arguments.json:
        print_json(found)
        return 0 if found.intact else DIFFERENT
    for what, names in (
        ("missing", found.missing),
        ("added", found.added),
        ("different", found.different),
    ):
        for name in names[:SHOWN]:
            print(f"{what:<10} {name}")
        if len(names) > SHOWN:
            print(f"{what:<10} and {len(names) - SHOWN} more")
    print(f"{found.tensors} tensors, {found.bytes:,} bytes, digest {found.digest}")
    print("intact" if found.intact else "not what was written: delete the folder and merge again")
    return 0 if found.intact else DIFFERENT


def _diagnose(parser: argparse.ArgumentParser) -> None:
    _source(parser)
    parser.add_argument("--html", type=Path, metavar="FILE", help="also draw heat maps into a page")


@verb(_diagnose)
def diagnose(arguments: argparse.Namespace) -> int:
    """Say from the files, before merging, how the models' deltas agree and what would be left.

    Examples:
      lexgraft diagnose recipe.yaml
      lexgraft diagnose project.yaml --method ties --html heat.html

    It explains and warns; it does not decide.
    """
    from lexgraft.adoption.report.heat import heat_page
    from lexgraft.files.ownership import writing
    from lexgraft.records import write_bytes
    from lexgraft.weights.merge.delta_statistics import diagnose
    from lexgraft.weights.merge.diagnosis_figures import grids, layer_rows, model_rows, pair_rows

    plan = _planned(arguments)
    inputs = [arguments.recipe, *plan.folders]
    page = writing("diagnose", [arguments.html], inputs) if arguments.html else nullcontext()
    with page, ProgressBars() as bars:
        found = diagnose(plan, bars)
        if arguments.html is not None:
            title = f"{found.method}: {', '.join(found.labels)}"
            text = heat_page(title, found.warnings, grids(found))
            write_bytes(arguments.html, text.encode())
    if arguments.json:
        return print_json(found)
    print_table("Models", model_rows(found))
    print_table("Pairs", pair_rows(found))
    print_table("Layers", layer_rows(found))
    for warning in found.warnings:
        print(f"warning: {warning}")
    if arguments.html is not None:
        print(f"heat maps: {arguments.html}")
    return 0


def _planned(arguments: argparse.Namespace) -> "MergePlan":
    """Return the plan of a recipe's result, or of a project's candidate."""
    from lexgraft.weights.merge.recipe import is_recipe

    if not is_recipe(arguments.recipe):
        from lexgraft.adoption import candidate_plan

        project = open_project(arguments.recipe, download=arguments.download)
        return candidate_plan(project, arguments.method)
    from lexgraft.weights.merge.multi_recipe import plan_stages

    *others, last = plan_stages(*_opened(arguments), arguments.seed)
    if others:
        raise LexgraftError(
            "a recipe of several documents",
            where=str(arguments.recipe),
            cure="give a file with one of them; its models must be there",
        )
    if last.joined is not None:
        raise LexgraftError(
            "models of different vocabularies",
            where=str(arguments.recipe),
            cure="bring them together first with `lexgraft vocabulary align`",
        )
    return last.plan


def _extract(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("base", help="the base: a folder or a Hub id")
    parser.add_argument("model", help="a model that descends from it: a folder or a Hub id")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the adapter's folder")
    parser.add_argument("--rank", type=int, default=16, help="of the adapter (default: 16)")
    download_argument(parser)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


@verb(_extract)
def extract(arguments: argparse.Namespace) -> int:
    """Write the difference of two models as a LoRA adapter, and say how much of it that holds.

    Example:
      lexgraft extract base/ finetuned/ -o adapter/ --rank 16
    """
    from lexgraft.files.hub import named_model
    from lexgraft.files.ownership import check_outputs
    from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
    from lexgraft.weights.checkpoint.input_model import open_input_model
    from lexgraft.weights.merge.extract_adapter import extract, share_rows

    base, model = (
        named_model(text, Path(), download=arguments.download)
        for text in (arguments.base, arguments.model)
    )
    check_outputs([arguments.output], [base, model], folders=True)
    with ProgressBars() as bars:
        constituent = open_input_model(model, open_checkpoint(base), "model")
        found = extract(constituent, arguments.rank, arguments.output, bars)
    if arguments.json:
        return print_json(found)
    print_table("Explained share", share_rows(found))
    for name in found.left_out[:SHOWN]:
        print(f"not in the adapter: {name}")
    if len(found.left_out) > SHOWN:
        print(f"not in the adapter: {len(found.left_out) - SHOWN} more")
    print(f"{found.explained:.1%} of the linear layers' delta, {found.covered:.1%} of all of it")
    print(f"written: {arguments.output}")
    return 0
