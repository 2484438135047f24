"""A base of two layers with an adapter and a whole model of it, small enough for many merges."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from lexgraft.project import Candidate
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.merge.merge_plan import MergePlan, plan_merge
from lexgraft.weights.methods import METHODS

SHAPES = {
    "model.embed_tokens.weight": (12, 6),
    "model.norm.weight": (6,),
    "model.steps": (2,),
    **{
        f"model.layers.{layer}.{name}.weight": shape
        for layer in range(2)
        for name, shape in {
            "self_attn.q_proj": (8, 6),
            "mlp.down_proj": (6, 10),
            "input_layernorm": (6,),
        }.items()
    },
}
TARGETS = [name for name in SHAPES if "proj" in name]


def save_base(folder: Path) -> Path:
    folder.mkdir()
    generator = torch.Generator().manual_seed(0)
    tensors = {
        name: torch.randn(shape, generator=generator).bfloat16() for name, shape in SHAPES.items()
    }
    tensors["model.steps"] = torch.tensor([3, 4])
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text('{"torch_dtype": "bfloat16"}')
    (folder / "tokenizer.json").write_text('{"model": {"vocab": {}}}')
    return folder


def save_adapter(folder: Path, shapes: dict[str, tuple[int, ...]], seed: int) -> Path:
    """Save a random rank-2 adapter of the given tensors."""
    folder.mkdir()
    generator = torch.Generator().manual_seed(seed)
    tensors: dict[str, torch.Tensor] = {}
    for name, (rows, columns) in shapes.items():
        stem = f"base_model.model.{name.removesuffix('.weight')}.lora_"
        tensors[f"{stem}A.weight"] = torch.randn(2, columns, generator=generator) * 0.3
        tensors[f"{stem}B.weight"] = torch.randn(rows, 2, generator=generator) * 0.3
    save_file(tensors, folder / "adapter_model.safetensors")
    config = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "bias": "none"}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    return folder


def save_model(folder: Path, base: Path, seed: int) -> Path:
    """Save a whole model: the base with its last layer changed."""
    from safetensors.torch import load_file

    folder.mkdir()
    generator = torch.Generator().manual_seed(seed)
    tensors = load_file(base / "model.safetensors")
    for name, tensor in tensors.items():
        if ".1." in name:
            tensors[name] = (tensor + torch.randn(tensor.shape, generator=generator)).bfloat16()
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text('{"torch_dtype": "bfloat16", "from": "whole model"}')
    return folder


@pytest.fixture
def models(tmp_path: Path) -> dict[str, Path]:
    """Return the folders of base, language (an adapter) and domain (a whole model)."""
    base = save_base(tmp_path / "base")
    shapes = {name: SHAPES[name] for name in TARGETS}
    return {
        "base": base,
        "language": save_adapter(tmp_path / "language", shapes, 1),
        "domain": save_model(tmp_path / "domain", base, 2),
    }


Planner = Callable[..., MergePlan]


@pytest.fixture
def plan(models: dict[str, Path]) -> Planner:
    """Return a function that plans a merge of the models, opened afresh."""

    def make(
        method: str = "ties", dtype: str = "bfloat16", seed: int = 1, **parameters: object
    ) -> MergePlan:
        base = open_checkpoint(models["base"])
        most = METHODS[method].models[1] if method in METHODS else None
        labels = [label for label in models if label != "base"][:most]
        parts = {label: open_input_model(models[label], base, label) for label in labels}
        return plan_merge(Candidate(method, parameters), base, parts, dtype, seed)

    return make
