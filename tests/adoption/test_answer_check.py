"""A merged folder is loaded again and asked: it answers as the merge in memory, or says how not."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from lexgraft.adoption.answer_check import check_answers
from lexgraft.adoption.merge_models import merge
from lexgraft.errors import LexgraftError
from lexgraft.records import AnswerParity, silent
from lexgraft.weights.merge.manifest import Manifest, read_manifest, verify
from lexgraft.weights.merge.merge_plan import MergePlan
from lexgraft.weights.merge.multi_recipe import run_stages
from lexgraft.weights.merge.recipe import read_recipes

Make = Callable[..., Path]
TEMPLATE = "{{ bos_token }}{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}{% endfor %}"
PLAIN = "models: [{model: a}, {model: b}]\n"
RECIPES = {
    "task_arithmetic": PLAIN + "merge_method: task_arithmetic\nbase_model: base\n",
    "slices": "merge_method: passthrough\nslices:\n"
    "  - sources: [{model: a, layer_range: [0, 2]}]\n"
    "  - sources: [{model: b, layer_range: [1, 2]}]\n",
    "documents": f"name: x\nmerge_method: linear\n{PLAIN}---\nmerge_method: slerp\nbase_model: b\n"
    "models: [{model: x}, {model: b}]\nchat_template: chatml\n",
}


def family(make: Make, folder: Path, architecture: str = "llama") -> Path:
    """Copy a base and two models of it, which have a chat template, into a folder."""
    for number, name in enumerate(("base", "a", "b")):
        shutil.copytree(make(architecture, number, "bfloat16"), folder / name)
        (folder / name / "chat_template.jinja").write_text(TEMPLATE)
    return folder


def checked(folder: Path, recipe: str) -> Manifest:
    (folder / "recipe.yaml").write_text(RECIPES[recipe])
    return merge(folder / "recipe.yaml", folder / "out", check_answers=True)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", list(RECIPES))
@pytest.mark.parametrize("architecture", ["gemma3", "llama"])
def test_the_folder_answers_as_the_merge_in_memory_and_the_manifest_says_so(
    make_model: Make, tmp_path: Path, architecture: str, recipe: str
) -> None:
    manifest = checked(family(make_model, tmp_path, architecture), recipe)
    expected = AnswerParity(12, 0.0, 12, 12, 12, same_chat=True)
    assert manifest.answers == expected
    assert expected.agrees
    assert read_manifest(tmp_path / "out").answers == expected
    assert verify(tmp_path / "out").intact
    again = merge(tmp_path / "recipe.yaml", tmp_path / "out")  # kept, with what is known of it
    assert again.answers == expected
    assert again.digest == manifest.digest
    assert not (tmp_path / "out.stages").exists()


def spoil_weights(out: Path) -> None:
    tensors = load_file(out / "model.safetensors")
    name = next(name for name in tensors if name.endswith("down_proj.weight"))
    tensors[name] = tensors[name] + torch.ones_like(tensors[name])
    save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})


def spoil_rope(out: Path) -> None:
    config = json.loads((out / "config.json").read_text())
    config["rope_parameters"]["rope_theta"] = 7.0
    (out / "config.json").write_text(json.dumps(config))


def spoil_chat(out: Path) -> None:
    (out / "chat_template.jinja").write_text("{{ messages[0]['content'] }}")


def spoil_tokens(out: Path) -> None:
    tokenizer = json.loads((out / "tokenizer.json").read_text())
    tokenizer["post_processor"] = None
    (out / "tokenizer.json").write_text(json.dumps(tokenizer))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (spoil_weights, "logits"),
        (spoil_rope, "logits"),
        (spoil_chat, "same_chat"),
        (spoil_tokens, "same_tokens"),
    ],
)
def test_a_folder_that_answers_otherwise_is_told(
    make_model: Make, tmp_path: Path, spoil: Callable[[Path], None], field: str
) -> None:
    family(make_model, tmp_path)
    (tmp_path / "recipe.yaml").write_text(RECIPES["task_arithmetic"])
    recipes = read_recipes(tmp_path / "recipe.yaml")

    def then(plan: MergePlan, folder: Path, manifest: Manifest, _: object) -> Manifest:
        spoil(folder)
        return check_answers(plan, folder, manifest, silent)

    manifest = run_stages(recipes, lambda path, _: tmp_path / path, 0, tmp_path / "out", then=then)
    assert manifest.answers is not None
    found = getattr(manifest.answers, field)
    assert found > 0.01 if field == "logits" else not found
    assert not manifest.answers.agrees


@pytest.mark.slow
def test_without_memory_it_is_left_out_and_said(
    make_model: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lexgraft.evaluation.memory_check._free_memory", lambda: 1_000_000)
    manifest = checked(family(make_model, tmp_path), "task_arithmetic")
    assert manifest.answers is not None
    assert "0.0 are free" in manifest.answers.left_out
    assert not manifest.answers.agrees
    assert str(manifest.answers).startswith("not compared with the live model")


@pytest.mark.slow
def test_a_folder_that_does_not_load_is_refused(make_model: Make, tmp_path: Path) -> None:
    family(make_model, tmp_path)
    manifest = checked(tmp_path, "task_arithmetic")
    (tmp_path / "out" / "model.safetensors").unlink()
    assert manifest.answers is not None
    (tmp_path / "recipe.yaml").write_text(RECIPES["task_arithmetic"])
    recipes = read_recipes(tmp_path / "recipe.yaml")

    def then(plan: MergePlan, folder: Path, manifest: Manifest, _: object) -> Manifest:
        (folder / "tokenizer.json").unlink()
        return check_answers(plan, folder, manifest, silent)

    shutil.rmtree(tmp_path / "out")
    with pytest.raises(LexgraftError):
        run_stages(recipes, lambda path, _: tmp_path / path, 0, tmp_path / "out", then=then)
