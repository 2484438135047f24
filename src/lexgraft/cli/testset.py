"""The verb `testset`."""

import argparse
from collections.abc import Callable
from pathlib import Path

from lexgraft.cli.output import print_json, print_line, print_table
from lexgraft.cli.progress import ProgressBars
from lexgraft.cli.verb_parser import VerbParser, output_argument, verb
from lexgraft.project import inputs_of, read_project


def _testset(parser: VerbParser) -> None:
    output_argument(parser)
    parser.add_argument(
        "--lm-eval-tasks", type=Path, metavar="DIR", help="also write task files for lm-eval there"
    )
    parser.add_argument(
        "--tokenizer", type=Path, help="a model folder: report the audit by tokens per term too"
    )
    tasks = parser.with_option("--lm-eval-tasks")
    tasks.add_argument(
        "--split",
        choices=("choose", "confirm", "sealed"),
        default="confirm",
        help="which items go to lm-eval (default: confirm)",
    )


@verb(_testset)
def testset(arguments: argparse.Namespace) -> int:
    """Build the test set of a project: concepts, items per split, and its audit.

    Examples:
      lexgraft testset project.yaml -o testset/
      lexgraft testset project.yaml -o testset/ --tokenizer models/gemma-3-270m
      lexgraft testset project.yaml -o testset/ --lm-eval-tasks testset/lm-eval --split sealed

    A set that can be answered without knowing the words is refused: see docs/testset.md.
    """
    from lexgraft.files.ownership import check_outputs, refuse_foreign
    from lexgraft.files.sealed_concepts import SealedOpening, open_sealed
    from lexgraft.terms.testset import build_testset, refuse_other, write_harness, write_testset

    project = read_project(arguments.project)
    inputs = [*inputs_of(project), arguments.project]
    inputs += [arguments.tokenizer] if arguments.tokenizer else []
    check_outputs([arguments.output], inputs, folders=True)
    refuse_other(arguments.output)
    if arguments.lm_eval_tasks:
        check_outputs([arguments.lm_eval_tasks], inputs, folders=True)
        refuse_foreign(arguments.lm_eval_tasks, "lm-eval", arguments.lm_eval_tasks)
    tokens = _token_counter(arguments.tokenizer) if arguments.tokenizer else None
    with ProgressBars() as bars:
        bundle = build_testset(project, bars, tokens)
    write_testset(bundle, arguments.output)
    if arguments.lm_eval_tasks and arguments.split == "sealed":
        opening = SealedOpening(
            "lm-eval", "lm-eval", (), tuple(c.id for c in bundle.concepts["sealed"])
        )
        open_sealed(arguments.output, opening)
    if arguments.lm_eval_tasks:
        write_harness(bundle, project.name, arguments.split, arguments.lm_eval_tasks)
    if arguments.json:
        return print_json(bundle.audit)
    print_table("Test set", bundle.rows())
    print_line(f"written: {arguments.output}")
    if arguments.lm_eval_tasks:
        print_line(f"for lm-eval: {arguments.lm_eval_tasks}")
    return 0


def _token_counter(folder: Path) -> Callable[[str], int]:
    from lexgraft.models.transformers import token_counter

    return token_counter(folder)
