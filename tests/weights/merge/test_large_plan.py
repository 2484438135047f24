"""A merge of 400 billion parameters, planned from headers in files that hold nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lexgraft.weights.checkpoint.file_layout import plan_layout

LAYERS, HIDDEN, INNER, KEYS, VOCABULARY = 126, 16_384, 53_248, 1_024, 128_256
PLAN = r"""
import re, sys, time
from pathlib import Path
start = time.process_time()
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.merge.plan_text import describe
from lexgraft.weights.merge.merge_plan import plan_merge
from lexgraft.project import Candidate
root = Path(sys.argv[1])
base = open_checkpoint(root / "base")
parts = {label: open_input_model(root / label, base, label) for label in ("language", "domain")}
plan = plan_merge(Candidate("ties"), base, parts, "bfloat16", 1)
lines = describe(plan)
peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
print(time.process_time(), int(peak[1]) / 1024)
print(*lines, sep="\\n")
"""


def save_headers(folder: Path) -> None:
    """Save a Llama of 405 billion parameters without its numbers: sparse files."""
    folder.mkdir()
    shapes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (VOCABULARY, HIDDEN),
        "lm_head.weight": (VOCABULARY, HIDDEN),
        "model.norm.weight": (HIDDEN,),
    }
    for layer in range(LAYERS):
        stem = f"model.layers.{layer}"
        shapes |= {
            f"{stem}.input_layernorm.weight": (HIDDEN,),
            f"{stem}.post_attention_layernorm.weight": (HIDDEN,),
            f"{stem}.self_attn.q_proj.weight": (HIDDEN, HIDDEN),
            f"{stem}.self_attn.k_proj.weight": (KEYS, HIDDEN),
            f"{stem}.self_attn.v_proj.weight": (KEYS, HIDDEN),
            f"{stem}.self_attn.o_proj.weight": (HIDDEN, HIDDEN),
            f"{stem}.mlp.gate_proj.weight": (INNER, HIDDEN),
            f"{stem}.mlp.up_proj.weight": (INNER, HIDDEN),
            f"{stem}.mlp.down_proj.weight": (HIDDEN, INNER),
        }
    layout = plan_layout((name, "BF16", shape) for name, shape in shapes.items())
    for file, header in layout.headers.items():
        with (folder / file).open("wb") as opened:
            opened.write(header)
            opened.truncate(layout.sizes[file])
    (folder / "model.safetensors.index.json").write_bytes(layout.index() or b"")


@pytest.mark.slow
def test_a_merge_of_400_billion_parameters_is_planned_in_5_seconds_and_300_mb(
    tmp_path: Path,
) -> None:
    for label in ("base", "language", "domain"):
        save_headers(tmp_path / label)
    command = [sys.executable, "-c", PLAN, str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, megabytes = map(float, done.stdout.splitlines()[0].split())
    assert "1137 merged" in done.stdout
    assert seconds < 5
    assert megabytes < 300


MEASURED = """
import sys
from lexgraft.cli import main
code = main(sys.argv[1:])
print(open("/proc/self/status").read())
sys.exit(code)
"""
"""The command line, then its own peak of memory; that of `wait4` counts its parent's as well."""


@pytest.mark.slow
def test_a_dry_run_of_400_billion_parameters_holds_the_same(tmp_path: Path) -> None:
    for label in ("base", "a", "b"):
        save_headers(tmp_path / label)
        config = {"num_hidden_layers": LAYERS, "tie_word_embeddings": False}
        (tmp_path / label / "config.json").write_text(json.dumps(config))
    recipe = tmp_path / "recipe.yaml"
    models = "models: [{model: a}, {model: b}]\nbase_model: base\nmerge_method: ties\n"
    recipe.write_text(models)
    command = [sys.executable, "-c", MEASURED, "merge", str(recipe), "--dry-run", "-o"]
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen([*command, str(tmp_path / "out")], stdout=said)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    said_text = (tmp_path / "said").read_text()
    assert "1137 merged" in said_text
    assert used.ru_utime + used.ru_stime < 5
    assert int(said_text.split("VmHWM:")[1].split()[0]) / 1024 < 300
    assert not (tmp_path / "out").exists()
