"""The verbs of a project: the whole adoption, and each of its stages alone."""

import argparse
import json
from pathlib import Path

from lexgraft.cli.bars import Bars
from lexgraft.cli.registry import nothing, output_argument, project_argument, verb
from lexgraft.cli.show import print_json, print_table
from lexgraft.project import read_project, schema

_MOST_WORKERS = 1024
_ROOM = ("memory", "workers", "allow_nonfinite")


def _adopt(parser: argparse.ArgumentParser) -> None:
    project_argument(parser)
    parser.add_argument(
        "--open-sealed", action="store_true",
        help="judge the recommended model on the sealed concepts too: once, it is recorded",
    )  # fmt: skip


@verb(_adopt)
def adopt(arguments: argparse.Namespace) -> int:
    """Run every stage of the project in order until its thresholds are met, then report.

    Example:
      lexgraft adopt examples/medical-ja/project.yaml

    A second call runs only what changed; a killed run carries on. Exit status 0 whatever the
    verdict is: read it in the table, in report.html or with --json.
    """
    from lexgraft.adopt import run_project
    from lexgraft.report.tables import summary_rows, verdict_rows

    project = read_project(arguments.project)
    with Bars() as bars:
        report, unchanged = run_project(project, bars, unseal=arguments.open_sealed)
    if arguments.json:
        return print_json(report)
    print_table("Verdicts", verdict_rows(report, "en"))
    print_table("Terms", summary_rows(report, "en"))
    for warning in report.warnings:
        print(f"warning: {warning['en']}")
    print(report.recommendation["en"])
    if unchanged:
        print("all stages unchanged: nothing was run again")
    print(f"model:  {Path(project.output) / 'model'}")
    print(f"report: {Path(project.output) / 'report.html'}")
    return 0


@verb(project_argument)
def plan(arguments: argparse.Namespace) -> int:
    """Show what an adoption will do, cost and be able to show, before any model is loaded.

    Example:
      lexgraft plan examples/medical-ja/project.yaml
    """
    from lexgraft.adopt import plan_project

    with Bars() as bars:
        planned = plan_project(read_project(arguments.project), bars)
    if arguments.json:
        return print_json(planned)
    print_table("Plan", planned.rows())
    for warning in planned.warnings:
        print(f"warning: {warning['en']}")
    return 0


def _evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a model folder or a LoRA adapter on the base")
    parser.add_argument("--project", type=Path, required=True, help="whose test set is asked")
    parser.add_argument("-o", "--output", type=Path, required=True, help="where answers are kept")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


@verb(_evaluate)
def evaluate(arguments: argparse.Namespace) -> int:
    """Measure one model on a project's confirm concepts and general texts, with intervals.

    Example:
      lexgraft evaluate constituents/language-ja --project project.yaml -o answers/
    """
    from lexgraft.adopt import evaluate_model
    from lexgraft.report.tables import score_rows

    with Bars() as bars:
        scores = evaluate_model(
            read_project(arguments.project), arguments.model, arguments.output, bars
        )
    if arguments.json:
        return print_json(scores)
    print_table(str(arguments.model), score_rows(scores))
    return 0


@verb(output_argument)
def tune(arguments: argparse.Namespace) -> int:
    """Fine-tune the project's language model on its `choose` terms; write a LoRA adapter.

    Example:
      lexgraft tune project.yaml -o tuned/
    """
    from lexgraft.adopt import tune_language_model

    with Bars() as bars:
        summary = tune_language_model(read_project(arguments.project), arguments.output, bars)
    if arguments.json:
        return print_json(summary)
    print(f"written: {arguments.output}")
    return 0


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, help="the folder of a finished adoption")


@verb(_run)
def report(arguments: argparse.Namespace) -> int:
    """Write report.html and terms.csv again from a run's report.json.

    Example:
      lexgraft report runs/medical-ja
    """
    from lexgraft.report import read_report, write_report

    write_report(read_report(arguments.run / "report.json"), arguments.run)
    print(f"report: {arguments.run / 'report.html'}")
    return 0


@verb(nothing)
def schema_(_arguments: argparse.Namespace) -> int:
    """Print the JSON Schema of the project file, for editors."""
    print(json.dumps(schema(), indent=2))
    return 0
