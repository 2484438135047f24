"""A tied head is merged once, whatever the files store, and the configuration says what is so."""

import json
from pathlib import Path

import pytest
import torch
from weights.merge.family import Tensors, load, save, tensors_of

from lexgraft.errors import LexgraftError
from lexgraft.files.hub import find_model
from lexgraft.project import Candidate
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.live_merge import merged_tensors
from lexgraft.weights.merge.merge_plan import MergePlan, plan_merge
from lexgraft.weights.merge.multi_recipe import run_stages
from lexgraft.weights.merge.recipe import read_recipes

HEAD, EMBEDDINGS = "lm_head.weight", "model.embed_tokens.weight"
KINDS = ("tied", "repeated", "differing", "separate")
"""No head; one that repeats the embeddings; one that does not though it should; one of its own."""


def save_kind(folder: Path, kind: str, seed: int) -> Tensors:
    tensors = tensors_of(seed, head=kind in {"differing", "separate"})
    if kind == "repeated":
        tensors[HEAD] = tensors[EMBEDDINGS].clone()
    save(folder, tensors, tie_word_embeddings=kind != "separate")
    return tensors


def project_plan(folder: Path, method: str) -> MergePlan:
    base = open_checkpoint(folder / "base")
    labels = ("language", "domain")
    parts = {label: open_input_model(folder / label, base, label) for label in labels}
    return plan_merge(Candidate(method, {}), base, parts, "float32", 1)


def recipe(folder: Path, method: str) -> Tensors:
    text = "models: [{model: language}, {model: domain}]\nbase_model: base\n"
    (folder / "recipe.yaml").write_text(
        text + f"merge_method: {method}\nparameters: {{density: 0.5}}"
    )
    recipes = read_recipes(folder / "recipe.yaml")
    run_stages(recipes, lambda path, at: find_model(path, at, folder), 0, folder / "out")
    return load(folder / "out")


def ties(folder: Path) -> bool:
    return json.loads((folder / "config.json").read_text())["tie_word_embeddings"]


@pytest.mark.parametrize("method", ["dare_linear", "della_linear", "ties"])
@pytest.mark.parametrize(
    "kinds", ["repeated repeated repeated", "repeated tied repeated", "tied repeated tied"]
)
def test_tied_embeddings_are_merged_once(tmp_path: Path, kinds: str, method: str) -> None:
    for seed, (label, kind) in enumerate(
        zip(("base", "language", "domain"), kinds.split(), strict=True)
    ):
        save_kind(tmp_path / label, kind, seed)
    found = recipe(tmp_path, method)
    assert HEAD not in found
    assert ties(tmp_path / "out")
    plan = project_plan(tmp_path, method)
    run_merge(plan, tmp_path / "project")
    written = load(tmp_path / "project")
    assert HEAD not in written
    assert ties(tmp_path / "project")
    assert HEAD not in dict(merged_tensors(plan))
    assert {*written} == {*found}


def test_a_head_left_out_is_said(tmp_path: Path) -> None:
    for seed, label in enumerate(("base", "language", "domain")):
        save_kind(tmp_path / label, "repeated", seed)
    warnings = project_plan(tmp_path, "linear").warnings
    assert any(HEAD in text and "repeats the embeddings" in text for text in warnings)


@pytest.mark.parametrize("base", KINDS)
@pytest.mark.parametrize("domain", KINDS)
def test_every_mixture_works_in_a_recipe(tmp_path: Path, base: str, domain: str) -> None:
    inputs: dict[str, Tensors] = {}
    for seed, (label, kind) in enumerate((("base", base), ("language", base), ("domain", domain))):
        inputs[label] = save_kind(tmp_path / label, kind, seed)
    found = recipe(tmp_path, "task_arithmetic")
    own = {"differing", "separate"}
    assert (HEAD in found) == bool({base, domain} & own)
    assert ties(tmp_path / "out") == (HEAD not in found)
    head = EMBEDDINGS if HEAD not in found else HEAD
    of = [t.get(head, t[EMBEDDINGS]).double() for t in inputs.values()]
    assert torch.allclose(found[head].double(), of[1] + of[2] - of[0], rtol=0, atol=5e-6)


@pytest.mark.parametrize("base", KINDS)
@pytest.mark.parametrize("domain", KINDS)
def test_every_mixture_works_in_a_project_or_names_the_way_out(
    tmp_path: Path, base: str, domain: str
) -> None:
    inputs: dict[str, Tensors] = {}
    for seed, (label, kind) in enumerate((("base", base), ("language", base), ("domain", domain))):
        inputs[label] = save_kind(tmp_path / label, kind, seed)
    own = {"differing", "separate"}
    if base not in own and domain in own:
        with pytest.raises(LexgraftError, match="merge by a recipe"):
            project_plan(tmp_path, "task_arithmetic")
        return
    run_merge(project_plan(tmp_path, "task_arithmetic"), tmp_path / "out")
    found = load(tmp_path / "out")
    assert (HEAD in found) == (base in own)
    assert ties(tmp_path / "out") == (HEAD not in found)
    head = HEAD if base in own else EMBEDDINGS
    of = [t.get(head, t[EMBEDDINGS]).double() for t in inputs.values()]
    assert torch.allclose(found[head].double(), of[1] + of[2] - of[0], rtol=0, atol=5e-6)
