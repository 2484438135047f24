"""Sample logs of lm-evaluation-harness → models with graded items, paired by document."""

import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError, nearest
from lexgraft.evaluation.comparison import ItemResult, ModelRun
from lexgraft.evaluation.load_runs import result_of_scores
from lexgraft.files.ownership import real_path
from lexgraft.records import digest

METRICS = ("acc", "exact_match", "acc_norm")
"""Yes-or-no metrics, the preferred first."""
SLACK = 1e-3  # above 0, where rounding puts the log-likelihood of what is certain
_DIGITS = 6  # of an option's number
QUESTION = 200  # characters of a question kept to be shown
_CURE = "run the task again with --log_samples: this is no line that lm-eval writes"
_NAME = re.compile(r"samples_(?P<task>.+?)_\d{4}-\d{2}-\d{2}T[\d.\-:]+\.jsonl")


class _Line(Struct, frozen=True):
    """What is read of one logged sample; the rest of the line is ignored."""

    doc_id: int
    target: Any
    filtered_resps: list[Any]
    arguments: Any = None
    doc_hash: str = ""
    target_hash: str = ""
    acc: float | None = None
    acc_norm: float | None = None
    exact_match: float | None = None
    filter: str = "none"


def read_samples(path: Path, name: str = "", metric: str = "") -> ModelRun:
    """Return the model of one log `samples_TASK_DATE.jsonl`, or of a folder of such logs.

    The model's name is that of the folder, as lm-eval writes it, unless given. Samples of two
    models are paired by task, document hash and target hash.

    Raises:
        LexgraftError: no such log, a line that is none, or no yes-or-no metric in it.
    """
    if metric and metric not in METRICS:
        raise LexgraftError(f"`{metric}` is not a yes-or-no metric", cure=nearest(metric, METRICS))
    files = sorted(path.glob("samples_*.jsonl")) if path.is_dir() else [path]
    results: dict[str, ItemResult] = {}
    same_text: dict[str, list[int]] = {}
    for file in files:
        _read(file, metric, results, same_text)
    if not results:
        raise LexgraftError(
            "no sample logs of lm-eval here",
            where=str(path),
            cure="run lm-eval with --log_samples --output_path FOLDER",
        )
    model = name or (path if path.is_dir() else real_path(path).parent).name
    return ModelRun(model, digest("lm-eval", *sorted(results.items()))[:16], str(path), results)


def _read(
    path: Path, metric: str, results: dict[str, ItemResult], same_text: dict[str, list[int]]
) -> None:
    """Add a log's samples to results; a document that is there already must say the same.

    A folder may hold two logs of one task: where they agree they are one, where they do not nothing
    says which is meant. A text that a data set holds twice, under two numbers, is two results of
    one document.
    """
    if not path.is_file():
        raise LexgraftError("no such file", where=str(path))
    match = _NAME.fullmatch(path.name)
    task = match["task"] if match else path.stem.removeprefix("samples_")
    decode = msgspec.json.Decoder(_Line).decode
    with path.open("rb") as file:
        for number, text in enumerate(file, 1):
            where = f"{path}:{number}"
            try:
                line = decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise LexgraftError(f"not a logged sample: {error}", where=where) from error
            document = line.doc_hash or str(line.doc_id)
            key = digest("lm-eval", task, document, line.target_hash, line.filter)
            numbers = same_text.setdefault(key, [])
            if line.doc_id not in numbers:
                numbers.append(line.doc_id)
            if earlier := numbers.index(line.doc_id):
                key = digest(key, earlier)
            result = _result(line, task, document, metric, where)
            if results.setdefault(key, result) != result:
                raise LexgraftError(
                    f"document {line.doc_id} of `{task}` is logged twice, with other answers",
                    where=where,
                    cure="keep one log per task and model in a folder",
                )


def _result(line: _Line, task: str, document: str, metric: str, where: str) -> ItemResult:
    """Return one sample: right by the logged metric, margins from the options' scores."""
    right = _metric(line, metric, where)
    scores, options = _options(line.filtered_resps), _arguments(line.arguments)
    if any(not math.isfinite(score) or score > SLACK for score in scores):
        raise LexgraftError("a log-likelihood that is none", where=where, cure=_CURE)
    target = str(line.target)
    gold = int(target) if target.isdecimal() and len(target) < _DIGITS else -1
    question = options[0][0][-QUESTION:] if options else ""
    if len(scores) > 1 and 0 <= gold < len(scores):
        texts = [text.strip() for _, text in options]
        if len(texts) != len(scores):
            texts = [str(index) for index in range(len(scores))]
        return result_of_scores(
            scores, gold, concept=document, group=task, question=question, options=texts
        )._replace(right=right)
    response = str(line.filtered_resps[0]) if line.filtered_resps else ""
    return ItemResult(
        concept=document,
        group=task,
        right=right,
        margin=0.0,
        probability=float(right),
        chance=0.0,
        question=question,
        gold=target[:QUESTION],
        chosen=response[:QUESTION],
    )


def _metric(line: _Line, metric: str, where: str) -> bool:
    logged = {"acc": line.acc, "exact_match": line.exact_match, "acc_norm": line.acc_norm}
    for name in (metric,) if metric else METRICS:
        share = logged[name]
        if share is not None:
            if not 0 <= share <= 1:
                raise LexgraftError(f"`{name}: {share:g}` is no share", where=where, cure=_CURE)
            return share > 0.5
    raise LexgraftError(
        f"this sample has no {metric or 'yes-or-no metric'}",
        where=where,
        cure=f"import tasks that log one of {', '.join(METRICS)}",
    )


def _options(responses: Sequence[Any]) -> list[float]:
    """Return the log-likelihood of every option; empty for free answers."""
    scores: list[float] = []
    for response in responses:
        pair = response[0] if isinstance(response, list) and response else None
        if isinstance(pair, list) and pair:
            pair = pair[0]
        try:
            scores.append(float(pair))  # pyright: ignore[reportArgumentType]
        except (TypeError, ValueError, OverflowError):
            return []
    return scores


def _arguments(arguments: Any) -> list[tuple[str, str]]:
    """Return context and continuation of every request, in either of lm-eval's two layouts."""
    rows = arguments.values() if isinstance(arguments, dict) else arguments
    pairs = [
        list(row.values()) if isinstance(row, dict) else row
        for row in (rows if isinstance(rows, Iterable) else ())
    ]
    return [(str(pair[0]), str(pair[1])) for pair in pairs if isinstance(pair, list) and pair[1:]]
