"""One model asked a test set, a user's questions, texts or tasks: the call from Python."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

from lexgraft.errors import LexgraftError, path_of
from lexgraft.evaluation.evaluation_request import EvaluationRequest
from lexgraft.evaluation.prompt_frame import AskedPrompt
from lexgraft.evaluation.standalone import EvaluationRecord, evaluate_alone
from lexgraft.files.ownership import check_outputs
from lexgraft.models import AskedFormat
from lexgraft.records import Progress, Split, silent
from lexgraft.terms.testset import TestSet, refuse_other, write_testset

_PATHS = ("base", "check_against", "scorer", "labels", "texts", "against", "task_files")


class EvaluationKeywords(TypedDict, total=False):
    """The options of `evaluate`: fields of `EvaluationRequest`, which holds their defaults."""

    split: Split
    base: Path | str
    server_kind: str
    check_against: Path | str | None
    written: bool
    defined: bool
    scorer: Path | str
    judge: str
    labels: Path | str
    general: bool
    aligned: bool
    prompt: AskedPrompt
    system_prompt: str
    texts: Path | str
    against: Path | str
    tasks: Sequence[str]
    task_files: Path | str
    limit: int
    threads: int
    dtype: AskedFormat
    device: str
    gpus: int
    download: bool
    seed: int


def evaluate(
    model: Path | str,
    items: TestSet | Path | str | None = None,
    *,
    output: Path | str,
    progress: Progress = silent,
    **options: Unpack[EvaluationKeywords],
) -> EvaluationRecord:
    """Measure one model, with intervals: on a set of items, on texts, or on tasks.

    Every answer is kept below `output`, so that a second call asks only what is new and
    `lexgraft.compare` can set models against each other.

    Args:
        model: a model folder, a LoRA adapter (with `base`), a Hub id, `vllm:FOLDER`, or the
            address of a server, `http://host:port/v1#name`.
        items: a test set from `build_testset`, its folder, or a file of questions (JSON lines).
        output: the folder where answers are kept.
        progress: told what is done, how much of it and of how much.
        **options: split: "choose", "confirm" (the default) or "sealed"; base: the model that an
            adapter was trained on; server_kind: of an address, where the server does not say it
            itself; check_against: the folder of the model that a server serves, whose scores in
            float32 the server's must be; written, defined: ask for terms and definitions freely;
            scorer, judge, labels: who reads the definitions; general: grammar pairs and probes;
            aligned: do two languages rank alike; prompt: questions about terms as "plain" text (the
            default), in the model's "chat" template, or "auto": in that if it has one;
            system_prompt: what stands before them there; texts: running text, for bits per byte;
            against: a model to measure the drift on these texts from; tasks, task_files, limit: of
            lm-evaluation-harness; threads, dtype, device, gpus: how the model is run (on a GPU if
            there is one); download: fetch a Hub id that the cache lacks; seed: of the intervals.

    Returns:
        The scores, each with n and a 95 % interval, and what they cost.

    Raises:
        LexgraftError: nothing to ask, a model or items that cannot be read, too little memory.

    Example:
        record = lexgraft.evaluate("my-model", "testset/", output="answers/", written=True)
        for score in record.scores:
            print(score.name, score.group, score.value, score.low, score.high)
    """
    folder, values = path_of(output, "output"), dict[str, Any](options)
    values |= {name: path_of(values[name], name) for name in _PATHS if values.get(name)}
    values |= {"tasks": tuple(options.get("tasks", ()))}
    if isinstance(items, TestSet):
        values["items"] = _written(items, folder, options)
    elif items is not None:
        values["items"] = path_of(items, "items")
    return evaluate_alone(EvaluationRequest(model=str(model), output=folder, **values), progress)


def _written(test: TestSet, output: Path, options: EvaluationKeywords) -> Path:
    """Return the folder of a test set that was built in this process, below the output.

    Raises:
        LexgraftError: its sealed concepts are asked for: only a folder keeps account of that.
    """
    if options.get("split") == "sealed":
        raise LexgraftError(
            "sealed concepts are asked from a test set's folder, which records it",
            cure="write it with `lexgraft testset`, and give the folder",
        )
    folder = output / "items"  # an input of the run: not a name that the run itself writes
    check_outputs([output], (), folders=True)
    refuse_other(folder)
    write_testset(test, folder)
    return folder
