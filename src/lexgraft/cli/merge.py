"""The verb `merge`: models to a Hugging Face folder, by a recipe or a project's candidate."""

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lexgraft.cli.compute_options import device_name
from lexgraft.cli.output import print_json, print_line
from lexgraft.cli.progress import ProgressBars
from lexgraft.cli.projects import download_argument
from lexgraft.cli.verb_parser import VerbParser, json_argument, refuse, verb
from lexgraft.errors import LexgraftError, as_called
from lexgraft.files.stand_ins import output_of

if TYPE_CHECKING:
    from lexgraft.adoption.merge_models import PlannedMerge

_MOST_WORKERS = 1024
_LIMITS = ("memory", "workers", "allow_nonfinite", "check_answers", "device")
DIFFERENT = 1  # exit status


def source_arguments(parser: VerbParser) -> None:
    """Add the file that says what is merged, and the options of its kind."""
    parser.add_argument("recipe", type=Path, help="a mergekit recipe or a project file (YAML)")
    parser.add_argument("--method", help="of a project: one of its candidates (default: the first)")
    parser.add_argument("--seed", type=int, help="of a recipe: what chance is keyed by (default 0)")
    download_argument(parser)
    json_argument(parser)


def planned_merge(
    arguments: argparse.Namespace, cluster: dict[str, str] | None = None
) -> "PlannedMerge":
    """Return what the file says is merged, after holding the options against its kind.

    `cluster` is what is said of where it runs.

    Raises:
        LexgraftError: an option has no effect on a file of this kind; all that planning refuses.
    """
    from lexgraft.adoption.merge_models import plan_merging
    from lexgraft.weights.merge.recipe import is_recipe

    by_recipe = is_recipe(arguments.recipe)
    if by_recipe and arguments.method is not None:
        refuse("--method", "on a recipe", "write `merge_method:` in the recipe")
    if not by_recipe and arguments.seed is not None and arguments.recipe.is_file():
        refuse("--seed", "on a project", "write `seed:` in the project file")
    return plan_merging(
        arguments.recipe,
        method=arguments.method,
        seed=arguments.seed,
        download=arguments.download,
        cluster=cluster,
    )


def _merge(parser: VerbParser) -> None:
    source_arguments(parser)
    parser.add_argument("out", nargs="?", metavar="OUT", help="the folder, or s3:// URL, to write")
    parser.add_argument("-o", "--output", help="the same, as other verbs have it")
    parser.add_argument("--dry-run", action="store_true", help="print the plan, write nothing")
    parser.add_argument(
        "--memory",
        type=_size,
        help="for the merge's own buffers, e.g. 96M or 2G (default: 288M, 96M beside torch)",
    )
    parser.add_argument(
        "--workers",
        type=_count,
        help="threads (default: processors + 1); with --engine ray processes (default: all it has)",
    )
    parser.add_argument(
        "--engine",
        choices=("local", "ray"),
        help="where work runs: this machine, or a Ray cluster that sees the same folders "
        "(default: as the project says; local for a recipe)",
    )
    parser.add_argument("--address", help="of the cluster: auto, local, host:port or ray://…")
    parser.add_argument(
        "--device",
        type=device_name,
        metavar="auto|cpu|cuda[:N]|mps",
        help="where methods of whole matrices compute (cpu); the manifest names it",
    )
    parser.add_argument(
        "--allow-nonfinite", action="store_true", help="keep NaN and infinity, counted"
    )
    parser.add_argument(
        "--check-answers",
        action="store_true",
        help="load the folder again and compare it with the merge in memory on a dozen prompts",
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
      lexgraft merge recipe.yaml s3://bucket/merged

    Neither --memory nor --workers changes a byte of the result. --dry-run takes the whole command
    and checks it. --check-answers needs memory for the whole model in float32, twice for a moment;
    exit status 1 if the folder answers otherwise than the merge in memory.
    """
    output, status = _output(arguments), 0
    cluster = {"engine": arguments.engine, "address": arguments.address}
    planned = planned_merge(arguments, {key: text for key, text in cluster.items() if text})
    planned.check(output, arguments.device or "cpu")
    lines = planned.lines(output)
    if arguments.dry_run:
        record = planned.summaries(output)
    else:
        with ProgressBars() as bars:
            record = planned.write(output, bars, **_limits(arguments))
        lines += [f"digest   {record.digest}", f"written  {as_called(output)}"]
        lines += [f"answers  {record.answers}"] if record.answers is not None else []
        answers = record.answers if arguments.check_answers else None
        status = DIFFERENT if answers and not (answers.agrees or answers.left_out) else 0
    if arguments.json:
        print_json(record)
        return status
    for line in lines:
        print_line(line)
    return status


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
    return output_of(arguments.output if arguments.out is None else arguments.out)


def _limits(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what the merge may use, as far as it was said."""
    return {name: value for name in _LIMITS if (value := getattr(arguments, name))}
