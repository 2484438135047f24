"""Tasks of lm-evaluation-harness run with this scorer; its sample logs, ready to compare."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.lm_eval_logs import read_samples
from lexgraft.evaluation.measures import TASK
from lexgraft.models.transformers import TransformersModel
from lexgraft.records import Score, write_bytes
from lexgraft.stats.intervals import wilson

ANSWER_TOKENS = 256
SEED = 1234


def task_scores(
    model: TransformersModel,
    name: str,
    tasks: Sequence[str],
    output: Path,
    *,
    include: Path | None = None,
    limit: int | None = None,
) -> list[Score]:
    """Return the share right of every task with Wilson's interval; write its sample log.

    `include` is a folder of task files: only these are then looked at, which spares the index of
    many thousand tasks. Nothing is taken from lm-eval's response cache, whose key does not hold
    the model.

    Raises:
        LexgraftError: lm-eval is not installed, or knows no such task.
    """
    try:
        evaluate = import_module("lm_eval").simple_evaluate
        manager = import_module("lm_eval.tasks").TaskManager
    except ImportError as error:
        raise LexgraftError(
            "lm-eval is not installed", cure="pip install 'lexgraft[benchmarks]'"
        ) from error
    task_manager = manager(
        include_path=str(include) if include else None, include_defaults=not include
    )
    missing = [task for task in tasks if task not in task_manager.all_tasks]
    if missing:
        raise LexgraftError(
            f"lm-eval knows no task `{missing[0]}`", cure="see `lm_eval --tasks list`"
        )
    evaluated = evaluate(
        model=_lm_eval_model(model),
        tasks=list(tasks),
        limit=limit,
        task_manager=task_manager,
        bootstrap_iters=0,
        use_cache=None,
        log_samples=True,
        random_seed=SEED,
        numpy_random_seed=SEED,
        torch_random_seed=SEED,
        fewshot_random_seed=SEED,
    )
    for task, samples in sorted(evaluated["samples"].items()):
        lines = b"".join(_line(sample) for sample in samples)
        write_bytes(output / f"samples_{task}.jsonl", lines)
    return _scores(output, name)


def _line(sample: dict[str, Any]) -> bytes:
    """Return one sample as a line of lm-eval's own logs."""
    arguments = {
        f"gen_args_{i}": {f"arg_{j}": argument for j, argument in enumerate(row)}
        for i, row in enumerate(sample["arguments"])
    }
    plain = sample | {"arguments": arguments, "target": str(sample["target"])}
    return msgspec.json.encode(plain, enc_hook=str) + b"\n"


def _scores(output: Path, name: str) -> list[Score]:
    run = read_samples(output, name)
    scores: list[Score] = []
    for task in dict.fromkeys(result.group for result in run.results.values()):
        results = run.in_group(task)
        right = sum(result.right for result in results)
        chance = sum(result.chance for result in results) / len(results)
        scores.append(wilson(right, len(results)).score(TASK, name, task, chance))
    return scores


def _lm_eval_model(model: TransformersModel) -> Any:
    """Return the model behind lm-eval's interface: its tokens in, our scores out."""
    template: Any = import_module("lm_eval.api.model").TemplateLM

    class HarnessModel(template):
        """This scorer, as lm-eval calls it."""

        eot_token_id = model.end_token

        def tok_encode(self, string: str, **_: object) -> list[int]:
            return model.encode(string)

        def _loglikelihood_tokens(
            self, requests: Sequence[tuple[object, list[int], list[int]]], **_: object
        ) -> list[tuple[float, bool]]:
            return model.score_tokens(
                [(context, continuation) for _, context, continuation in requests]
            )

        def generate_until(self, requests: Sequence[Any], **_: object) -> list[str]:
            return [_generated(model, *request.args) for request in requests]

        def loglikelihood_rolling(self, requests: Sequence[Any], **_: object) -> list[float]:
            raise LexgraftError(
                f"{len(requests)} rolling log-likelihoods are asked for",
                cure="measure running text with `lexgraft evaluate --texts`",
            )

    return HarnessModel()


def _generated(model: TransformersModel, prompt: str, settings: dict[str, Any]) -> str:
    """Return a free answer; sampling is refused, for it cannot be repeated."""
    if settings.get("do_sample") and settings.get("temperature", 0) > 0:
        raise LexgraftError("a task that samples its answers", cure="set do_sample to false in it")
    until = settings.get("until") or []
    stops = [until] if isinstance(until, str) else list(until)
    return model.generate([prompt], int(settings.get("max_gen_toks", ANSWER_TOKENS)), stops)[0]
