"""The verb `adopt`: every stage of a project in order."""

import argparse

from lexgraft.cli.compute_options import compute_arguments
from lexgraft.cli.output import print_json, print_line, print_table
from lexgraft.cli.progress import ProgressBars
from lexgraft.cli.projects import download_argument, open_project
from lexgraft.cli.verb_parser import VerbParser, project_argument, verb


def _adopt(parser: VerbParser) -> None:
    project_argument(parser)
    download_argument(parser)
    compute_arguments(parser)
    parser.add_argument(
        "--underpowered",
        action="store_true",
        help="run gates that would sooner not pass though what they ask for were true",
    )
    parser.add_argument(
        "--open-sealed",
        action="store_true",
        help="judge the recommended model on the sealed concepts too: once, it is recorded",
    )


@verb(_adopt)
def adopt(arguments: argparse.Namespace) -> int:
    """Run every stage of the project in order until its thresholds are met, then report.

    Example:
      lexgraft adopt examples/medical-ja/project.yaml

    A second call runs only what changed; a killed run carries on. Exit status 0 whatever the
    verdict is: read it in the table, in report.html or with --json.
    """
    from lexgraft.evaluation.resource_usage import own_process

    own_process()
    project = open_project(arguments.project, arguments)
    from lexgraft import adopt
    from lexgraft.adoption.report.cost_section import spent_lines
    from lexgraft.adoption.report.report_tables import summary_rows, verdict_rows

    with ProgressBars() as bars:
        adoption = adopt(
            project,
            progress=bars,
            open_sealed=arguments.open_sealed,
            underpowered=arguments.underpowered,
        )
    report = adoption.report
    if arguments.json:
        return print_json(report)
    print_table("Verdicts", verdict_rows(report, "en"))
    print_table("Terms", summary_rows(report, "en"))
    for warning in report.warnings:
        print_line(f"warning: {warning['en']}")
    print_line(report.recommendation["en"])
    for mark in report.marks:
        print_line(f"read this with it: {mark.sentence['en']}")
    if report.decision is not None:
        print_line(f"what could change this: {report.decision.would_change['en']}")
    if adoption.unchanged:
        print_line("all stages unchanged: nothing was run again")
    for line in spent_lines(report):
        print_line(line)
    print_line(f"model:  {adoption.model_dir}")
    print_line(f"report: {adoption.report_page}")
    if report.decision is not None and report.decision.model != "recipient":
        command = f"lexgraft serve {adoption.model_dir}"
        if report.decision.glossary:
            command = f"lexgraft serve {adoption.model_dir} --glossary {arguments.project}"
        print_line(f"serve:  {command}")
    return 0
