"""A family of tiny models for recipes: a base of four layers and fine-tuned children of it."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

LAYERS = 4
SHAPES = {"self_attn.q_proj": (8, 6), "mlp.down_proj": (6, 10), "input_layernorm": (6,)}
CONFIG = {
    "num_hidden_layers": LAYERS,
    "tie_word_embeddings": False,
    "torch_dtype": "float32",
    "layer_types": ["sliding", "full", "sliding", "full"],
}

Tensors = dict[str, torch.Tensor]


def tensors_of(seed: int, layers: int = LAYERS, *, head: bool = True) -> Tensors:
    """Return random tensors under the names of a Llama."""
    generator = torch.Generator().manual_seed(seed)
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (12, 6)}
    for layer in range(layers):
        for name, shape in SHAPES.items():
            shapes[f"model.layers.{layer}.{name}.weight"] = shape
    shapes["model.norm.weight"] = (6,)
    if head:
        shapes["lm_head.weight"] = (12, 6)
    return {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def save(folder: Path, tensors: Tensors, **config: object) -> Path:
    """Save tensors as a model folder."""
    folder.mkdir()
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(CONFIG | config))
    ids = {"model": {"vocab": {chr(97 + number): number for number in range(12)}}}
    (folder / "tokenizer.json").write_text(json.dumps(ids))
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": folder.name}))
    return folder


def save_family(root: Path) -> dict[str, Tensors]:
    """Save `base` and its children `a`, `b` and `c`; return the tensors by name."""
    base = tensors_of(0)
    family = {"base": base}
    for number, name in enumerate("abc", 1):
        moves = tensors_of(number)
        family[name] = {key: base[key] + 0.1 * moves[key] for key in base}
    for name, tensors in family.items():
        save(root / name, tensors)
    return family


def load(folder: Path) -> Tensors:
    """Return the tensors of a merged folder."""
    return load_file(folder / "model.safetensors")
