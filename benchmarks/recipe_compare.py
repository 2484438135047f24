"""Two results of one recipe, compared: tensors, values, configuration, tokenizer.

Values are equal if they differ by no more than one step of the stored dtype (two roundings of one
number) and what sums in float32 may differ by. Rows of tokens are compared token by token, so the
order in which a union puts them does not matter, and experts one by one, also where a result holds
them in one tensor.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jinja2 import Environment
from safetensors.torch import load_file

Tensors = Mapping[str, torch.Tensor]
FLOAT32_SUMS = 2e-6  # of the tensor's largest value
ROWS = ("embed_tokens", "lm_head", "embed_in", "embed_out", "wte", "word_embeddings")
SILENT = frozenset({"transformers_version", "_name_or_path", "use_cache"})
TALK = [{"role": "user", "content": "graft?"}, {"role": "assistant", "content": "It took."}]
_FUSED = re.compile(r"(.*)\.mlp\.experts\.(gate_up_proj|down_proj)")


class Beside(NamedTuple):
    """What differs between two merged folders, in words by kind, and the values."""

    said: dict[str, list[str]]
    values: dict[str, tuple[int, int, float]]  # tensor → elements that differ, all, largest
    distance: float = 0.0  # norm of all differences over the norm of all values

    @property
    def largest(self) -> float:
        """The largest difference of a value."""
        return max((largest for _, _, largest in self.values.values()), default=0.0)


def compared(here: Path, there: Path) -> Beside:
    """Return what differs between two merged folders."""
    mine, other = tensors_of(here), tensors_of(there)
    one_by_one = _experts(other, mine)
    said = {
        "tensors": [f"only here: {name}" for name in sorted(mine.keys() - one_by_one.keys())]
        + [f"only there: {name}" for name in sorted(one_by_one.keys() - mine.keys())],
        "names": sorted(other.keys() - one_by_one.keys()),
        "config": _config(here, there),
    }
    rows, said["tokenizer"] = _rows(here, there)
    both = [name for name in mine if name in one_by_one]
    said["dtypes"] = [
        f"{name}: {mine[name].dtype} | {one_by_one[name].dtype}"
        for name in both
        if mine[name].dtype != one_by_one[name].dtype
    ]
    said["shapes"] = []
    values: dict[str, tuple[int, int, float]] = {}
    apart = whole = 0.0
    for name in both:
        a, b = mine[name], one_by_one[name]
        if a.shape != b.shape:
            said["shapes"].append(f"{name}: {list(a.shape)} | {list(b.shape)}")
        if any(part in name for part in ROWS):
            a, b = a[rows[0]], b[rows[1]]
        apart += float((a.double() - b.double()).square().sum()) if a.shape == b.shape else 0.0
        whole += float(b.double().square().sum())
        differ, largest = difference(a, b)
        if differ:
            values[name] = (differ, a.numel(), largest)
    distance = (apart / whole) ** 0.5 if whole else 0.0
    return Beside({kind: lines for kind, lines in said.items() if lines}, values, distance)


def tensors_of(folder: Path) -> dict[str, torch.Tensor]:
    """Return all tensors of a folder."""
    tensors: dict[str, torch.Tensor] = {}
    for path in sorted(folder.glob("*.safetensors")):
        tensors |= load_file(path)
    return tensors


def difference(a: torch.Tensor, b: torch.Tensor) -> tuple[int, float]:
    """Return how many elements differ by more than rounding, and the largest difference."""
    stored = a.dtype if a.dtype.is_floating_point else torch.float32
    x, y = a.double(), b.double()
    size = torch.maximum(x.abs(), y.abs())
    step = torch.finfo(stored).eps * 2.0 ** torch.floor(torch.log2(size.clamp(min=1e-30)))
    most = float(size.max()) if size.numel() else 0.0
    apart = (x - y).abs()
    wrong = apart > step * 1.001 + FLOAT32_SUMS * most
    return int(wrong.sum()), float(apart.max()) if wrong.any() else 0.0


def _experts(tensors: Tensors, like: Tensors) -> dict[str, torch.Tensor]:
    """Return tensors with experts one by one, if those that they are compared with are so."""
    split = dict(tensors)
    for name in tensors:
        found = _FUSED.fullmatch(name)
        if found is None or name in like:
            continue
        mixtral = f"{found[1]}.block_sparse_moe.gate.weight" in like
        parts = {"gate_up_proj": ("gate_proj", "up_proj"), "down_proj": ("down_proj",)}[found[2]]
        for number, expert in enumerate(split.pop(name)):
            for part, matrix in zip(parts, expert.chunk(len(parts)), strict=True):
                own = {"gate_proj": "w1", "up_proj": "w3", "down_proj": "w2"}[part]
                stem = f"block_sparse_moe.experts.{number}.{own}"
                plain = f"mlp.experts.{number}.{part}"
                split[f"{found[1]}.{stem if mixtral else plain}.weight"] = matrix
        if mixtral and f"{found[1]}.mlp.gate.weight" in split:
            gate = split.pop(f"{found[1]}.mlp.gate.weight")
            split[f"{found[1]}.block_sparse_moe.gate.weight"] = gate
    return split


def _rows(here: Path, there: Path) -> tuple[tuple[list[int], list[int]], list[str]]:
    """Return the rows of common tokens on both sides, and how the vocabularies differ."""
    mine, other = _vocabulary(here), _vocabulary(there)
    common = [token for token in mine if token in other]
    moved = sum(mine[token] != other[token] for token in common)
    said = [f"ids of {moved} tokens"] if moved else []
    said += [f"only here: {t}" for t in sorted(mine.keys() - other.keys())]
    said += [f"only there: {t}" for t in sorted(other.keys() - mine.keys())]
    return ([mine[t] for t in common], [other[t] for t in common]), said


def _vocabulary(folder: Path) -> dict[str, int]:
    content = json.loads((folder / "tokenizer.json").read_text())
    own = {row["content"]: row["id"] for row in content["added_tokens"]}
    return {**content["model"]["vocab"], **own}


def _config(here: Path, there: Path) -> list[str]:
    """Return settings that differ, with both values."""
    mine, other = _settings(here), _settings(there)
    return [
        f"{key}: {mine.get(key)} | {other.get(key)}"
        for key in sorted((mine.keys() | other.keys()) - SILENT)
        if mine.get(key) != other.get(key)
    ]


def _settings(folder: Path) -> dict[str, Any]:
    """Return a configuration, with what the chat template makes of a talk."""
    settings = json.loads((folder / "config.json").read_text())
    settings["dtype"] = settings.pop("torch_dtype", None) or settings.get("dtype")
    own = folder / "chat_template.jinja"
    stated = json.loads((folder / "tokenizer_config.json").read_text()).get("chat_template")
    template = own.read_text() if own.is_file() else stated
    if template:
        jinja = Environment(trim_blocks=True, lstrip_blocks=True)  # as transformers renders them
        text = jinja.from_string(template).render(messages=TALK, add_generation_prompt=True)
        settings["chat template"] = text
    return settings
