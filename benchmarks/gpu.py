"""One GPU: an adoption end to end, candidates an hour, items a second against other engines.

    python benchmarks/gpu.py --base DIR --language DIR --domain DIR --project FILE
        [--device cuda] [--dtype bfloat16] [--items 240] [--candidates 20] [--random-billions N]
        [--engines lm-eval vllm sglang] [--without-adopt] [-o gpu.json]

`--random-billions N` makes random Llama-like models of about N billion parameters below the output
folder instead of real ones (base, and two that differ a little): speed without answers. Every
engine is given the same items, as context and options; log-likelihoods of options are what is
timed, its loading is not. Engines that are not installed are named and left out; so is what the
device lacks. Peaks are torch's (`max_memory_allocated`), the bandwidth that a copy reaches is
measured, and making a candidate is set against the bytes that it must move at that bandwidth.
On `--device cpu` with a tiny model the whole script runs in a test.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from msgspec.structs import replace

from lexgraft.adoption.material import Material
from lexgraft.adoption.models_under_test import ModelsUnderTest
from lexgraft.models import Question
from lexgraft.models.chosen_device import choose_computation
from lexgraft.models.transformers import TransformersModel
from lexgraft.project import Candidate, Project, read_project
from lexgraft.records import silent
from lexgraft.weights.merge.merge_plan import MergePlan
from lexgraft.weights.merge.resident_merge import ResidentParents

COPIED = 1 << 28  # bytes of the copy that measures bandwidth
RACED = 60  # items of one candidate in a race
METHODS = ("linear", "task_arithmetic", "ties", "slerp")


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    """Print and return every figure."""
    given = arguments().parse_args(argv)
    where = choose_computation(given.device, given.dtype)
    given.output.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Any] = {"device": name_of(where.device), "dtype": where.dtype}
    figures["bytes a second"] = bandwidth(where.device)
    project = project_of(given, where.device, where.dtype)
    models = ModelsUnderTest(project, given.output / "answers", silent)
    items = Material(project, given.output / "answers", silent).testset.items["confirm"]
    questions: list[Question] = [(i.context, i.options) for i in items[: given.items]]
    figures["candidates"] = candidates(models, questions[:RACED], given.candidates, figures)
    figures["items a second"] = {"lexgraft": rate(models, questions)}
    folder = Path(project.models.base)
    for engine in given.engines:
        figures["items a second"][engine] = other(engine, folder, questions, where.device)
    if where.device.startswith("cuda"):
        figures["peak bytes"] = torch.cuda.max_memory_allocated(where.device)
    if not given.without_adopt:
        figures["adopt"] = adopted(project, given.output)
    (given.output / "gpu.json").write_text(json.dumps(figures, indent=1))
    print(json.dumps(figures, indent=1))
    return figures


def arguments() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", type=Path, required=True)
    for role in ("base", "language", "domain"):
        parser.add_argument(f"--{role}", type=Path)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--items", type=int, default=240)
    parser.add_argument("--candidates", type=int, default=20)
    parser.add_argument("--random-billions", type=float)
    parser.add_argument("--engines", nargs="*", default=["lm-eval", "vllm", "sglang"])
    parser.add_argument("--without-adopt", action="store_true")
    parser.add_argument("-o", "--output", type=Path, default=Path("gpu"))
    return parser


def name_of(device: str) -> str:
    """Return a device with the name that its maker gives it."""
    return f"{device} {torch.cuda.get_device_name(device)}" if "cuda" in device else device


def project_of(given: argparse.Namespace, device: str, dtype: Any) -> Project:
    """Return the project on this device, with the models that the command line names."""
    project = read_project(given.project)
    folders = {role: getattr(given, role) for role in ("base", "language", "domain")}
    if given.random_billions:
        folders = random_models(given.output / "models", given.random_billions, folders["base"])
    named = {role: str(folder) for role, folder in folders.items() if folder}
    compute = replace(project.compute, device=device, dtype=dtype, memory_gb=1000.0)
    models = replace(project.models, **named)
    return replace(project, models=models, compute=compute, output=str(given.output / "run"))


def random_models(place: Path, billions: float, like: Path | None) -> dict[str, Path]:
    """Write a base and two models that differ from it a little; `like` gives the tokenizer."""
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    if like is None:
        sys.exit("--random-billions needs --base, whose tokenizer the random models get")
    tokenizer: Any = AutoTokenizer.from_pretrained(like)
    width = max(64, 128 * round((billions * 1e9 / 32 / 12) ** 0.5 / 128))
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=3 * width,
        num_hidden_layers=32 if billions > 0.1 else 2,
        num_attention_heads=max(1, width // 64),
        num_key_value_heads=max(1, width // 256),
    )
    torch.manual_seed(1)
    network: Any = LlamaForCausalLM(config)
    network.to(torch.bfloat16)
    folders = {role: place / role for role in ("base", "language", "domain")}
    for folder in folders.values():
        network.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(torch.randn_like(parameter) * 1e-3)
    return folders


def bandwidth(device: str) -> float:
    """Return the bytes a second that a copy reads and writes on a device."""
    source = torch.zeros(COPIED, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * COPIED / min(timed(lambda: target.copy_(source), device) for _ in range(5))


def timed(work: Callable[[], object], device: str) -> float:
    """Return the seconds that work takes, all of it done on the device."""
    wait: Callable[[], object] = torch.cuda.synchronize if "cuda" in device else silent_wait
    wait()
    start = time.perf_counter()
    work()
    wait()
    return time.perf_counter() - start


def silent_wait() -> None:
    """Wait for nothing: a processor has done what it was asked for."""


def candidates(
    models: ModelsUnderTest, questions: list[Question], count: int, figures: dict[str, Any]
) -> dict[str, Any]:
    """Return what making and asking a candidate takes, parents resident."""
    device = models.computation.device
    live = models.live(models.parents["base"])
    parents = ResidentParents(device, 1 << 50)
    making: list[float] = []
    asking: list[float] = []
    moved = 0
    for number in range(count + 1):  # the first one reads the parents
        plan = models.merge_plan(Candidate(METHODS[number % len(METHODS)]))
        making.append(timed(partial(put, live, parents, plan), device))
        asking.append(timed(lambda: live.loglikelihoods(questions), device))
        widths = len(plan.input_models) + 2
        moved = 2 * widths * sum(models.base.tensors[name].size for name in plan.merged)
    live.reset()
    each = sum(making[1:]) / count
    return {
        "making, s": each,
        "at the copy's bandwidth, s": moved / figures["bytes a second"],
        "first, s": making[0],
        "asking, s": sum(asking[1:]) / count,
        "items": len(questions),
        "an hour": 3600 / (each + sum(asking[1:]) / count),
        "parents held, bytes": parents.held_bytes,
    }


def put(live: TransformersModel, parents: ResidentParents, plan: MergePlan) -> None:
    """Make a candidate and put it into the live model."""
    live.put(parents.merged_tensors(plan), plan.digest)


def rate(models: ModelsUnderTest, questions: list[Question]) -> float:
    """Return the items a second that lexgraft scores."""
    model: TransformersModel = models.live(models.parents["base"])
    model.loglikelihoods(questions[:8])
    return len(questions) / timed(lambda: model.loglikelihoods(questions), model_device(model))


def model_device(model: TransformersModel) -> str:
    """Return where a model lies."""
    return str(next(model.module.parameters()).device)


def other(engine: str, folder: Path, questions: list[Question], device: str) -> Any:
    """Return the items a second of another engine, or why there are none."""
    package = engine.replace("-", "_")
    if find_spec(package) is None:
        return f"not installed: pip install {engine}"
    if engine in ("vllm", "sglang") and "cuda" not in device:
        return f"needs a GPU; the device is {device}"
    try:
        return {"lm-eval": lm_eval_rate, "vllm": vllm_rate, "sglang": sglang_rate}[engine](
            folder, questions, device
        )
    except (RuntimeError, ValueError, TypeError, ImportError, OSError) as error:
        return f"failed: {type(error).__name__}: {error}"


def lm_eval_rate(folder: Path, questions: list[Question], device: str) -> float:
    """Return the rate of lm-evaluation-harness' own transformers model."""
    instance: Any = import_module("lm_eval.api.instance").Instance
    model: Any = import_module("lm_eval.models.huggingface").HFLM(
        pretrained=str(folder), device=device, dtype="auto", batch_size="auto"
    )
    requests = [
        instance("loglikelihood", {}, (context, option), number)
        for context, options in questions
        for number, option in enumerate(options)
    ]
    model.loglikelihood(requests[:8])
    return len(questions) / timed(partial(model.loglikelihood, requests), device)


def vllm_rate(folder: Path, questions: list[Question], device: str) -> float:
    """Return vLLM's rate: prompt log-probabilities of context and option, prefixes cached."""
    vllm: Any = import_module("vllm")
    engine: Any = vllm.LLM(model=str(folder), enable_prefix_caching=True, seed=0)
    texts = [context + option for context, options in questions for option in options]
    how: Any = vllm.SamplingParams(max_tokens=1, prompt_logprobs=0)
    engine.generate(texts[:8], how, use_tqdm=False)
    return len(questions) / timed(partial(engine.generate, texts, how, use_tqdm=False), device)


def sglang_rate(folder: Path, questions: list[Question], device: str) -> float:
    """Return SGLang's rate: input log-probabilities of context and option."""
    engine: Any = import_module("sglang").Engine(model_path=str(folder))
    texts = [context + option for context, options in questions for option in options]
    how = {"max_new_tokens": 1, "temperature": 0}
    engine.generate(texts[:8], how, return_logprob=True, logprob_start_len=0)
    how_much = {"return_logprob": True, "logprob_start_len": 0}
    return len(questions) / timed(partial(engine.generate, texts, how, **how_much), device)


def adopted(project: Project, output: Path) -> dict[str, Any]:
    """Return what a whole adoption takes and ends in."""
    import lexgraft

    start = time.perf_counter()
    adoption = lexgraft.adopt(project, underpowered=True)
    stages = {stage.stage: stage.cost.seconds for stage in adoption.report.run.stages}
    return {
        "seconds": time.perf_counter() - start,
        "stages": stages,
        "recommendation": adoption.recommendation["en"],
        "folder": str(output / "run"),
    }


if __name__ == "__main__":
    main()
