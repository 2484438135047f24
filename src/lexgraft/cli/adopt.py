"""The verbs of a project: the whole adoption, and each of its stages alone."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from lexgraft.cli.output import print_json, print_table
from lexgraft.cli.progress import ProgressBars
from lexgraft.cli.projects import download_argument, open_project
from lexgraft.cli.verb_parser import nothing, output_argument, project_argument, verb
from lexgraft.errors import LexgraftError
from lexgraft.project import schema

if TYPE_CHECKING:
    from lexgraft.adoption.report.report_record import Report
    from lexgraft.project import Project

_MOST_WORKERS = 1024
_ROOM = ("memory", "workers", "allow_nonfinite")


def _adopt(parser: argparse.ArgumentParser) -> None:
    _planned(parser)
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
    from lexgraft.adoption import run_project
    from lexgraft.adoption.report.report_tables import summary_rows, verdict_rows

    project = open_project(arguments.project, download=arguments.download)
    with ProgressBars() as bars:
        report, unchanged = run_project(project, bars, unseal=arguments.open_sealed)
    if arguments.json:
        return print_json(report)
    print_table("Verdicts", verdict_rows(report, "en"))
    print_table("Terms", summary_rows(report, "en"))
    for warning in report.warnings:
        print(f"warning: {warning['en']}")
    print(report.recommendation["en"])
    if report.decision is not None:
        print(f"what could change this: {report.decision.would_change['en']}")
    if unchanged:
        print("all stages unchanged: nothing was run again")
    print(f"model:  {Path(project.output) / 'model'}")
    print(f"report: {Path(project.output) / 'report.html'}")
    if report.decision is not None and report.decision.model != "recipient":
        terms = f" --glossary {arguments.project}" if report.decision.glossary else ""
        print(f"serve:  lexgraft serve {Path(project.output) / 'model'}{terms}")
    return 0


def _planned(parser: argparse.ArgumentParser) -> None:
    project_argument(parser)
    download_argument(parser)


@verb(_planned)
def plan(arguments: argparse.Namespace) -> int:
    """Show what an adoption will do, cost and be able to show, before any model is loaded.

    Example:
      lexgraft plan examples/medical-ja/project.yaml
    """
    from lexgraft.adoption import plan_project

    project = open_project(arguments.project, download=arguments.download)
    with ProgressBars() as bars:
        planned = plan_project(project, bars)
    if arguments.json:
        return print_json(planned)
    print_table("Plan", planned.rows())
    for warning in planned.warnings:
        print(f"warning: {warning['en']}")
    return 0


def _tune(parser: argparse.ArgumentParser) -> None:
    output_argument(parser)
    download_argument(parser)
    parser.add_argument("--terms", type=int, help="concepts taught (`tune.terms`)")
    parser.add_argument("--merged", type=Path, help="write the tuned model here, and check it")
    parser.add_argument(
        "--curve",
        type=int,
        nargs="+",
        metavar="TERMS",
        help="teach so many terms each, measure what is learned and lost, and draw it",
    )


@verb(_tune)
def tune(arguments: argparse.Namespace) -> int:
    """Fine-tune the project's language model on its `choose` terms; write a LoRA adapter.

    Examples:
      lexgraft tune project.yaml -o tuned/ --terms 50 --merged model/
      lexgraft tune project.yaml -o curve/ --curve 10 50 200
      torchrun --nproc-per-node 2 -m lexgraft tune project.yaml -o tuned/

    The curve is drawn in report.html, in both languages, with its numbers in report.json.
    """
    from lexgraft.adoption import draw_curve, tune_language_model, write_merged
    from lexgraft.files.ownership import check_outputs
    from lexgraft.project import inputs_of

    project, output = _tuned_project(arguments), arguments.output
    if arguments.merged:
        within = (output / name for name in ("tuned", "merged", "answers", "stages", "testset"))
        inputs = [*inputs_of(project), arguments.project, *within]
        check_outputs([arguments.merged], inputs, folders=True)
    with ProgressBars() as bars:
        if arguments.curve or (project.tune and project.tune.curve and not arguments.merged):
            report = draw_curve(project, output, bars)
            return _show_curve(arguments, report)
        trained = tune_language_model(project, output, bars)
        merged = arguments.merged and write_merged(project, trained, output, arguments.merged, bars)
    if arguments.json:
        return print_json(merged or trained)
    print(f"written: {trained.folder}")
    if merged:
        print(f"merged:  {merged.folder}, logits at most {merged.apart:.1g} from the live model's")
    return 0


def _tuned_project(arguments: argparse.Namespace) -> "Project":
    """Return the project with what the command line says of its tuning."""
    import msgspec

    project = open_project(arguments.project, download=arguments.download)
    if project.tune is None:
        return project
    given = {"terms": arguments.terms, "curve": arguments.curve and tuple(arguments.curve)}
    tune = msgspec.structs.replace(project.tune, **{k: v for k, v in given.items() if v})
    return msgspec.structs.replace(project, tune=msgspec.convert(tune, type(tune)))


def _show_curve(arguments: argparse.Namespace, report: "Report") -> int:
    """Print a few-shot curve as tables."""
    from lexgraft.adoption.report.report_tables import lesson_rows

    if arguments.json:
        return print_json(report.lessons)
    print_table("Few-shot curve", lesson_rows(report.lessons))
    for warning in report.warnings:
        print(f"warning: {warning['en']}")
    print(f"report: {arguments.output / 'report.html'}")
    return 0


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, help="the folder of a finished adoption")


@verb(_run)
def report(arguments: argparse.Namespace) -> int:
    """Write report.html and terms.csv again from a run's report.json.

    Example:
      lexgraft report runs/medical-ja
    """
    from lexgraft.adoption.report import read_report, write_report
    from lexgraft.files.ownership import check_outputs
    from lexgraft.files.run_folder import HELD

    record = read_report(arguments.run / "report.json")
    pages = [arguments.run / name for name in ("report.html", "terms.csv")]
    check_outputs([*pages, arguments.run / "report.json"], ())
    taken = next((page for page in pages if page.exists()), None)
    if taken is not None and not (arguments.run / HELD).is_file():
        raise LexgraftError(
            "this is no run's folder, and the file is there already",
            where=str(taken),
            cure="move it away: nothing is overwritten",
        )
    write_report(record, arguments.run)
    print(f"report: {arguments.run / 'report.html'}")
    return 0


@verb(nothing)
def schema_(_arguments: argparse.Namespace) -> int:
    """Print the JSON Schema of the project file, for editors."""
    print(json.dumps(schema(), indent=2))
    return 0
