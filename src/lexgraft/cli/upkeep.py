"""The verb `upkeep`: what each option of a finished run costs to set up and to keep."""

import argparse
from pathlib import Path

from lexgraft.cli.output import print_json, print_line, print_table
from lexgraft.cli.verb_parser import VerbParser, json_argument, verb


def _upkeep(parser: VerbParser) -> None:
    json_argument(parser)
    parser.add_argument("run", type=Path, help="the folder of a finished adoption")
    parser.add_argument(
        "--project",
        type=Path,
        help="take `business:` from this project file instead of what the run was given",
    )
    parser.add_argument(
        "--report-language", choices=("en", "ja"), default="en", help="of the tables (en)"
    )


@verb(_upkeep)
def upkeep(arguments: argparse.Namespace) -> int:
    """Show what each option costs to set up and to keep, and what decides it.

    Example:
      lexgraft upkeep runs/medical-ja --project project.yaml

    Nothing is asked and nothing is written; `lexgraft report` writes the page.
    """
    from msgspec.structs import replace

    from lexgraft.adoption.report import read_report
    from lexgraft.adoption.report.report_words import named, say
    from lexgraft.adoption.report.upkeep_record import upkeep_of
    from lexgraft.adoption.report.upkeep_words import (
        cost_rows,
        crossing_rows,
        lever_rows,
        missing_lines,
        tokens_alone,
    )
    from lexgraft.project import read_project

    report = read_report(arguments.run / "report.json")
    if arguments.project is not None:
        report = replace(report, business=read_project(arguments.project).business)
    record, language = upkeep_of(report), arguments.report_language
    if arguments.json:
        return print_json(record)
    print_table(say("upkeep_costs", language), cost_rows(record, language))
    if record.crossings:
        print_table(say("break_even", language), crossing_rows(record, language))
    if record.levers:
        option, rival = (named(f"option {one}", language) for one in record.compared)
        title = say("tornado", language, option=option, rival=rival)
        print_table(title, lever_rows(record, language))
    if sentence := tokens_alone(record):
        print_line(sentence[language])
    for key in missing_lines(record):
        print_line(f"{say('first_not_given', language)}: {key} ({named(key, language)})")
    return 0
