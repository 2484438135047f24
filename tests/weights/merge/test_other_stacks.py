"""Blocks of vision, audio and MTP beside the language model's layers are not counted with them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from lexgraft.files.hub import find_model
from lexgraft.project import Candidate
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.merge.delta_statistics import diagnose
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.merge_plan import MergePlan, plan_merge
from lexgraft.weights.merge.multi_recipe import plan_stages, run_stages
from lexgraft.weights.merge.recipe import read_recipes

LAYERS = 4
FAMILIES = {
    "Qwen-VL": ("model.layers", ["visual.blocks.{}.mlp.w"], 6),
    "Qwen3-VL": ("model.language_model.layers", ["model.visual.blocks.{}.mlp.w"], 6),
    "Gemma 3": ("language_model.model.layers", ["vision_tower.encoder.layers.{}.mlp.w"], 6),
    "Qwen-Omni": ("thinker.model.layers", ["thinker.audio_tower.layers.{}.w"], 6),
    "Qwen3-Next": ("model.layers", ["mtp.layers.{}.mlp.w"], 1),
    "DeepSeek": ("model.layers", ["model.layers.4.eh_proj", "model.layers.4.mlp.w"], 1),
}
NESTED = {"Qwen3-VL", "Gemma 3"}


def save_model(folder: Path, family: str, fill: float) -> Path:
    """Save a model of layers and other blocks in which every value is one number."""
    prefix, others, count = FAMILIES[family]
    names = [f"{prefix}.{layer}.mlp.w" for layer in range(LAYERS)]
    names += [other.format(block) for other in others for block in range(count)]
    names += ["model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"]
    folder.mkdir()
    save_file({name: torch.full((2, 2), fill) for name in names}, folder / "model.safetensors")
    inner = {"num_hidden_layers": LAYERS, "num_nextn_predict_layers": 1}
    config = {"text_config": inner} if family in NESTED else inner
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def project_plan(folder: Path, method: str, **parameters: object) -> MergePlan:
    base = open_checkpoint(folder / "base")
    models = {label: open_input_model(folder / label, base, label) for label in LABELS[method]}
    return plan_merge(Candidate(method, parameters), base, models, "float32", 1)


LABELS = {"task_arithmetic": ["domain"], "layer_swap": ["language", "domain"]}


@pytest.fixture(params=list(FAMILIES))
def family(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    name: str = request.param
    for label, fill in (("base", 0.0), ("language", 1.0), ("domain", 2.0)):
        save_model(tmp_path / label, name, fill)
    return name


def of_layers(folder: Path, family: str) -> list[float]:
    tensors = load_file(folder / "model.safetensors")
    prefix = FAMILIES[family][0]
    numbers = range(LAYERS)
    return [float(tensors[f"{prefix}.{layer}.mlp.w"].mean()) for layer in numbers]


def test_a_profile_of_a_project_runs_over_the_text_layers(family: str, tmp_path: Path) -> None:
    run_merge(project_plan(tmp_path, "task_arithmetic", weight=[0, 1]), tmp_path / "out")
    assert of_layers(tmp_path / "out", family) == pytest.approx([0, 2 / 3, 4 / 3, 2], abs=1e-6)


def test_layers_are_swapped_at_the_text_layers(family: str, tmp_path: Path) -> None:
    run_merge(project_plan(tmp_path, "layer_swap", blend=0), tmp_path / "out")
    assert of_layers(tmp_path / "out", family) == [1, 2, 2, 1]


def test_a_gradient_of_a_recipe_runs_over_the_text_layers(
    family: str, tmp_path: Path, write: Callable[[str], None]
) -> None:
    write(
        "models: [{model: domain, parameters: {weight: [0, 1]}}]\n"
        "base_model: base\nmerge_method: task_arithmetic\n"
    )
    assert of_layers(tmp_path / "out", family) == pytest.approx([0, 2 / 3, 4 / 3, 2], abs=1e-6)


def test_a_diagnosis_lists_the_text_layers_alone(family: str, tmp_path: Path) -> None:
    assert family
    layers = diagnose(project_plan(tmp_path, "task_arithmetic")).layers
    assert [region.layer for region in layers] == [None, 0, 1, 2, 3]


def test_a_stack_renumbers_the_text_layers_and_keeps_the_other_blocks(
    family: str, tmp_path: Path, write: Callable[[str], None]
) -> None:
    write(
        "slices:\n"
        "  - sources: [{model: language, layer_range: [0, 3]}]\n"
        "  - sources: [{model: domain, layer_range: [1, 4]}]\n"
        "merge_method: passthrough\n"
    )
    tensors = load_file(tmp_path / "out" / "model.safetensors")
    prefix, others, count = FAMILIES[family]
    layers = [float(tensors.pop(f"{prefix}.{layer}.mlp.w").mean()) for layer in range(6)]
    assert layers == [1, 1, 1, 2, 2, 2]
    behind = [other.replace(".4.", ".6.") for other in others]  # MTP stands behind the last layer
    kept = {other.format(block) for other in behind for block in range(count)}
    assert {*tensors} == kept | {"model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"}
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    inner = config["text_config"] if family in NESTED else config
    assert inner["num_hidden_layers"] == 6


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], None]:
    """Return a function that merges a recipe into `out`."""

    def run(text: str) -> None:
        (tmp_path / "recipe.yaml").write_text(text)
        recipes = read_recipes(tmp_path / "recipe.yaml")

        def find(path: str, at: str | None) -> Path:
            return find_model(path, at, tmp_path)

        assert plan_stages(recipes, find, 0)
        run_stages(recipes, find, 0, tmp_path / "out")

    return run
