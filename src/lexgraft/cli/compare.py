"""The verb `compare`."""

import argparse
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from lexgraft.cli.output import print_json, print_table
from lexgraft.cli.verb_parser import VerbParser, json_argument, verb
from lexgraft.errors import LexgraftError

if TYPE_CHECKING:
    from lexgraft.evaluation.comparison import ModelRun
    from lexgraft.records import Split

SHOWN = 3


def _compare(parser: VerbParser) -> None:
    parser.add_argument("runs", type=Path, nargs="*", help="folders of adopt or evaluate -o")
    parser.add_argument(
        "--lm-eval",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="sample logs of lm-evaluation-harness, or folders of them",
    )
    parser.add_argument(
        "--against",
        nargs="+",
        default=[],
        metavar="MODEL",
        help="what to compare with (default: base, G and D, else the first model)",
    )
    parser.add_argument(
        "--parents",
        nargs="+",
        default=[],
        metavar="ROLE=MODEL",
        help="who is base, G or D, e.g. G=language-ja D=medical-en (adoptions know it)",
    )
    parser.add_argument(
        "--group",
        nargs="+",
        default=[],
        metavar="DIRECTION",
        help="directions or tasks, e.g. 'en->ja' (default: all)",
    )
    parser.add_argument("--alpha", type=float, default=0.05, help="of intervals and of the family")
    parser.add_argument("--margin", type=float, default=0.02, help="the loss that is allowed")
    parser.add_argument("-o", "--output", type=Path, help="write the comparison as JSON here")
    json_argument(parser)
    folders = parser.with_option("runs")
    folders.add_argument("--split", choices=("choose", "confirm", "sealed"), default="confirm")
    logs = parser.with_option("--lm-eval")
    logs.add_argument("--metric", default="", help="acc, exact_match or acc_norm")
    table = parser.without_option("--json")
    table.add_argument("--show", type=int, default=SHOWN, help="terms listed per comparison (3)")


@verb(_compare)
def compare(arguments: argparse.Namespace) -> int:
    """Compare models that answered the same items: differences, intervals, terms gained and lost.

    Examples:
      lexgraft compare runs/medical-ja --split choose
      lexgraft compare runs/medical-ja answers-of-tuned --against G --group 'en->ja'
      lexgraft compare --lm-eval out/model-a out/model-b
    """
    from lexgraft.files.ownership import writing

    _check(arguments)
    inputs = [*arguments.runs, *arguments.lm_eval]
    with writing("compare", [arguments.output], inputs) if arguments.output else nullcontext():
        return _compared(arguments)


def _compared(arguments: argparse.Namespace) -> int:
    """Compare, write and print."""
    from lexgraft.evaluation import pairwise_comparison as contest
    from lexgraft.evaluation.comparison_tables import tables
    from lexgraft.evaluation.lm_eval_logs import read_samples
    from lexgraft.evaluation.load_runs import distinct, named_parents

    entrants = distinct(
        [
            *(one for run in arguments.runs for one in _read(run, arguments.split)),
            *(read_samples(path, metric=arguments.metric) for path in arguments.lm_eval),
        ]
    )
    found = contest.compare(
        named_parents(entrants, arguments.parents),
        arguments.against,
        arguments.group,
        alpha=arguments.alpha,
        margin=arguments.margin,
    )
    if arguments.output:
        _write(arguments.output, found)
    if arguments.json:
        return print_json(found)
    for title, rows in tables(found, arguments.show):
        print_table(title, rows)
    for group, names in found.racing.items():
        if len(found.models) - len(found.references) > 1:
            print(f"{group}: none of the others is shown to beat {', '.join(names)}")
    if arguments.split == "choose":
        print("note: the best of many on `choose` looks better than it is; confirm it on `confirm`")
    return 0


def _read(run: Path, split: "Split") -> "list[ModelRun]":
    """Return a run's models; of sealed concepts, those that they were opened for."""
    from lexgraft.evaluation.load_runs import read_run
    from lexgraft.files.sealed_concepts import opened_for

    test = run / "testset"
    allowed = opened_for(test) if split == "sealed" and test.is_dir() else None
    return [one for one in read_run(run, split) if allowed is None or one.digest in allowed]


def _check(arguments: argparse.Namespace) -> None:
    if not arguments.runs and not arguments.lm_eval:
        raise LexgraftError("nothing to compare", cure="name runs, or logs with --lm-eval")
    for name, low, high in (("alpha", 0.0, 0.5), ("margin", 0.0, 1.0)):
        value = getattr(arguments, name)
        if not low < value < high:
            raise LexgraftError(f"--{name} {value:g} is not between {low:g} and {high:g}")


def _write(path: Path, record: object) -> None:
    import msgspec

    from lexgraft.records import write_bytes

    write_bytes(path, msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
