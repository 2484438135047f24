"""The verb `evaluate`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from lexgraft.cli.compute_options import KEYS, compute_arguments, run_options
from lexgraft.cli.output import print_json, print_line, print_table
from lexgraft.cli.progress import ProgressBars
from lexgraft.cli.projects import download_argument, open_project
from lexgraft.cli.verb_parser import OptionGroup, VerbParser, from_one, json_argument, refuse, verb
from lexgraft.errors import LexgraftError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lexgraft.evaluation.standalone import EvaluationRecord
    from lexgraft.records import Score


def _evaluate(parser: VerbParser) -> None:
    parser.add_argument(
        "model",
        nargs="+",
        help="a model folder, a LoRA adapter, a Hub id, vllm:FOLDER, or a server: "
        "http://host/v1#name; several are compared with the first",
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
    _server_options(questions)
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


def _server_options(questions: OptionGroup) -> None:
    """Add the options that only servers' models have."""
    questions.add_argument(
        "--server-kind",
        choices=("vllm", "sglang", "llama-server", "llama-cpp-python"),
        default="",
        help="of a server (default: as it says itself)",
    )
    questions.add_argument(
        "--check-against", type=Path, metavar="FOLDER", help="the model that a server serves"
    )


@verb(_evaluate)
def evaluate(arguments: argparse.Namespace) -> int:
    """Measure one model, with intervals: on a set of items, or on what a project asks.

    Examples:
      lexgraft evaluate my-model --items testset/ -o answers/
      lexgraft evaluate my-adapter --base my-model --items questions.jsonl --general
      lexgraft evaluate my-chat-model --items testset/ --prompt chat
      lexgraft evaluate http://localhost:8000/v1#name --items testset/ --check-against my-model
      lexgraft evaluate http://localhost:8000/v1#base http://localhost:8000/v1#adapter --items t/
      lexgraft evaluate constituents/language-ja --project project.yaml -o answers/
    """
    for model in arguments.model:
        _check(arguments, model)
    if arguments.project:
        return _project(arguments)
    if len(arguments.model) > 1:
        return _several(arguments)
    record = _evaluated(arguments, arguments.model[0])
    if arguments.json:
        return print_json(record)
    _print(arguments, record)
    return 0


def _evaluated(arguments: argparse.Namespace, model: str) -> "EvaluationRecord":
    """Return what one of the models scores; the first is the one that --check-against checks."""
    from lexgraft import evaluate

    with ProgressBars() as bars:
        return evaluate(
            model,
            arguments.items,
            output=arguments.output,
            progress=bars,
            split=arguments.split,
            base=arguments.base,
            server_kind=arguments.server_kind,
            check_against=arguments.check_against if model == arguments.model[0] else None,
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


def _several(arguments: argparse.Namespace) -> int:
    """Ask several models the same, and compare them with the first.

    Raises:
        LexgraftError: there are no items to compare them on.
    """
    from lexgraft.evaluation.compare_runs import compare_with_first
    from lexgraft.evaluation.comparison_tables import tables

    if arguments.items is None:
        raise LexgraftError(
            "several models are compared on items", cure="give --items, or one model at a time"
        )
    records = [_evaluated(arguments, model) for model in arguments.model]
    digests = [record.digest for record in records]
    comparison = compare_with_first(arguments.output, digests, arguments.split)
    if arguments.json:
        return print_json({"models": records, "comparison": comparison})
    for record in records:
        _print(arguments, record)
    for title, rows in tables(comparison, 0):
        print_table(title, rows)
    return 0


def _print(arguments: argparse.Namespace, record: "EvaluationRecord") -> None:
    """Print what one model scores, and what it cost."""
    _show(record.model, record.scores)
    for warning in record.warnings:
        print_line(f"warning: {warning}")
    for check in record.checks:
        print_line(check)
    if record.crossed:
        print_line(f"{record.crossed} options were scored by themselves: a token crossed the seam")
    print_line(
        f"scoring {record.scoring}, {record.seconds:.0f} s, "
        f"memory {record.peak_bytes / 1e9:.1f} GB (announced {record.announced_bytes / 1e9:.1f})"
    )
    print_line(f"answers: {arguments.output / 'answers' / record.digest}")


def _check(arguments: argparse.Namespace, model: str) -> None:
    """Refuse options that have no effect on this kind of model or of items.

    Raises:
        LexgraftError: one of them is given.
    """
    from lexgraft.evaluation.evaluation_request import refuse_unseen
    from lexgraft.files.model_files import CONFIG

    refuse_unseen(model, tasks=bool(arguments.tasks), drift=arguments.drift_from is not None)
    served = model.startswith(("http://", "https://"))
    if served and arguments.project:
        refuse(
            "--project",
            "on a server's model",
            "give --items the folder testset/ of the project's run: the same questions",
        )
    if not served and (arguments.server_kind or arguments.check_against):
        given = "--server-kind" if arguments.server_kind else "--check-against"
        refuse(given, "on a model that no server runs", "leave it out")
    if arguments.split == "choose" and arguments.items.is_file():
        refuse("--split", "on a file of items", "give --items the folder of a test set")
    if arguments.scorer or arguments.drift_from:
        return  # these models are run here, with the same options
    effective = {"base", *KEYS}
    if served:
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

    if len(arguments.model) > 1:
        raise LexgraftError(
            "a project asks one model at a time", cure="give the others in calls of their own"
        )
    project = open_project(arguments.project, arguments)
    with ProgressBars() as bars:
        model = named_model(arguments.model[0], Path(), download=arguments.download)
        scores = evaluate_model(project, model, arguments.output, bars)
    if arguments.json:
        return print_json({"model": arguments.model[0], "scores": scores})
    _show(arguments.model[0], scores)
    return 0


def _show(model: str, scores: "Sequence[Score]") -> None:
    from lexgraft.adoption.report.report_tables import score_rows

    print_table(model, score_rows(scores))
