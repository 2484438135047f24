"""Random checkpoints of any size: a base, and models a small step away from it, in bfloat16."""

import json
from collections.abc import Iterator
from pathlib import Path

import torch

from lexgraft.weights.checkpoint.file_layout import plan_layout

SIZES = {  # name → hidden, layers, intermediate, key-value heads of 64, vocabulary
    "nothing": (64, 1, 64, 1, 64),
    "56m": (512, 8, 1408, 4, 32_000),
    "254m": (1024, 16, 2816, 8, 32_000),
    "500m": (1536, 16, 4096, 8, 32_000),
    "1b": (2048, 16, 5632, 16, 64_000),
    "8b": (4096, 32, 14_336, 16, 128_256),
    "70b": (8192, 80, 28_672, 16, 128_256),
    "405b": (16_384, 126, 53_248, 16, 128_256),
}
STEP = 1e-3  # standard deviation of a model's difference from the base; weights have 0.02
SHARD = 512 << 20
BLOCK = 1 << 22


def shapes(size: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the names and shapes of a Llama of one of the sizes."""
    hidden, layers, inner, heads, vocabulary = SIZES[size]
    keys = heads * 64
    for name in ("model.embed_tokens", "lm_head"):
        yield f"{name}.weight", (vocabulary, hidden)
    yield "model.norm.weight", (hidden,)
    for layer in range(layers):
        stem = f"model.layers.{layer}"
        for part in ("input_layernorm", "post_attention_layernorm"):
            yield f"{stem}.{part}.weight", (hidden,)
        for part, rows in (("q", hidden), ("k", keys), ("v", keys), ("o", hidden)):
            yield f"{stem}.self_attn.{part}_proj.weight", (rows, hidden)
        for part, shape in (("gate", (inner, hidden)), ("up", (inner, hidden))):
            yield f"{stem}.mlp.{part}_proj.weight", shape
        yield f"{stem}.mlp.down_proj.weight", (hidden, inner)


def write_model(folder: Path, size: str, seed: int) -> Path:
    """Write the base (seed 0) or a model of it, unless it is there; return the folder."""
    if (folder / "config.json").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    layout = plan_layout(((name, "BF16", shape) for name, shape in shapes(size)), SHARD)
    base, step = torch.Generator().manual_seed(0), torch.Generator().manual_seed(seed)
    for file, header in layout.headers.items():
        (folder / file).write_bytes(header)
    for slot in layout.slots.values():
        with (folder / slot.file).open("r+b") as file:
            file.seek(slot.offset)
            for start in range(0, slot.length // 2, BLOCK):
                count = min(BLOCK, slot.length // 2 - start)
                values = torch.randn(count, generator=base).mul_(0.02).bfloat16()
                if seed:
                    move = torch.randn(count, generator=step).mul_(STEP)
                    values = (values.float() + move).bfloat16()
                file.write(values.view(torch.uint8).numpy().data)
    index = layout.index()
    if index is not None:
        (folder / "model.safetensors.index.json").write_bytes(index)
    (folder / "config.json").write_text(json.dumps(_config(size), indent=1))
    return folder


def _config(size: str) -> dict[str, object]:
    """Return the configuration of a Llama of one of the sizes."""
    hidden, layers, inner, heads, vocabulary = SIZES[size]
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "intermediate_size": inner,
        "num_attention_heads": hidden // 64,
        "num_key_value_heads": heads,
        "head_dim": 64,
        "vocab_size": vocabulary,
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
    }
