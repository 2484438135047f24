"""The verb `history`: releases over time, and a ledger of them that is only added to."""

import argparse
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from lexgraft.adoption.history.release_policy import ReleasePolicy
from lexgraft.cli.output import print_json, print_line, print_table
from lexgraft.cli.verb_parser import VerbParser, from_zero, json_argument, share_argument, verb

if TYPE_CHECKING:
    from lexgraft.adoption.history.history_tables import History

SHOWN = 10
_USUAL = ReleasePolicy()


def more_rows(count: int) -> str:
    """Return what stands where rows are left out."""
    return f"... and {count:,} more: --show"


def policy_arguments(parser: VerbParser) -> None:
    """Add which model was released, how much may be lost, and how often an alarm may be false."""
    parser.add_argument(
        "--model",
        default="",
        help="name or digest of the one that is released (the one that the adoption wrote)",
    )
    parser.add_argument(
        "--project-name", default="", help="whose release it is (of an evaluation nothing says it)"
    )
    parser.add_argument(
        "--budget",
        type=share_argument,
        default=_USUAL.budget,
        help="share of the concepts known that may be lost since the first release "
        f"({_USUAL.budget})",
    )
    parser.add_argument(
        "--alpha",
        type=share_argument,
        default=_USUAL.alpha,
        help="chance of any false alarm over all releases, looks, directions and fields "
        f"({_USUAL.alpha})",
    )


def _history(parser: VerbParser) -> None:
    parser.add_argument(
        "runs", type=Path, nargs="*", default=[], help="folders of adopt or evaluate -o, in order"
    )
    parser.add_argument(
        "--ledger", type=Path, metavar="FILE", help="add the runs to this file, and show all of it"
    )
    parser.add_argument("--html", type=Path, help="write a page here")
    policy_arguments(parser)
    json_argument(parser)
    table = parser.without_option("--json")
    table.add_argument(
        "--show", type=from_zero, default=SHOWN, help=f"terms listed per comparison ({SHOWN})"
    )


@verb(_history)
def history(arguments: argparse.Namespace) -> int:
    """Show releases over time: what each knows, what was lost, which terms flipped.

    Examples:
      lexgraft history runs/may runs/june --html history.html
      lexgraft history runs/july --ledger releases.jsonl
      lexgraft history --ledger releases.jsonl --json

    The ledger is only added to, one line a release with the digest of the line before; a run
    that is in it is not added again, and one that cannot be compared with those of its project
    not at all.
    """
    from lexgraft.files.ownership import check_outputs, writing

    if arguments.ledger and arguments.runs:  # it is added to
        check_outputs([arguments.ledger], arguments.runs)
    inputs = [*arguments.runs, *([arguments.ledger] if arguments.ledger else [])]
    with writing("history", [arguments.html], inputs) if arguments.html else nullcontext():
        return _shown(arguments)


def _shown(arguments: argparse.Namespace) -> int:
    from lexgraft.adoption.history.history_page import history_page
    from lexgraft.adoption.history.history_tables import by_project, history_of
    from lexgraft.adoption.history.ledger import Ledger, read_ledger
    from lexgraft.adoption.history.recording import add_releases
    from lexgraft.adoption.history.run_entries import entries_of
    from lexgraft.errors import LexgraftError
    from lexgraft.records import write_bytes

    if not arguments.runs and arguments.ledger is None:
        raise LexgraftError("nothing to show", cure="name folders of runs, or --ledger FILE")
    entries = [
        entry
        for run in arguments.runs
        for entry in entries_of(run, arguments.model, arguments.project_name)
    ]
    added = 0
    if arguments.ledger is None:
        ledger = Ledger().with_new(entries)
    elif entries:
        ledger, new = add_releases(arguments.ledger, entries)
        added = len(new)
    else:
        ledger = read_ledger(arguments.ledger)
    record = history_of(ledger, ReleasePolicy(arguments.budget, arguments.alpha))
    if arguments.html:
        subject = str(arguments.ledger or ", ".join(run.name for run in arguments.runs))
        write_bytes(arguments.html, history_page(record, subject).encode())
    if arguments.json:
        return print_json(record)
    projects = by_project(record)
    for project in projects:
        if len(projects) > 1:
            print_line(f"Project {project.releases[0].project}")
        _print_project(project, arguments.show)
    if arguments.ledger:
        print_line(f"ledger: {added} added, {len(record.releases)} in all; {record.head}")
    return 0


def _print_project(record: "History", show: int) -> None:
    """Print the releases of one project, what changed and what flipped."""
    from lexgraft.adoption.history.history_tables import (
        all_comparisons,
        change_rows,
        flip_rows,
        release_rows,
    )

    print_table("Releases", release_rows(record))
    if record.gates:
        print_table("Changes", change_rows(record.gates, complete=False))
        flips = flip_rows(all_comparisons(record.gates), show, more_rows)
        if len(flips) > 1:
            print_table("Flips", flips)
