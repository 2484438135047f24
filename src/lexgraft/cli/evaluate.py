"""The verb `evaluate`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from lexgraft.cli.output import print_json, print_table
from lexgraft.cli.progress import ProgressBars
from lexgraft.cli.projects import download_argument, open_project
from lexgraft.cli.verb_parser import verb
from lexgraft.errors import LexgraftError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lexgraft.records import Score


def _evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model",
        help="a model folder, a LoRA adapter, a Hub id, vllm:FOLDER, or a server: http://host/v1#name",
    )
    parser.add_argument("--project", type=Path, help="ask what this project asks on `confirm`")
    parser.add_argument("--items", type=Path, help="items: JSON lines, or a test set's folder")
    download_argument(parser)
    parser.add_argument("--split", choices=("choose", "confirm", "sealed"), default="confirm")
    parser.add_argument("--written", action="store_true", help="let terms be written freely too")
    parser.add_argument("--defined", action="store_true", help="let it write definitions too")
    parser.add_argument("--scorer", type=Path, help="frozen model that reads the definitions")
    parser.add_argument("--judge", default="", metavar="COMMAND", help="program that grades them")
    parser.add_argument("--labels", type=Path, help="graded definitions: the judge's bias")
    parser.add_argument("--aligned", action="store_true", help="do two languages rank alike?")
    parser.add_argument("--general", action="store_true", help="grammar pairs and small probes")
    parser.add_argument("--texts", type=Path, help="running text (Document lines): bits per byte")
    parser.add_argument("--against", type=Path, help="drift on the texts from this model (folder)")
    parser.add_argument("--tasks", nargs="+", default=[], help="of lm-evaluation-harness")
    parser.add_argument("--task-files", type=Path, help="folder of task files; only these then")
    parser.add_argument("--limit", type=int, help="samples per task")
    parser.add_argument("--base", type=Path, help="the model an adapter was trained on")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--device", default="cpu", help="e.g. cuda")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("answers"), help="where answers are kept"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


@verb(_evaluate)
def evaluate(arguments: argparse.Namespace) -> int:
    """Measure one model, with intervals: on a set of items, or on what a project asks.

    Examples:
      lexgraft evaluate my-model --items testset/ -o answers/
      lexgraft evaluate my-adapter --base my-model --items questions.jsonl --general
      lexgraft evaluate http://localhost:8000/v1 --items testset/
      lexgraft evaluate constituents/language-ja --project project.yaml -o answers/
    """
    if arguments.project:
        return _project(arguments)
    from lexgraft.adoption import EvaluationRequest, evaluate_alone

    question = EvaluationRequest(
        model=arguments.model,
        output=arguments.output,
        items=arguments.items,
        split=arguments.split,
        base=arguments.base,
        written=arguments.written,
        defined=arguments.defined,
        scorer=arguments.scorer,
        judge=arguments.judge,
        labels=arguments.labels,
        aligned=arguments.aligned,
        general=arguments.general,
        texts=arguments.texts,
        against=arguments.against,
        tasks=tuple(arguments.tasks),
        task_files=arguments.task_files,
        limit=arguments.limit,
        threads=arguments.threads,
        dtype=arguments.dtype,
        device=arguments.device,
        download=arguments.download,
    )
    with ProgressBars() as bars:
        found = evaluate_alone(question, bars)
    if arguments.json:
        return print_json(found)
    _show(found.model, found.scores)
    for warning in found.warnings:
        print(f"warning: {warning}")
    if found.crossed:
        print(f"{found.crossed} options were scored by themselves: a token crossed the seam")
    print(
        f"scoring {found.scoring}, {found.seconds:.0f} s, memory {found.peak_bytes / 1e9:.1f} GB "
        f"(announced {found.announced_bytes / 1e9:.1f})"
    )
    print(f"answers: {arguments.output / 'answers' / found.digest}")
    return 0


def _project(arguments: argparse.Namespace) -> int:
    """Ask what a project asks."""
    from lexgraft.adoption import evaluate_model
    from lexgraft.files.hub import named_model

    if arguments.items or arguments.texts or arguments.general:
        raise LexgraftError("--project says what is asked", cure="leave the other questions out")
    project = open_project(arguments.project, download=arguments.download)
    with ProgressBars() as bars:
        model = named_model(arguments.model, Path(), download=arguments.download)
        scores = evaluate_model(project, model, arguments.output, bars)
    if arguments.json:
        return print_json(scores)
    _show(arguments.model, scores)
    return 0


def _show(model: str, scores: "Sequence[Score]") -> None:
    from lexgraft.adoption.report.report_tables import score_rows

    print_table(model, score_rows(scores))
