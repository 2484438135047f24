"""The verb `plan`: what an adoption will do and cost."""

import argparse

from lexgraft.cli.compute_options import compute_arguments
from lexgraft.cli.output import print_json, print_line, print_table
from lexgraft.cli.progress import ProgressBars
from lexgraft.cli.projects import download_argument, open_project
from lexgraft.cli.verb_parser import VerbParser, project_argument, verb


def _plan(parser: VerbParser) -> None:
    project_argument(parser)
    download_argument(parser)
    compute_arguments(parser)


@verb(_plan)
def plan(arguments: argparse.Namespace) -> int:
    """Show what an adoption will do, cost and be able to show, before any model is loaded.

    Example:
      lexgraft plan examples/medical-ja/project.yaml
    """
    project = open_project(arguments.project, arguments)
    from lexgraft import plan

    with ProgressBars() as bars:
        planned = plan(project, progress=bars)
    if arguments.json:
        return print_json(planned)
    print_table("Plan", planned.rows())
    for mark in planned.marks:
        print_line(f"read the verdicts with this: {mark.sentence['en']}")
    for warning in planned.warnings:
        print_line(f"warning: {warning['en']}")
    return 0
