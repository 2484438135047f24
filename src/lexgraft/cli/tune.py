"""The verb `tune`: the language model taught terms, without an adoption around it."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from lexgraft.cli.compute_options import compute_arguments
from lexgraft.cli.output import print_json, print_line, print_table
from lexgraft.cli.progress import ProgressBars
from lexgraft.cli.projects import download_argument, open_project
from lexgraft.cli.verb_parser import VerbParser, from_one, output_argument, verb

if TYPE_CHECKING:
    from lexgraft.adoption.report.report_record import Report
    from lexgraft.project import Project


def _tune(parser: VerbParser) -> None:
    output_argument(parser)
    download_argument(parser)
    compute_arguments(parser)
    parser.add_argument("--teach", type=from_one, metavar="TERMS", help="how many (`tune.terms`)")
    parser.add_argument(
        "--curve",
        type=from_one,
        nargs="+",
        metavar="TERMS",
        help="teach so many terms each, measure what is learned and lost, and draw it",
    )
    single = parser.without_option("--curve")
    single.add_argument("--merged", type=Path, help="write the tuned model here, and check it")


@verb(_tune)
def tune(arguments: argparse.Namespace) -> int:
    """Fine-tune the project's language model on its `choose` terms; write a LoRA adapter.

    Examples:
      lexgraft tune project.yaml -o tuned/ --teach 50 --merged model/
      lexgraft tune project.yaml -o curve/ --curve 10 50 200
      torchrun --nproc-per-node 2 -m lexgraft tune project.yaml -o tuned/

    The curve is drawn in report.html, in both languages, with its numbers in report.json.
    """
    from lexgraft import tune
    from lexgraft.adoption.standalone_tuning import draw_curve, write_merged
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
        trained = tune(project, output, progress=bars)
        merged = arguments.merged and write_merged(project, trained, output, arguments.merged, bars)
    if arguments.json:
        return print_json({"trained": trained, "merged": merged, "curve": []})
    print_line(f"written: {trained.folder}")
    if merged:
        print_line(
            f"merged:  {merged.folder}, {merged.scale:g} of what was learned, logits at most "
            f"{merged.apart:.1g} from the live model's"
        )
    return 0


def _tuned_project(arguments: argparse.Namespace) -> "Project":
    """Return the project with what the command line says of its tuning."""
    import msgspec

    project = open_project(arguments.project, arguments)
    if project.tune is None:
        return project
    changes = {"terms": arguments.teach, "curve": arguments.curve and tuple(arguments.curve)}
    tune = msgspec.structs.replace(project.tune, **{k: v for k, v in changes.items() if v})
    return msgspec.structs.replace(project, tune=msgspec.convert(tune, type(tune)))


def _show_curve(arguments: argparse.Namespace, report: "Report") -> int:
    """Print a few-shot curve as tables."""
    from lexgraft.adoption.report.report_tables import lesson_rows

    if arguments.json:
        return print_json({"trained": None, "merged": None, "curve": report.lessons})
    print_table("Few-shot curve", lesson_rows(report.lessons))
    for warning in report.warnings:
        print_line(f"warning: {warning['en']}")
    print_line(f"report: {arguments.output / 'report.html'}")
    return 0
