"""The verb `evaluate`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from lexgraft.cli.compute_options import KEYS, compute_arguments, run_options
from lexgraft.cli.output import print_json, print_line, print_table
from lexgraft.cli.progress import ProgressBars
from lexgraft.cli.projects import download_argument, open_project
from lexgraft.cli.verb_parser import VerbParser, from_one, json_argument, refuse, verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lexgraft.records import Score


def _evaluate(parser: VerbParser) -> None:
    parser.add_argument(
        "model",
        help="a model folder, a LoRA adapter, a Hub id, vllm:FOLDER, or a server: http://host/v1#name",
    )
    parser.add_argument("--project", type=Path, help="ask what this project asks on `confirm`")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("answers"), help="where answers are kept"
    )
    download_argument(parser)
    json_argument(parser)
    compute_arguments(parser, limited=False)
    questions = parser.without_option("--project")
    questions.add_argument("--items", type=Path, help="items: JSON lines, or a test set's folder")
    questions.add_argument(
        "--texts", type=Path, help="running text (Document lines): bits per byte"
    )
    questions.add_argument("--general", action="store_true", help="grammar pairs and small probes")
    questions.add_argument("--tasks", nargs="+", default=[], help="of lm-evaluation-harness")
    questions.add_argument("--base", type=Path, help="the model an adapter was trained on")
    items = parser.with_option("--items")
    items.add_argument("--split", choices=("choose", "confirm", "sealed"), default="confirm")
    items.add_argument("--written", action="store_true", help="let terms be written freely too")
    items.add_argument("--defined", action="store_true", help="let it write definitions too")
    items.add_argument(
        "--prompt",
        choices=("plain", "chat", "auto"),
        default="plain",
        help="chat: in the model's chat template (auto: if it has one)",
    )
    items.add_argument("--system-prompt", default="", help="before every question in a chat")
    items.add_argument("--aligned", action="store_true", help="do two languages rank alike?")
    defined = parser.with_option("--defined")
    defined.add_argument("--scorer", type=Path, help="frozen model that reads the definitions")
    defined.add_argument("--judge", default="", metavar="COMMAND", help="program that grades them")
    defined.add_argument("--labels", type=Path, help="graded definitions: the judge's bias")
    texts = parser.with_option("--texts")
    texts.add_argument(
        "--drift-from", type=Path, metavar="MODEL", help="drift on the texts from this folder"
    )
    tasks = parser.with_option("--tasks")
    tasks.add_argument("--task-files", type=Path, help="folder of task files; only these then")
    tasks.add_argument("--limit", type=from_one, help="samples per task")


@verb(_evaluate)
def evaluate(arguments: argparse.Namespace) -> int:
    """Measure one model, with intervals: on a set of items, or on what a project asks.

    Examples:
      lexgraft evaluate my-model --items testset/ -o answers/
      lexgraft evaluate my-adapter --base my-model --items questions.jsonl --general
      lexgraft evaluate my-chat-model --items testset/ --prompt chat
      lexgraft evaluate http://localhost:8000/v1 --items testset/
      lexgraft evaluate constituents/language-ja --project project.yaml -o answers/
    """
    if arguments.project:
        return _project(arguments)
    _check(arguments)
    from lexgraft import evaluate

    with ProgressBars() as bars:
        record = evaluate(
            arguments.model,
            arguments.items,
            output=arguments.output,
            progress=bars,
            split=arguments.split,
            base=arguments.base,
            written=arguments.written,
            defined=arguments.defined,
            scorer=arguments.scorer,
            judge=arguments.judge,
            labels=arguments.labels,
            aligned=arguments.aligned,
            prompt=arguments.prompt,
            system_prompt=arguments.system_prompt,
            general=arguments.general,
            texts=arguments.texts,
            against=arguments.drift_from,
            tasks=arguments.tasks,
            task_files=arguments.task_files,
            limit=arguments.limit,
            download=arguments.download,
            **run_options(arguments),
        )
    if arguments.json:
        return print_json(record)
    _show(record.model, record.scores)
    for warning in record.warnings:
        print_line(f"warning: {warning}")
    if record.crossed:
        print_line(f"{record.crossed} options were scored by themselves: a token crossed the seam")
    print_line(
        f"scoring {record.scoring}, {record.seconds:.0f} s, "
        f"memory {record.peak_bytes / 1e9:.1f} GB (announced {record.announced_bytes / 1e9:.1f})"
    )
    print_line(f"answers: {arguments.output / 'answers' / record.digest}")
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """Refuse options that have no effect on this kind of model or of items.

    Raises:
        LexgraftError: one of them is given.
    """
    from lexgraft.files.model_files import CONFIG

    if arguments.split == "choose" and arguments.items.is_file():
        refuse("--split", "on a file of items", "give --items the folder of a test set")
    if arguments.scorer or arguments.drift_from:
        return  # these models are run here, with the same options
    model = arguments.model
    effective = {"base", *KEYS}
    if model.startswith(("http://", "https://")):
        effective, why = set[str](), "on a server's model"
    elif model.startswith("vllm:"):
        effective, why = {"dtype"}, "on a model that vLLM runs"
    elif Path(model).is_dir() and not (Path(model) / CONFIG).is_file():
        effective, why = effective - {"base"}, "on a model that is no adapter"
    else:
        return
    for name in ("base", *KEYS):
        if name not in effective and getattr(arguments, name) is not None:
            refuse(f"--{name.replace('_', '-')}", why, "leave it out")


def _project(arguments: argparse.Namespace) -> int:
    """Ask what a project asks."""
    from lexgraft.adoption.standalone_merge import evaluate_model
    from lexgraft.files.hub import named_model

    project = open_project(arguments.project, arguments)
    with ProgressBars() as bars:
        model = named_model(arguments.model, Path(), download=arguments.download)
        scores = evaluate_model(project, model, arguments.output, bars)
    if arguments.json:
        return print_json({"model": arguments.model, "scores": scores})
    _show(arguments.model, scores)
    return 0


def _show(model: str, scores: "Sequence[Score]") -> None:
    from lexgraft.adoption.report.report_tables import score_rows

    print_table(model, score_rows(scores))
