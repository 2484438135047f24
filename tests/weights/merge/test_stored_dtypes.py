"""What is stored otherwise than most of a model stays so, in recipes and projects, and is shown."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from lexgraft.files.hub import find_model
from lexgraft.project import Candidate
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.checkpoint.main_dtype import main_dtype
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.live_merge import merged_tensors
from lexgraft.weights.merge.merge_plan import MergePlan, plan_merge
from lexgraft.weights.merge.multi_recipe import plan_stages
from lexgraft.weights.merge.plan_text import describe, summary
from lexgraft.weights.merge.recipe import read_recipes

FLOAT32 = {
    f"model.layers.{layer}.{part}": (8,)
    for layer in range(2)
    for part in ("mlp.gate.e_score_correction_bias", "mixer.A_log", "mixer.dt_bias", "norm.weight")
}
MAIN = {
    "model.embed_tokens.weight": (12, 8),
    **{f"model.layers.{layer}.mlp.up_proj.weight": (16, 8) for layer in range(2)},
}
ADAPTED = "model.layers.1.mlp.up_proj.weight"


def save(folder: Path, seed: int, own: torch.dtype = torch.float32) -> Path:
    """Save a model in bfloat16 whose small tensors are stored in a dtype of their own."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {name: torch.randn(s, generator=generator).bfloat16() for name, s in MAIN.items()}
    for name, shape in FLOAT32.items():
        tensors[name] = (1 + torch.rand(shape, generator=generator) * 1e-4).to(own)
    folder.mkdir()
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"num_hidden_layers": 2}))
    return folder


@pytest.fixture
def models(tmp_path: Path) -> Path:
    for seed, name in enumerate(("base", "language", "domain")):
        save(tmp_path / name, seed)
    return tmp_path


def project_plan(folder: Path, dtype: str = "bfloat16") -> MergePlan:
    base = open_checkpoint(folder / "base")
    labels = ("language", "domain")
    parts = {label: open_input_model(folder / label, base, label) for label in labels}
    return plan_merge(Candidate("linear", {"weight": 0.5}), base, parts, dtype, 1)


def recipe_plan(folder: Path, text: str) -> MergePlan:
    (folder / "recipe.yaml").write_text(text)
    recipes = read_recipes(folder / "recipe.yaml")
    return plan_stages(recipes, lambda path, at: find_model(path, at, folder), 0)[-1].plan


LINEAR = "models: [{model: language}, {model: domain}]\nmerge_method: linear\n"


@pytest.mark.parametrize("dtype", ["", "dtype: bfloat16\n", "dtype: float16\n", None])
def test_what_is_stored_in_float32_beside_bfloat16_is_merged_into_float32(
    models: Path, dtype: str | None
) -> None:
    plan = project_plan(models) if dtype is None else recipe_plan(models, LINEAR + dtype)
    run_merge(plan, models / "out")
    merged = load_file(models / "out" / "model.safetensors")
    inputs = [load_file(models / n / "model.safetensors") for n in ("base", "language", "domain")]
    for name in FLOAT32:
        assert merged[name].dtype == torch.float32
        base, first, second = (tensors[name].double() for tensors in inputs)
        exact = first + second - base if dtype is None else (first + second) / 2
        if dtype is None:
            exact = base + 0.5 * (first - base) + 0.5 * (second - base)
        assert (merged[name].double() - exact).abs().max() < 2e-7
        assert len(merged[name].unique()) > 4  # in bfloat16 all of them are 1
    main = torch.float16 if dtype and "float16" in dtype and "bf" not in dtype else torch.bfloat16
    assert {merged[name].dtype for name in MAIN} == {main}


def test_a_live_merge_has_the_same_values(models: Path) -> None:
    plan = project_plan(models)
    run_merge(plan, models / "out")
    merged = load_file(models / "out" / "model.safetensors")
    live = dict(merged_tensors(plan))
    assert {*live} == {*merged}
    for name, value in live.items():
        assert torch.equal(value, merged[name].float())


def test_an_adapter_leaves_the_others_as_they_are_stored(models: Path) -> None:
    from weights.merge.conftest import save_adapter

    save_adapter(models / "adapter", {ADAPTED: (16, 8)}, 4)
    base = open_checkpoint(models / "base")
    adapter = open_input_model(models / "adapter", base, "domain")
    plan = plan_merge(Candidate("linear", {}), base, {"domain": adapter}, "bfloat16", 1)
    run_merge(plan, models / "out")
    merged = load_file(models / "out" / "model.safetensors")
    before = load_file(models / "base" / "model.safetensors")
    for name, tensor in before.items():
        assert merged[name].dtype == tensor.dtype
        assert torch.equal(merged[name], tensor) == (name != ADAPTED)


def test_the_plan_says_what_keeps_its_dtype(models: Path) -> None:
    plan = project_plan(models)
    lines = [line for line in describe(plan) if line.startswith("keeps")]
    assert "keeps    float32 for model.layers.*.mlp.gate.e_score_correction_bias (2)" in lines
    assert len(lines) == 4
    kept = summary(plan, models)["kept_dtypes"]
    assert kept["model.layers.*.mixer.A_log"] == "float32"
    assert plan.recipe()["kept_dtypes"] == kept


def test_a_model_of_one_dtype_is_written_in_the_dtype_asked_for(tmp_path: Path) -> None:
    for seed, name in enumerate(("base", "language", "domain")):
        save(tmp_path / name, seed, own=torch.bfloat16)
    for dtype in ("bfloat16", "float16", "float32"):
        plan = project_plan(tmp_path, dtype)
        assert not plan.kept
        assert "kept_dtypes" not in plan.recipe()
        assert {slot.dtype for slot in plan.layout.slots.values()} == {
            {"bfloat16": "BF16", "float16": "F16", "float32": "F32"}[dtype]
        }


def test_a_fine_tune_that_was_saved_in_one_dtype_does_not_narrow_the_base(models: Path) -> None:
    import shutil

    shutil.rmtree(models / "domain")
    save(models / "domain", 2, own=torch.bfloat16)
    kept = project_plan(models).kept
    assert {*kept} == {*FLOAT32}
    shutil.rmtree(models / "base")
    save(models / "base", 0, own=torch.bfloat16)
    assert {*project_plan(models).kept} == {*FLOAT32}  # `language` has them in float32


def test_each_model_of_a_stack_has_a_main_dtype_of_its_own(tmp_path: Path) -> None:
    save(tmp_path / "language", 1, own=torch.bfloat16)
    wide = {
        k: v.float() for k, v in load_file(save(tmp_path / "x", 2) / "model.safetensors").items()
    }
    save(tmp_path / "domain", 2)
    save_file(wide, tmp_path / "domain" / "model.safetensors")  # float32 throughout
    text = (
        "slices:\n  - sources: [{model: language, layer_range: [0, 2]}]\n"
        "  - sources: [{model: domain, layer_range: [0, 2]}]\n"
        "merge_method: passthrough\ndtype: bfloat16\n"
    )
    plan = recipe_plan(tmp_path, text)
    assert not plan.kept


def test_most_elements_decide_which_dtype_is_the_main_one() -> None:
    def entry(name: str, dtype: str, size: int) -> TensorEntry:
        return TensorEntry(name, dtype, (size,), Path("x"), 0, 0)

    assert main_dtype([entry("a", "F32", 3), entry("b", "BF16", 4), entry("c", "U8", 99)]) == "BF16"
    assert main_dtype([entry("c", "U8", 99)]) == "F32"
