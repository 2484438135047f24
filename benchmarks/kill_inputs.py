"""The smallest inputs of the verbs that are killed, and what may be edited between two kills."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numpy.random import Generator

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
from adapters import save_adapter
from invented import concept, word
from tiny_tokenizers import DOMAIN, GENERAL, TERMS, train

from lexgraft.records import Document, digest, write_lines

VERBS: dict[str, tuple[str, ...]] = {
    "merge": ("merge", "recipe.yaml", "-o", "merged"),
    "stages": ("merge", "stages.yaml", "-o", "merged"),
    "extend": (
        *("vocabulary", "extend", "base", "--terms", "words.jsonl", "--text", "notes.jsonl"),
        *("--general-text", "general.txt", "--distil", "2", "--threads", "1", "-o", "grown"),
    ),
    "align": ("vocabulary", "align", "base", "other", "-o", "aligned"),
    "tune": ("tune", "project.yaml", "-o", "tuning", "--merged", "taught"),
    "adopt": ("adopt", "project.yaml", "--underpowered"),
}
OUTPUTS = ("merged", "grown", "aligned", "tuning", "taught", "run")
FORM = {"kind": "definition-to-term", "question": "en", "answer": "ja"}
OWN = {"kind": "definition-to-term", "question": "en", "answer": "en"}
PROJECT: dict[str, Any] = {
    "name": "killed",
    "models": {"base": "base", "language": "language", "domain": "domain"},
    "languages": {"target": "ja", "domain": "en"},
    "terms": {"files": ["terms.jsonl"]},
    "testset": {"forms": [OWN, FORM], "choose": 10, "confirm": 14, "generated": 2},
    "general": {
        "texts": [{"file": "texts.jsonl", "documents": 3, "tokens": 16}],
        "concepts": ["everyday.jsonl"],
        "forms": [OWN],
        "items": 6,
    },
    "merge": {"candidates": [{"method": "linear"}, {"method": "ties"}]},
    "glossary": {"entries": 4, "concepts": 4},
    "tune": {
        "terms": 4,
        "steps": 4,
        "batch": 2,
        "rank": 2,
        "own_answers": 2,
        "replay_texts": ["replay.jsonl"],
    },
    "gates": {"headroom": 0.0, "stop_early": False},
    "compute": {"threads": 1, "dtype": "float32"},
    "output": "run",
}
RECIPE = """merge_method: dare_ties
base_model: base
models:
  - {model: recipient, parameters: {weight: 0.5, density: 0.5}}
  - {model: donor, parameters: {weight: 0.5, density: 0.5}}
dtype: bfloat16
"""
STAGES = f"name: first\n{RECIPE}---\n" + RECIPE.replace("dare_ties", "ties").replace(
    "model: donor", "model: first"
)


def write_inputs(folder: Path) -> None:
    """Write tiny models, two adapters, a recipe, a project, terms and texts into a folder."""
    for seed, name in enumerate(("base", "recipient", "donor")):
        _write_model(folder / name, seed)
    _write_model(folder / "other", 3, tokens=360)
    for seed, name in enumerate(("language", "domain"), 1):
        save_adapter(folder / "base", folder / name, seed)
    write_lines(folder / "terms.jsonl", [concept("C", number) for number in range(40)])
    write_lines(folder / "everyday.jsonl", [concept("E", number) for number in range(12)])
    for kind in ("texts", "replay"):
        write_lines(folder / f"{kind}.jsonl", [_document(kind, number) for number in range(6)])
    rows = [
        {"id": f"{language}{number}", "terms": [{"text": term, "language": language}]}
        for language, terms in TERMS.items()
        for number, term in enumerate(terms)
    ]
    notes = [
        {"id": str(number), "language": "en", "register": "x", "text": text}
        for number, text in enumerate(DOMAIN)
    ]
    for name, lines in {"words": rows, "notes": notes}.items():
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    (folder / "general.txt").write_text("\n".join(GENERAL), encoding="utf-8")
    (folder / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    (folder / "stages.yaml").write_text(STAGES, encoding="utf-8")
    (folder / "project.yaml").write_text(json.dumps(PROJECT), encoding="utf-8")


def _document(kind: str, number: int) -> Document:
    text = " ".join(word(f"{kind} {number} {index}", 2) for index in range(12))
    return Document(digest(kind, number), "ja", "plain", text, "invented", "CC0-1.0")


def _write_model(folder: Path, seed: int, tokens: int = 400) -> None:
    """Write a Llama of two layers, with a tokenizer trained on a few sentences."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    content = train("byte-level", tokens)
    config = LlamaConfig(
        vocab_size=len(content["model"]["vocab"]),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
    )
    model: Any = LlamaForCausalLM(config)
    base, step = torch.Generator().manual_seed(0), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            noise = torch.randn(weight.shape, generator=base)
            noise += 0.3 * torch.randn(weight.shape, generator=step)
            weight.copy_(noise * 0.3 if weight.dim() > 1 else weight + noise * 0.1)
    model.to(torch.bfloat16).save_pretrained(folder)
    (folder / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")


# --- edits of inputs: what an undisturbed run of the edited inputs gives is what must come out ----


def _weights(folder: Path, *, hidden: bool) -> None:
    """Change a byte of a model's weights; `hidden` leaves size and time as they were."""
    models = (folder / name / "model.safetensors" for name in ("recipient", "other"))
    for path in (*models, folder / "language" / "adapter_model.safetensors"):
        content, before = bytearray(path.read_bytes()), path.stat()
        content[-1] ^= 0x80  # the sign of the last value
        path.write_bytes(content)
        if hidden:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _settings(folder: Path) -> None:
    for name in ("recipe.yaml", "stages.yaml"):
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace("weight: 0.5", "weight: 0.4"), encoding="utf-8")
    project = json.loads((folder / "project.yaml").read_text(encoding="utf-8"))
    project["tune"]["learning_rate"] = 0.003
    project["merge"]["candidates"].append({"method": "slerp"})
    (folder / "project.yaml").write_text(json.dumps(project), encoding="utf-8")


def _terms(folder: Path) -> None:
    write_lines(folder / "terms.jsonl", [concept("C", number) for number in range(1, 42)])
    text = (folder / "words.jsonl").read_text(encoding="utf-8")
    (folder / "words.jsonl").write_text("\n".join(text.splitlines()[1:]) + "\n", encoding="utf-8")


INPUT_EDITS: dict[str, Callable[[Path], object]] = {
    "nothing": lambda _: None,
    "weights": lambda folder: _weights(folder, hidden=False),
    "weights, same time": lambda folder: _weights(folder, hidden=True),
    "settings": _settings,
    "terms": _terms,
}


# --- edits of what a killed run has left: the result must not change, or it is refused ------------


def is_output(path: Path) -> bool:
    """Return whether a path, as seen from the workplace, is what runs have left."""
    return path.parts[0].lstrip(".").startswith(OUTPUTS)


def damage(folder: Path, kind: str, chance: Generator) -> str:
    """Cut, change or remove one file that the killed run has left; return its name, if any."""
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if is_output(path.relative_to(folder)) and path.is_file() and path.stat().st_size
    ]
    if not files:
        return ""
    path = files[chance.integers(len(files))]
    content = bytearray(path.read_bytes())
    at = int(chance.integers(len(content)))
    if kind == "removed":
        path.unlink()
    elif kind == "cut":
        os.truncate(path, at)
    else:
        content[at] ^= 1 << int(chance.integers(8))
        path.write_bytes(content)
    return str(path.relative_to(folder))


DAMAGES = ("cut", "changed", "removed")
