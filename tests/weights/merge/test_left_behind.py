"""MTP layers and buffers that a fine-tune was saved without: the base's, or left out, and said."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from lexgraft.errors import LexgraftError
from lexgraft.files.hub import find_model
from lexgraft.project import Candidate
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.merge_plan import MergePlan, plan_merge
from lexgraft.weights.merge.multi_recipe import plan_stages
from lexgraft.weights.merge.recipe import read_recipes

BODY = [f"model.layers.{layer}.mlp.w" for layer in range(4)] + ["model.embed_tokens.weight"]
LEFT_BEHIND = {
    "mtp": ["mtp.layers.0.mlp.w", "mtp.fc.weight", "mtp.norm.weight"],
    "a layer behind the last": [
        "model.layers.4.eh_proj.weight",
        "model.layers.4.embed_tokens.weight",
    ],
    "a buffer": ["model.layers.0.self_attn.rotary_emb.inv_freq"],
}


def save(folder: Path, names: list[str], fill: float) -> None:
    folder.mkdir()
    save_file({name: torch.full((2, 2), fill) for name in names}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"num_hidden_layers": 4}))


def project_plan(folder: Path, method: str = "linear") -> MergePlan:
    base = open_checkpoint(folder / "base")
    labels = ("language", "domain")
    models = {label: open_input_model(folder / label, base, label) for label in labels}
    return plan_merge(Candidate(method, {"weight": 0.5}), base, models, "float32", 1)


def recipe_plan(folder: Path, base: str | None = "base") -> MergePlan:
    text = "models: [{model: language}, {model: domain}]\nmerge_method: linear\n"
    text += f"base_model: {base}\n" if base else ""
    (folder / "recipe.yaml").write_text(text)
    recipes = read_recipes(folder / "recipe.yaml")
    return plan_stages(recipes, lambda path, at: find_model(path, at, folder), 0)[-1].plan


@pytest.fixture(params=list(LEFT_BEHIND))
def names(request: pytest.FixtureRequest) -> list[str]:
    return LEFT_BEHIND[request.param]


def save_all(folder: Path, names: list[str], holders: str) -> None:
    for label, fill in (("base", 1.0), ("language", 2.0), ("domain", 4.0)):
        save(folder / label, BODY + (names if label in holders.split() else []), fill)


@pytest.mark.parametrize("kind", ["project", "recipe"])
def test_what_fine_tunes_lack_is_the_bases_and_said(
    tmp_path: Path, names: list[str], kind: str
) -> None:
    save_all(tmp_path, names, "base")
    plan = project_plan(tmp_path) if kind == "project" else recipe_plan(tmp_path)
    for label in ("language", "domain"):
        said = [w for w in plan.warnings if "copied from the base" in w and f"`{label}`" in w]
        assert len(said) == 1
        assert any(name in said[0] for name in names)
        assert f"{len(names)} so" in said[0]
    run_merge(plan, tmp_path / "out")
    found = load_file(tmp_path / "out" / "model.safetensors")
    assert {*found} == {*BODY, *names}
    assert all(bool((found[name] == 1).all()) for name in names)


@pytest.mark.parametrize("kind", ["project", "recipe"])
def test_what_the_base_lacks_is_left_out_and_said(
    tmp_path: Path, names: list[str], kind: str
) -> None:
    save_all(tmp_path, names, "language domain")
    plan = project_plan(tmp_path) if kind == "project" else recipe_plan(tmp_path)
    for label in ("language", "domain"):
        assert any(f"left out of `{label}`" in w and f"{len(names)} so" in w for w in plan.warnings)
    run_merge(plan, tmp_path / "out")
    assert {*load_file(tmp_path / "out" / "model.safetensors")} == {*BODY}


def test_what_one_fine_tune_kept_is_merged_with_the_bases(tmp_path: Path) -> None:
    names = LEFT_BEHIND["mtp"]
    save_all(tmp_path, names, "base domain")
    run_merge(project_plan(tmp_path), tmp_path / "out")
    found = load_file(tmp_path / "out" / "model.safetensors")
    assert all(bool((found[name] == 1 + 0.5 * 3).all()) for name in names)


@pytest.mark.parametrize(("holder", "held"), [("language", True), ("domain", False)])
def test_without_a_base_the_first_model_decides(
    tmp_path: Path, names: list[str], holder: str, *, held: bool
) -> None:
    save_all(tmp_path, names, holder)
    plan = recipe_plan(tmp_path, base=None)
    assert ({*names} <= {*plan.layout.slots}) == held
    assert any(name in warning for name in names for warning in plan.warnings)


@pytest.mark.parametrize("kind", ["project", "recipe"])
@pytest.mark.parametrize("holders", ["base", "domain"])
def test_a_layer_of_the_stack_is_never_left_behind(tmp_path: Path, kind: str, holders: str) -> None:
    save_all(tmp_path, ["model.layers.3.mlp.bias"], holders)
    with pytest.raises(LexgraftError, match=r"model\.layers\.3\.mlp\.bias"):
        project_plan(tmp_path) if kind == "project" else recipe_plan(tmp_path)
