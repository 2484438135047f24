"""Merging to a folder: right, whole, resumable, and the same bytes every time."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from weights.merge.family import save_family

from lexgraft.errors import LexgraftError
from lexgraft.records import Progress
from lexgraft.weights.checkpoint import tensor_digests as digests
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.merge import disk_merge as blocks
from lexgraft.weights.merge import merge_plan as plans
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.live_merge import merged_tensors
from lexgraft.weights.merge.manifest import verify
from lexgraft.weights.merge.memory_budget import WorkerBudget
from lexgraft.weights.merge.merge_plan import MergePlan
from lexgraft.weights.methods import METHODS

pytestmark = pytest.mark.slow

Planner = Callable[..., MergePlan]
Folders = dict[str, Path]
KINDS = ("dare_ties", "della", "nuslerp", "sce", "slerp", "ties", "tsv_m", "widen")
"""Of every kind one: by element, row and tensor; with cuts, sums, chances and none."""


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def record(seen: list[tuple[object, ...]]) -> Progress:
    def progress(what: str, done: int, total: int) -> None:
        seen.append((what, done, total))

    return progress


def lora_delta(folder: Path, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    factors = load_file(folder / "adapter_model.safetensors")
    stem = f"base_model.model.{name.removesuffix('.weight')}.lora_"
    up, down = (factors[f"{stem}{letter}.weight"].double() for letter in "BA")
    return (2 * up @ down).numpy()  # alpha / r = 4 / 2


def test_the_result_is_the_best_rounding_of_a_float64_merge(
    models: Folders, plan: Planner, tmp_path: Path
) -> None:
    weight = {"language": 0.7, "domain": 0.4}
    run_merge(plan("task_arithmetic", weight=weight), tmp_path / "out")
    base, domain, merged = (
        load_file(folder / "model.safetensors")
        for folder in (models["base"], models["domain"], tmp_path / "out")
    )
    for name, tensor in merged.items():
        if name == "model.steps":
            assert tensor.tolist() == [3, 4]
            continue
        exact = base[name].double() + 0.4 * (domain[name].double() - base[name].double())
        if "proj" in name:
            exact += 0.7 * torch.from_numpy(lora_delta(models["language"], name))
        assert torch.equal(tensor, exact.bfloat16())


@pytest.mark.slow
@pytest.mark.parametrize("method", list(METHODS))
def test_memory_and_folder_hold_the_same_values(
    models: Folders, plan: Planner, tmp_path: Path, method: str
) -> None:
    manifest = run_merge(plan(method), tmp_path / "out")
    merged = load_file(tmp_path / "out" / "model.safetensors")
    base = load_file(models["base"] / "model.safetensors")
    live = dict(merged_tensors(plan(method)))
    assert list(live) == sorted(live) == list(manifest.changed)
    assert "model.norm.weight" not in live  # no model changed it
    for name, tensor in merged.items():
        assert torch.equal(tensor.float(), live.get(name, base[name].float()))


@pytest.mark.slow
@pytest.mark.parametrize("held", [0, 1 << 20])
@pytest.mark.parametrize("method", KINDS)
def test_neither_memory_nor_workers_show(
    plan: Planner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, held: int
) -> None:
    run_merge(plan(method), tmp_path / "roomy", workers=3)

    def narrow(*_given: object) -> WorkerBudget:
        return WorkerBudget(1, window=16, cached_elements=0, held_bytes=held)

    monkeypatch.setattr(blocks, "plan_budget", narrow)
    run_merge(plan(method), tmp_path / "narrow")
    assert content(tmp_path / "roomy") == content(tmp_path / "narrow")


@pytest.mark.slow
@pytest.mark.parametrize("method", KINDS)
def test_the_size_of_a_block_does_not_show(
    plan: Planner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    run_merge(plan(method), tmp_path / "large")
    monkeypatch.setattr("lexgraft.weights.merge.block_shapes.BLOCK", 7)  # a row, or a few
    run_merge(plan(method), tmp_path / "small")
    assert content(tmp_path / "large") == content(tmp_path / "small")


def test_configuration_and_tokenizer_come_along_and_a_manifest_says_it_all(
    models: Folders, plan: Planner, tmp_path: Path
) -> None:
    made = plan()
    manifest = run_merge(made, tmp_path / "out")
    files = content(tmp_path / "out")
    assert list(files) == ["config.json", "manifest.json", "model.safetensors", "tokenizer.json"]
    known = json.loads(files["manifest.json"])
    assert known["plan"] == made.digest == manifest.plan
    assert known["recipe"]["method"] == "ties"
    assert known["recipe"]["parameters"]["density"] == 0.2
    assert known["recipe"]["seed"] == 1
    assert list(known["inputs"]) == ["base", "language", "domain"]
    assert known["inputs"]["base"] == open_checkpoint(models["base"]).digest
    assert list(known["tensors"]) == sorted(known["tensors"])
    assert str(tmp_path) not in files["manifest.json"].decode()


def test_a_whole_language_model_brings_its_own_configuration(
    models: Folders, plan: Planner, tmp_path: Path
) -> None:
    models["language"], models["domain"] = models["domain"], models["language"]
    run_merge(plan(), tmp_path / "base's")
    assert "from" not in json.loads((tmp_path / "base's" / "config.json").read_text())
    (models["language"] / "tokenizer_config.json").write_text("{}")  # now it is complete
    run_merge(plan(), tmp_path / "own")
    assert json.loads((tmp_path / "own" / "config.json").read_text())["from"] == "whole model"


def test_another_dtype_is_written_and_stated(plan: Planner, tmp_path: Path) -> None:
    run_merge(plan(dtype="float32"), tmp_path / "out")
    tensors = load_file(tmp_path / "out" / "model.safetensors")
    assert {t.dtype for t in tensors.values()} == {torch.float32, torch.int64}
    assert json.loads((tmp_path / "out" / "config.json").read_text())["torch_dtype"] == "float32"


def test_a_merge_by_the_compiled_loops_loads_neither_torch_nor_a_store_s_client(
    tmp_path: Path,
) -> None:
    save_family(tmp_path)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        f"merge_method: task_arithmetic\nbase_model: {tmp_path}/base\nparameters: {{weight: 0.5}}\n"
        f"models: [{{model: {tmp_path}/a}}, {{model: {tmp_path}/b}}]"
    )
    program = (
        "import sys; from lexgraft.cli import main; status = main(sys.argv[1:]); "
        "sys.exit(status or ', '.join({'torch', 'fsspec', 'botocore'} & {*sys.modules}) or None)"
    )
    command = [sys.executable, "-c", program, "merge", str(recipe), str(tmp_path / "out")]
    merged = subprocess.run(command, check=False, capture_output=True, text=True)
    assert merged.returncode == 0, merged.stderr


def test_progress_counts_tensors(plan: Planner, tmp_path: Path) -> None:
    seen: list[tuple[object, ...]] = []
    run_merge(plan(), tmp_path / "out", record(seen))
    assert seen == [("merge", number, 9) for number in range(10)]


def test_a_stopped_merge_goes_on_to_the_same_bytes(plan: Planner, tmp_path: Path) -> None:
    run_merge(plan(), tmp_path / "whole")

    def stop(_what: str, done: int, _total: int) -> None:
        if done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_merge(plan(), tmp_path / "out", stop)
    assert "manifest.json" not in content(tmp_path / "out")
    run_merge(plan(), tmp_path / "out")
    assert content(tmp_path / "out") == content(tmp_path / "whole")


def test_a_finished_merge_is_verified_and_kept(plan: Planner, tmp_path: Path) -> None:
    first = run_merge(plan(), tmp_path / "out")
    before = (tmp_path / "out" / "model.safetensors").stat()
    seen: list[tuple[object, ...]] = []
    assert run_merge(plan(), tmp_path / "out", record(seen)) == first
    assert seen == []
    after = (tmp_path / "out" / "model.safetensors").stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


def test_a_finished_merge_is_not_taken_for_that_of_another_device(
    plan: Planner, tmp_path: Path
) -> None:
    run_merge(plan("karcher"), tmp_path / "out")
    with pytest.raises(LexgraftError, match="as `cpu` has rounded it, not `cuda:0`") as raised:
        run_merge(plan("karcher"), tmp_path / "out", device="cuda:0")
    assert "--device cpu" in raised.value.cure


def test_a_finished_merge_that_rotted_is_noticed(plan: Planner, tmp_path: Path) -> None:
    run_merge(plan(), tmp_path / "out")
    path = tmp_path / "out" / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(LexgraftError, match="not as it was written"):
        run_merge(plan(), tmp_path / "out")


def test_a_manifest_that_says_something_else_than_was_written_is_noticed(
    plan: Planner, tmp_path: Path
) -> None:
    """A changed digit of a recipe is as much JSON as before; only the file's own check tells."""
    run_merge(plan("linear"), tmp_path / "out")
    file = tmp_path / "out" / "manifest.json"
    stated = file.read_text()
    file.write_text(
        stated.replace('"transformers"', '"transformerz"').replace(
            '"lexgraft": "', '"lexgraft": "9'
        )
    )
    assert file.read_text() != stated
    with pytest.raises(LexgraftError, match="not as it was written"):
        run_merge(plan("linear"), tmp_path / "out")
    with pytest.raises(LexgraftError, match="not as it was written"):
        verify(tmp_path / "out")
    file.write_text(stated)
    assert verify(tmp_path / "out").intact


def test_another_merge_does_not_replace_a_finished_one(plan: Planner, tmp_path: Path) -> None:
    run_merge(plan(), tmp_path / "out")
    before = content(tmp_path / "out")
    with pytest.raises(LexgraftError, match="holds another merge"):
        run_merge(plan(density=0.5), tmp_path / "out")
    assert content(tmp_path / "out") == before


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nan_and_infinity_are_refused_by_name(
    models: Folders, plan: Planner, tmp_path: Path, value: float
) -> None:
    tensors = load_file(models["domain"] / "model.safetensors")
    tensors["model.layers.1.mlp.down_proj.weight"][2, 3] = value
    save_file(tensors, models["domain"] / "model.safetensors")
    with pytest.raises(
        LexgraftError, match=r"`model\.layers\.1\.mlp\.down_proj\.weight`, value number 23 is not"
    ) as caught:
        run_merge(plan(), tmp_path / "out")
    assert str(models["domain"] / "model.safetensors") in str(caught.value)
    assert "model.safetensors" not in content(tmp_path / "out")
    manifest = run_merge(plan(), tmp_path / "out", allow_nonfinite=True)
    assert manifest.nonfinite == {"model.layers.1.mlp.down_proj.weight": 1}


def test_a_value_too_large_for_the_dtype_is_refused_with_the_cure(
    models: Folders, plan: Planner, tmp_path: Path
) -> None:
    tensors = load_file(models["domain"] / "model.safetensors")
    tensors["model.layers.1.mlp.down_proj.weight"][0, 0] = 60_000.0
    save_file(tensors, models["domain"] / "model.safetensors")
    with pytest.raises(LexgraftError, match="float16 is too narrow"):
        run_merge(plan("task_arithmetic", "float16", weight=50), tmp_path / "out")


def test_nan_in_a_tensor_that_is_only_copied_is_refused_too(
    models: Folders, plan: Planner, tmp_path: Path
) -> None:
    del models["domain"]
    tensors = load_file(models["base"] / "model.safetensors")
    tensors["model.norm.weight"][2] = float("nan")
    save_file(tensors, models["base"] / "model.safetensors")
    with pytest.raises(LexgraftError, match=r"`model\.norm\.weight`, value number 2 is not"):
        run_merge(plan("task_arithmetic"), tmp_path / "out")


def test_negative_zero_of_an_unchanged_tensor_stays_as_it_is(
    models: Folders, plan: Planner, tmp_path: Path
) -> None:
    name = "model.norm.weight"
    for label in ("base", "domain"):
        tensors = load_file(models[label] / "model.safetensors")
        tensors[name][1] = -0.0
        save_file(tensors, models[label] / "model.safetensors")
    manifest = run_merge(plan("task_arithmetic"), tmp_path / "out")
    assert load_file(tmp_path / "out" / "model.safetensors")[name][1].signbit()
    assert name not in manifest.changed


def test_a_merge_reads_every_input_once_for_its_digests(
    plan: Planner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> str:
        raise AssertionError("read again")

    made = plan("linear")
    monkeypatch.setattr(digests, "digest_now", refuse)
    manifest = run_merge(made, tmp_path / "out")
    monkeypatch.undo()
    digests._known.clear()
    assert manifest.plan == plan("linear").digest


def test_too_little_memory_is_refused_with_the_amount_that_is_enough(
    plan: Planner, tmp_path: Path
) -> None:
    with pytest.raises(LexgraftError, match=r"needs at least .* bytes of memory") as caught:
        run_merge(plan(), tmp_path / "out", memory=1 << 10)
    assert "--memory 1M" in caught.value.cure
    run_merge(plan(), tmp_path / "out", memory=1 << 20)


def test_whole_numbers_that_differ_are_refused(
    models: Folders, plan: Planner, tmp_path: Path
) -> None:
    tensors = load_file(models["domain"] / "model.safetensors")
    tensors["model.steps"] += 1
    save_file(tensors, models["domain"] / "model.safetensors")
    with pytest.raises(LexgraftError, match="whole numbers"):
        run_merge(plan(), tmp_path / "out")


def test_an_input_that_changes_during_the_merge_is_noticed(
    models: Folders, plan: Planner, tmp_path: Path
) -> None:
    def meddle(_what: str, done: int, _total: int) -> None:
        if done == 6:
            os.utime(models["language"] / "adapter_model.safetensors", ns=(1, 1))

    with pytest.raises(LexgraftError, match="changed while it was in use"):
        run_merge(plan(), tmp_path / "out", meddle)
    assert "manifest.json" not in content(tmp_path / "out")


def test_the_output_is_never_an_input(models: Folders, plan: Planner) -> None:
    for label in models:
        with pytest.raises(LexgraftError, match="never overwritten"):
            run_merge(plan(), models[label])


RUN = """
import os, sys
from pathlib import Path
import torch
torch.set_num_threads(int(sys.argv[3]))
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint import folder_writer
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.merge_plan import plan_merge
from lexgraft.project import Candidate
folder_writer.SYNC_EVERY = 1
root, kill_at = Path(sys.argv[1]), int(sys.argv[2])
def progress(what, done, total):
    if done == kill_at:
        os.kill(os.getpid(), 9)
base = open_checkpoint(root / "base")
parts = {label: open_input_model(root / label, base, label) for label in ("language", "domain")}
run_merge(plan_merge(Candidate("dare_ties"), base, parts, "bfloat16", 1), root / "out", progress)
"""


@pytest.mark.slow
def test_kill_9_then_resume_gives_the_same_bytes_whatever_hash_seed_and_threads(
    plan: Planner, tmp_path: Path
) -> None:
    run_merge(plan("dare_ties"), tmp_path / "whole")
    for number, kill_at in enumerate((0, 3, 8, -1)):
        environment = os.environ | {"PYTHONHASHSEED": str(number)}
        command = [sys.executable, "-c", RUN, str(tmp_path), str(kill_at), str(1 + number % 2)]
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        assert done.returncode == (0 if kill_at < 0 else -signal.SIGKILL), done.stderr.decode()
    assert content(tmp_path / "out") == content(tmp_path / "whole")


@pytest.mark.slow
def test_the_result_loads_in_transformers_and_answers(tiny_model: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from lexgraft.project import Candidate
    from lexgraft.weights.checkpoint.input_model import open_input_model

    base = open_checkpoint(tiny_model)
    tensors = load_file(tiny_model / "model.safetensors")
    other = tmp_path / "other"
    other.mkdir()
    moved = {name: (t.float() * 1.1).bfloat16() for name, t in tensors.items()}
    save_file(moved, other / "model.safetensors")
    (other / "config.json").write_bytes((tiny_model / "config.json").read_bytes())
    part = open_input_model(other, base, "language")
    made = plans.plan_merge(Candidate("linear"), base, {"language": part}, "bfloat16", 1)
    run_merge(made, tmp_path / "out")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "out", dtype="auto")
    assert model.dtype == torch.bfloat16
    tokens = AutoTokenizer.from_pretrained(tmp_path / "out")("graft", return_tensors="pt")
    assert model(**tokens).logits.isfinite().all()
    for name, value in merged_tensors(made):
        assert torch.equal(model.state_dict()[name].float(), value)
