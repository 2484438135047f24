"""Sample logs of lm-evaluation-harness → models with graded items, paired by document."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError, nearest
from lexgraft.evaluation.comparison import ItemResult, ModelRun
from lexgraft.evaluation.load_runs import result_of_scores
from lexgraft.records import digest

METRICS = ("acc", "exact_match", "acc_norm")
"""Yes-or-no metrics, the preferred first."""
QUESTION = 200  # characters of a question kept to be shown
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
    results = {key: result for file in files for key, result in _read(file, metric).items()}
    if not results:
        raise LexgraftError(
            "no sample logs of lm-eval here",
            where=str(path),
            cure="run lm-eval with --log_samples --output_path FOLDER",
        )
    model = name or (path if path.is_dir() else path.resolve().parent).name
    return ModelRun(model, digest("lm-eval", *sorted(results.items()))[:16], str(path), results)


def _read(path: Path, metric: str) -> dict[str, ItemResult]:
    if not path.is_file():
        raise LexgraftError("no such file", where=str(path))
    match = _NAME.fullmatch(path.name)
    task = match["task"] if match else path.stem.removeprefix("samples_")
    decode = msgspec.json.Decoder(_Line).decode
    results: dict[str, ItemResult] = {}
    with path.open("rb") as file:
        for number, text in enumerate(file, 1):
            where = f"{path}:{number}"
            try:
                line = decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise LexgraftError(f"not a logged sample: {error}", where=where) from error
            document = line.doc_hash or str(line.doc_id)
            key = digest("lm-eval", task, document, line.target_hash, line.filter)
            results[key] = _result(line, task, document, metric, where)
    return results


def _result(line: _Line, task: str, document: str, metric: str, where: str) -> ItemResult:
    """Return one sample: right by the logged metric, margins from the options' scores."""
    right = _metric(line, metric, where)
    scores, options = _options(line.filtered_resps), _arguments(line.arguments)
    gold = int(line.target) if str(line.target).isdecimal() else -1
    question = options[0][0][-QUESTION:] if options else ""
    if len(scores) > 1 and 0 <= gold < len(scores):
        texts = [text.strip() for _, text in options] or [str(i) for i in range(len(scores))]
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
        gold=str(line.target)[:QUESTION],
        chosen=response[:QUESTION],
    )


def _metric(line: _Line, metric: str, where: str) -> bool:
    logged = {"acc": line.acc, "exact_match": line.exact_match, "acc_norm": line.acc_norm}
    for name in (metric,) if metric else METRICS:
        value = logged[name]
        if value is not None:
            return value > 0.5
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
        except (TypeError, ValueError):
            return []
    return scores


def _arguments(arguments: Any) -> list[tuple[str, str]]:
    """Return context and continuation of every request, in either of lm-eval's two layouts."""
    rows = list(arguments.values()) if isinstance(arguments, dict) else arguments or []
    pairs = [list(row.values()) if isinstance(row, dict) else list(row) for row in rows]
    return [(str(pair[0]), str(pair[1])) for pair in pairs if len(pair) > 1]
