"""The verb `compare`."""

import argparse
from contextlib import nullcontext
from pathlib import Path

from lexgraft.cli.output import print_json, print_line, print_table
from lexgraft.cli.verb_parser import VerbParser, from_zero, json_argument, share_argument, verb

SHOWN = 3


def _compare(parser: VerbParser) -> None:
    parser.add_argument(
        "runs", type=Path, nargs="*", default=[], help="folders of adopt or evaluate -o"
    )
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
    parser.add_argument(
        "--alpha", type=share_argument, default=0.05, help="of intervals and of the family"
    )
    parser.add_argument("--margin", type=float, default=0.02, help="the loss that is allowed")
    parser.add_argument("-o", "--output", type=Path, help="write the comparison as JSON here")
    json_argument(parser)
    folders = parser.with_option("runs")
    folders.add_argument("--split", choices=("choose", "confirm", "sealed"), default="confirm")
    logs = parser.with_option("--lm-eval")
    logs.add_argument("--metric", default="", help="acc, exact_match or acc_norm")
    table = parser.without_option("--json")
    table.add_argument(
        "--show", type=from_zero, default=SHOWN, help="terms listed per comparison (3)"
    )


@verb(_compare)
def compare(arguments: argparse.Namespace) -> int:
    """Compare models that answered the same items: differences, intervals, terms gained and lost.

    Examples:
      lexgraft compare runs/medical-ja --split choose
      lexgraft compare runs/medical-ja answers-of-tuned --against G --group 'en->ja'
      lexgraft compare --lm-eval out/model-a out/model-b
    """
    from lexgraft.files.ownership import writing

    inputs = [*arguments.runs, *arguments.lm_eval]
    with writing("compare", [arguments.output], inputs) if arguments.output else nullcontext():
        return _compared(arguments)


def _compared(arguments: argparse.Namespace) -> int:
    """Compare, write and print."""
    from lexgraft import compare
    from lexgraft.evaluation.comparison_tables import tables

    comparison = compare(
        *arguments.runs,
        lm_eval=arguments.lm_eval,
        metric=arguments.metric,
        split=arguments.split,
        against=arguments.against,
        parents=arguments.parents,
        groups=arguments.group,
        alpha=arguments.alpha,
        margin=arguments.margin,
    )
    if arguments.output:
        _write(arguments.output, comparison)
    if arguments.json:
        return print_json(comparison)
    for title, rows in tables(comparison, arguments.show):
        print_table(title, rows)
    for group, names in comparison.racing.items():
        if len(comparison.models) - len(comparison.references) > 1:
            print_line(f"{group}: none of the others is shown to beat {', '.join(names)}")
    if arguments.split == "choose":
        print_line(
            "note: the best of many on `choose` looks better than it is; confirm it on `confirm`"
        )
    return 0


def _write(path: Path, record: object) -> None:
    import msgspec

    from lexgraft.records import write_bytes

    write_bytes(path, msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
