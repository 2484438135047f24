"""What it takes to plan a merge of models of 405 or 671 billion parameters, from headers alone.

    python benchmarks/planning.py [--size 405b|671b] [--kind bf16|fp8] [--method ties]

Invented folders of the size: headers and sizes are those of real models, the data are holes in the
files, which take no disk. `671b` has 256 experts in 58 of 61 layers, 46,000 tensors. A base and two
models are planned by `lexgraft merge --dry-run`, in a process of its own, start-up included.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from merging import ROOT, watched
from synthetic import SIZES, shapes

from lexgraft.weights.checkpoint.file_layout import plan_layout

SHARD = 5 << 30
BLOCK = 128
Stored = tuple[str, str, tuple[int, ...]]


def main() -> None:
    """Print seconds and memory of a plan."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=("1b", "70b", "405b", "671b"), default="405b")
    parser.add_argument("--kind", choices=("bf16", "fp8"), default="fp8")
    parser.add_argument("--method", default="ties")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        counts = [write(folder / name, given.size, given.kind) for name in ("base", "a", "b")]
        recipe = folder / "recipe.yaml"
        models = [{"model": str(folder / name)} for name in ("a", "b")]
        values = {"merge_method": given.method, "base_model": str(folder / "base")}
        recipe.write_text(json.dumps({**values, "models": models, "dtype": "bfloat16"}))
        command = [sys.executable, "-m", "lexgraft", "merge", str(recipe), str(folder / "out")]
        command += ["--dry-run"]
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
        wall = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
        peak, status, used = watched(process.pid)
        wall = time.perf_counter() - wall
        assert process.stdout is not None
        text = process.stdout.read().decode()
    if os.waitstatus_to_exitcode(status):
        sys.exit("failed")
    print(text)
    print(
        f"{given.size}, {given.kind}: three folders of {counts[0]:,} tensors planned in "
        f"{wall:.1f} s ({used.ru_utime + used.ru_stime:.1f} CPU s), {peak:.0f} MB at most"
    )


def write(folder: Path, size: str, kind: str) -> int:
    """Write a folder of headers; return how many tensors it holds."""
    folder.mkdir(parents=True)
    stored = list(as_fp8(size) if kind == "fp8" else as_bf16(size))
    layout = plan_layout(stored, SHARD)
    for file, header in layout.headers.items():
        (folder / file).write_bytes(header)
        os.truncate(folder / file, layout.sizes[file])
    index = layout.index()
    if index is not None:
        (folder / "model.safetensors.index.json").write_bytes(index)
    config: dict[str, object] = {"model_type": "llama", "torch_dtype": "bfloat16"}
    config |= {"num_hidden_layers": 61 if size == "671b" else SIZES[size][1]}
    config |= {"tie_word_embeddings": False}
    if kind == "fp8":
        settings = {"quant_method": "fp8", "weight_block_size": [BLOCK, BLOCK]}
        config["quantization_config"] = settings
    (folder / "config.json").write_text(json.dumps(config))
    return len(stored)


def as_bf16(size: str) -> Iterator[Stored]:
    """Yield names, dtypes and shapes of a model."""
    for name, shape in experts() if size == "671b" else shapes(size):
        yield name, "BF16", shape


def as_fp8(size: str) -> Iterator[Stored]:
    """Yield names, dtypes and shapes of a model whose projections are in fp8."""
    for name, dtype, shape in as_bf16(size):
        if name.endswith("_proj.weight"):
            yield name, "F8_E4M3", shape
            rows, columns = shape
            yield f"{name}_scale_inv", "F32", (-(-rows // BLOCK), -(-columns // BLOCK))
        else:
            yield name, dtype, shape


def experts() -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the names and shapes of a mixture of 256 experts, of 671 billion parameters."""
    hidden, inner, vocabulary = 7168, 2048, 129_280
    for name in ("model.embed_tokens", "lm_head"):
        yield f"{name}.weight", (vocabulary, hidden)
    yield "model.norm.weight", (hidden,)
    for layer in range(61):
        stem = f"model.layers.{layer}"
        yield f"{stem}.input_layernorm.weight", (hidden,)
        yield f"{stem}.post_attention_layernorm.weight", (hidden,)
        yield f"{stem}.self_attn.q_a_proj.weight", (1536, hidden)
        yield f"{stem}.self_attn.q_b_proj.weight", (24_576, 1536)
        yield f"{stem}.self_attn.kv_b_proj.weight", (32_768, 512)
        yield f"{stem}.self_attn.o_proj.weight", (hidden, 16_384)
        if layer >= 3:
            yield f"{stem}.mlp.gate.weight", (256, hidden)
        numbers = [f"experts.{number}." for number in range(256)] if layer >= 3 else [""]
        for part in [*numbers, *(["shared_experts."] if layer >= 3 else [])]:
            width = inner if layer >= 3 else 18_432
            yield f"{stem}.mlp.{part}gate_proj.weight", (width, hidden)
            yield f"{stem}.mlp.{part}up_proj.weight", (width, hidden)
            yield f"{stem}.mlp.{part}down_proj.weight", (hidden, width)


if __name__ == "__main__":
    main()
