"""The verb `merge`: models to a Hugging Face folder, by a recipe or a project's candidate."""

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lexgraft.cli.output import print_json
from lexgraft.cli.progress import ProgressBars
from lexgraft.cli.projects import download_argument, open_project
from lexgraft.cli.verb_parser import VerbParser, json_argument, refuse, verb
from lexgraft.errors import LexgraftError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lexgraft.weights.merge.recipe import MergeRecipe

_MOST_WORKERS = 1024
_LIMITS = ("memory", "workers", "allow_nonfinite")


def source_arguments(parser: VerbParser) -> None:
    """Add the file that says what is merged, and the options of its kind."""
    parser.add_argument("recipe", type=Path, help="a mergekit recipe or a project file (YAML)")
    parser.add_argument("--method", help="of a project: one of its candidates (default: the first)")
    parser.add_argument("--seed", type=int, help="of a recipe: what chance is keyed by (default 0)")
    download_argument(parser)
    json_argument(parser)


def checked_recipe(arguments: argparse.Namespace) -> bool:
    """Return whether the file is a recipe, not a project, after holding the options against it.

    Raises:
        LexgraftError: an option has no effect on a file of this kind.
    """
    from lexgraft.weights.merge.recipe import is_recipe

    by_recipe = is_recipe(arguments.recipe)
    if by_recipe and arguments.method is not None:
        refuse("--method", "on a recipe", "write `merge_method:` in the recipe")
    if not by_recipe and arguments.seed is not None:
        refuse("--seed", "on a project", "write `seed:` in the project file")
    return by_recipe


def recipes_of(
    arguments: argparse.Namespace,
) -> "tuple[tuple[MergeRecipe, ...], Callable[[str, str | None], Path]]":
    """Return the recipes of a file and how its models are found."""
    from lexgraft.files.hub import find_model
    from lexgraft.weights.merge.recipe import read_recipes

    folder = arguments.recipe.resolve().parent

    def find(path: str, revision: str | None) -> Path:
        return find_model(path, revision, folder, download=arguments.download)

    return read_recipes(arguments.recipe), find


def _merge(parser: VerbParser) -> None:
    source_arguments(parser)
    parser.add_argument("out", type=Path, nargs="?", metavar="OUT", help="the folder to write")
    parser.add_argument("-o", "--output", type=Path, help="the same, as other verbs have it")
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
    size = re.fullmatch(r"(\d{1,6})([KMG]?)", text.upper())
    if size is None or not int(size[1]):
        raise argparse.ArgumentTypeError(f"{text!a} is not a size such as 96M or 2G")
    return int(size[1]) << {"": 0, "K": 10, "M": 20, "G": 30}[size[2]]


def _count(text: str) -> int:
    """Return a number of threads."""
    if not text.isdecimal() or not 0 < int(text) <= _MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"{text!a} is not a number from 1 to {_MOST_WORKERS}")
    return int(text)


@verb(_merge)
def merge(arguments: argparse.Namespace) -> int:
    """Merge models into a Hugging Face folder, by a mergekit recipe or a project's candidate.

    Examples:
      lexgraft merge recipe.yaml merged/ --dry-run
      lexgraft merge recipe.yaml merged/
      lexgraft merge project.yaml --method ties -o merged/

    Neither --memory nor --workers changes a byte of the result. --dry-run takes the whole command
    and checks it.
    """
    output = _output(arguments)
    run = _merge_recipe if checked_recipe(arguments) else _merge_project
    lines, record = run(arguments, output)
    if arguments.json:
        return print_json(record)
    print("\n".join(lines))
    return 0


def _output(arguments: argparse.Namespace) -> Path:
    """Return the folder to write, as a second argument or after -o.

    Raises:
        LexgraftError: none is named, or two.
    """
    if (arguments.out is None) == (arguments.output is None):
        raise LexgraftError(
            "no folder to write" if arguments.out is None else "two folders to write",
            cure="lexgraft merge FILE OUT, or lexgraft merge FILE -o OUT",
        )
    return arguments.out or arguments.output


def _merge_project(arguments: argparse.Namespace, output: Path) -> tuple[list[str], object]:
    """Return what to print after merging by a project file: lines, and a record."""
    from lexgraft.adoption import candidate_plan
    from lexgraft.files.ownership import check_outputs
    from lexgraft.project import inputs_of
    from lexgraft.weights.merge.disk_merge import run_merge
    from lexgraft.weights.merge.plan_text import describe, summary

    project = open_project(arguments.recipe, download=arguments.download)
    check_outputs([output], [arguments.recipe, *inputs_of(project)], folders=True)
    plan = candidate_plan(project, arguments.method)
    if arguments.dry_run:
        return describe(plan, output), [summary(plan, output)]
    with ProgressBars() as bars:
        manifest = run_merge(plan, output, bars, **_limits(arguments))
    return [*describe(plan, output), *_written(manifest.digest, output)], manifest


def _merge_recipe(arguments: argparse.Namespace, output: Path) -> tuple[list[str], object]:
    """Return what to print after merging by a recipe: lines, and a record."""
    from lexgraft.files.ownership import check_outputs
    from lexgraft.weights.merge.multi_recipe import plan_stages, run_stages
    from lexgraft.weights.merge.plan_text import describe, summary

    recipes, find = recipes_of(arguments)
    seed = arguments.seed or 0
    check_outputs([output], [arguments.recipe], folders=True)
    stages = plan_stages(recipes, find, seed)
    lines = [line for stage in stages for line in describe(stage.plan, output)]
    if arguments.dry_run:
        return lines, [summary(stage.plan, output) for stage in stages]
    with ProgressBars() as bars:
        manifest = run_stages(recipes, find, seed, output, bars, **_limits(arguments))
    return [*lines, *_written(manifest.digest, output)], manifest


def _written(digest: str, output: Path) -> tuple[str, str]:
    return f"digest   {digest}", f"written  {output}"


def _limits(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what the merge may use, as far as it was said."""
    return {name: value for name in _LIMITS if (value := getattr(arguments, name))}
