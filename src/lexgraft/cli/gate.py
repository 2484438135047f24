"""The verb `gate`: a release against a ledger, for continuous integration."""

import argparse
from pathlib import Path

from lexgraft.adoption.history.release_policy import ReleasePolicy
from lexgraft.cli.history import more_rows, policy_arguments
from lexgraft.cli.output import print_json, print_line, print_table
from lexgraft.cli.verb_parser import VerbParser, from_zero, json_argument, verb

REGRESSION = 3
SHOWN = 50


def _gate(parser: VerbParser) -> None:
    parser.add_argument("run", type=Path, help="the folder of adopt or of evaluate -o")
    parser.add_argument(
        "--against", type=Path, required=True, metavar="LEDGER", help="written by history --ledger"
    )
    policy_arguments(parser)
    json_argument(parser)
    table = parser.without_option("--json")
    table.add_argument(
        "--show", type=from_zero, default=SHOWN, help=f"flipped terms listed ({SHOWN})"
    )


@verb(_gate)
def gate(arguments: argparse.Namespace) -> int:
    """Judge a release against a ledger: exit status 3 where terms were lost.

    Example:
      lexgraft gate runs/july --against releases.jsonl

    The look adds a line to the ledger: the error holds over all looks that it holds, so keep it
    with the ledger. Looking again at the same answers is the same look.
    Exit status 0: no regression was found; 2: nothing can be compared.
    """
    from lexgraft.adoption.history.history_tables import (
        all_comparisons,
        change_rows,
        flip_rows,
        gate_sentences,
    )
    from lexgraft.adoption.history.recording import gate_release
    from lexgraft.adoption.history.run_entries import entries_of
    from lexgraft.files.ownership import check_outputs

    check_outputs([arguments.against], [arguments.run])
    items, release = entries_of(arguments.run, arguments.model, arguments.project_name)
    policy = ReleasePolicy(arguments.budget, arguments.alpha)
    judged = gate_release(arguments.against, items, release, policy)
    status = 0 if judged.passed else REGRESSION
    if arguments.json:
        print_json(judged)
        return status
    print_table("Changes", change_rows([judged], complete=True))
    flips = flip_rows(all_comparisons([judged]), arguments.show, more_rows)
    if len(flips) > 1:
        print_table("Flips", flips)
    for sentence in gate_sentences(judged):
        print_line(sentence)
    print_line("pass: no regression was found" if judged.passed else "fail: a regression was found")
    return status
