"""What is read of strangers, by kind: sound samples, and what reads a damaged one.

Each reader is given a folder and the bytes of the one file that is damaged. A message for the user
is all that it may raise; the fast suite damages by hypothesis, `make fuzz` by atheris.
"""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from lexgraft.errors import LexgraftError
from lexgraft.files.hub import named_model

TESTS = Path(__file__).parent
LONGEST = 4000  # characters of a message
SECONDS = 10  # of the processor
RECIPE = """merge_method: ties
base_model: base
models:
  - {model: a, parameters: {weight: [0, 0.5, 1], density: 0.5}}
  - {model: b, parameters: {weight: [{filter: mlp, value: 0.3}, {value: 0.7}]}}
parameters: {normalize: true}
dtype: float32
tokenizer_source: union
"""
SLICES = """merge_method: passthrough
slices:
  - sources: [{model: a, layer_range: [0, 2]}]
  - sources: [{model: b, layer_range: [1, 4], parameters: {scale: 0.5}}]
"""
PROJECT = {
    "name": "n",
    "models": {"base": "base", "language": "a", "domain": "b"},
    "languages": {"target": "ja", "domain": "en"},
    "terms": {"files": ["t.csv"]},
    "testset": {"forms": [{"kind": "cloze", "question": "en", "answer": "ja"}], "choose": 10},
    "general": {"texts": [{"file": "t.jsonl", "documents": 4}]},
    "merge": {"candidates": [{"method": "linear"}], "search": {"method": "ties", "trials": 2}},
    "gates": {"headroom": 0.1, "merge": {"target_gain": 0.1}},
    "tune": {"terms": 4, "steps": 2, "rank": 2, "learning_rate": 0.01},
    "output": "o",
}
ADAPTER = {
    "peft_type": "LORA",
    "r": 2,
    "lora_alpha": 4,
    "use_rslora": False,
    "fan_in_fan_out": False,
    "bias": "none",
    "rank_pattern": {"k_proj": 4},
    "alpha_pattern": {"q_proj": 8},
    "target_modules": ["q_proj"],
}
CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "num_hidden_layers": 4,
    "tie_word_embeddings": False,
    "torch_dtype": "float32",
    "rope_parameters": {"rope_theta": 1e4, "rope_type": "default"},
    "layer_types": ["sliding", "full", "sliding", "full"],
    "text_config": {"num_hidden_layers": 4, "vocab_size": 12},
    "quantization_config": None,
    "eos_token_id": [1, 2],
}
CHAT = {
    "model": "tiny",
    "messages": [{"role": "user", "content": [{"type": "text", "text": "A fever."}]}],
    "max_tokens": 7,
    "temperature": 0.5,
    "stop": ["x"],
    "stream": True,
    "stream_options": {"include_usage": True},
}
RUN: dict[str, Any] = {
    "lock": {"merge": {"key": "k", "output": "o", "thresholds": {"digest": "d", "declared": "x"}}},
    "cost": {"stage": "merge", "seconds": 1.0, "peak_bytes": 9, "run": "r"},
    "record": {"text": "fever", "language": "en"},
    "model": {"name": "m", "digest": "d"},
    "manifest": {
        "plan": "d",
        "recipe": {},
        "inputs": {"a": "d"},
        "versions": {"torch": "2"},
        "tensors": {"a": "d"},
        "changed": ["a"],
        "files": {"config.json": "d", "../x": "d"},
    },
    "item": {
        "id": "i",
        "concept": "c",
        "form": "cloze",
        "question": "en",
        "answer": "ja",
        "draw": 0,
        "prompt": "q",
        "neutral": "n",
        "options": ["a", "b"],
        "correct": 0,
    },
    "answer": {"item": "i", "scores": [0.0, -1.0], "neutral": [0.0, 0.0], "lengths": [1, 1]},
    "training": {"files": {"adapter_model.safetensors": "d"}, "losses": [1.0], "checks": [[1, 2]]},
    "key": {"name": "alice", "hash": "d", "expires": "2030-01-01", "per_minute": 1},
}


class Target(NamedTuple):
    """One kind of file: sound samples by name, and what reads a damaged one in a folder."""

    samples: Mapping[str, bytes]
    read: Callable[[Path, bytes], object]


def survive(target: Target, folder: Path, content: bytes) -> None:
    """Read, soon; a message for the user that is not too long is all that may be raised."""
    began, refusal = time.process_time(), ""  # not by the clock: others may have the processor
    try:
        target.read(folder, content)
    except LexgraftError as error:
        refusal = str(error)
    assert len(refusal) < LONGEST, "a message of pages"
    assert time.process_time() - began < SECONDS, "it hangs"


@cache
def targets() -> dict[str, Target]:
    """Return all kinds by name."""
    from terms.readers.samples import SAMPLES
    from tiny_tokenizers import KINDS, train

    def text(value: object) -> bytes:
        return json.dumps(value).encode()

    tokenizers = {kind: text(train(kind, 300)) for kind in KINDS}
    return {
        "configuration": Target({"config": text(CONFIG)}, _read_config),
        "tokenizer": Target(tokenizers, _read_tokenizer),
        "adapter": Target({"adapter": text(ADAPTER)}, _read_adapter),
        "recipe": Target({"models": RECIPE.encode(), "slices": SLICES.encode()}, _read_recipe),
        "project": Target({"project": text(PROJECT)}, _read_project),
        "terms": Target({name: made() for name, (_, made) in SAMPLES.items()}, _read_terms),
        "run": Target({name: text(value) for name, value in RUN.items()}, _read_run),
        "report": Target(
            {"report": (TESTS / "golden" / "report" / "report.json").read_bytes()}, _read_report
        ),
        "request": Target({"chat": text(CHAT), "plain": b'{"model":"tiny"}'}, _read_request),
        "events": Target({"events": b"event: x\ndata: {}\n\ndata: [DONE]\n\n"}, _read_events),
    }


def _family(folder: Path) -> Path:
    """Return a folder with a base and three models, made once."""
    from weights.merge.family import save_family

    family = folder / "family"
    if not family.exists():
        family.mkdir()
        save_family(family)
    return family


def _plan(family: Path, recipe: bytes) -> None:
    from lexgraft.weights.merge.multi_recipe import plan_stages
    from lexgraft.weights.merge.recipe import read_recipes

    file = family / "recipe.yaml"
    file.write_bytes(recipe)
    plan_stages(read_recipes(file), lambda path, _: named_model(path, family), 0)


def _read_config(folder: Path, content: bytes) -> None:
    from lexgraft.weights.checkpoint.config_check import check_folders

    family = _family(folder)
    (family / "b" / "config.json").write_bytes(content)
    with suppress(LexgraftError):
        check_folders(family / "base", family / "b")
    with suppress(LexgraftError):
        _plan(family, RECIPE.encode())
    _plan(family, SLICES.encode())


def _read_tokenizer(folder: Path, content: bytes) -> None:
    from lexgraft.weights.tokenizer.tokenizer_engine import TokenizerEngine
    from lexgraft.weights.tokenizer.tokenizer_file import read_document

    (folder / "tokenizer.json").write_bytes(content)
    TokenizerEngine(read_document(folder)).encode(["A fever, 発熱."])


def _read_adapter(folder: Path, content: bytes) -> None:
    import torch
    from safetensors.torch import save_file

    from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
    from lexgraft.weights.checkpoint.lora_adapter import open_adapter

    family, adapter = _family(folder), folder / "adapter"
    if not adapter.exists():
        adapter.mkdir()
        stem = "base_model.model.model.layers.0.self_attn.q_proj"
        halves = {"A": torch.ones(2, 6), "B": torch.ones(8, 2)}
        factors = {f"{stem}.lora_{half}.weight": values for half, values in halves.items()}
        save_file(factors, adapter / "adapter_model.safetensors")
    (adapter / "adapter_config.json").write_bytes(content)
    open_adapter(adapter, open_checkpoint(family / "base"))


def _read_recipe(folder: Path, content: bytes) -> None:
    _plan(_family(folder), content)


def _read_project(folder: Path, content: bytes) -> None:
    from lexgraft.project import read_project

    (folder / "project.yaml").write_bytes(content)
    read_project(folder / "project.yaml")


def _read_terms(folder: Path, content: bytes) -> None:
    from lexgraft.terms.readers import read_concepts

    (folder / "terms").write_bytes(content)
    read_concepts([folder / "terms"])


def _read_run(folder: Path, content: bytes) -> None:
    """Put the content in the place of every file of a run in turn, and read all that reads it."""
    from lexgraft.evaluation.cost_log import CostLog
    from lexgraft.evaluation.load_runs import read_run
    from lexgraft.files.run_folder import RunFolder
    from lexgraft.records import Term
    from lexgraft.serving.bearer_keys import read_keys
    from lexgraft.tuning.training_state import check_trained
    from lexgraft.weights.merge.manifest import verify

    readers: dict[str, Callable[[], Any]] = {
        "lock.json": lambda: RunFolder(folder).judged_by(),
        "stages/merge.json": lambda: RunFolder(folder).finished("merge", "key", Term),
        "costs.jsonl": lambda: CostLog(folder).cost("merge"),
        "answers/d/written.json": lambda: read_run(folder),
        "answers/d/model.json": lambda: read_run(folder),
        "answers/d/items-1.jsonl": lambda: read_run(folder),
        "items.jsonl": lambda: read_run(folder),
        "model/manifest.json": lambda: verify(folder / "model"),
        "tuned/lexgraft.json": lambda: check_trained(folder / "tuned"),
        "keys.jsonl": lambda: read_keys(folder / "keys.jsonl"),
    }
    for name, read in readers.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        with suppress(LexgraftError):
            read()
        if file.name == "written.json":
            file.unlink()  # with it the others are refused unread


def _read_report(folder: Path, content: bytes) -> None:
    from lexgraft.adoption.report import read_report, write_report

    (folder / "report.json").write_bytes(content)
    write_report(read_report(folder / "report.json"), folder)


def _read_request(_folder: Path, content: bytes) -> None:
    from lexgraft.serving import GatewayLimits, RequestRefusal
    from lexgraft.serving.requests import ROUTES, parse_request

    for route in ROUTES:
        with suppress(RequestRefusal):
            parse_request(route, content, "tiny", GatewayLimits()).tokens()


def _read_events(_folder: Path, content: bytes) -> None:
    from lexgraft.serving.event_stream import EventReader

    reader = EventReader(1 << 16)
    for at in range(0, len(content), 7):
        with suppress(ValueError):  # an event of more bytes than allowed
            reader.feed(content[at : at + 7])
