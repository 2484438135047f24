"""Recipes and models made to harm: refused in one line, with nothing written."""

import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from weights.merge.family import Tensors, save, save_family

from lexgraft.cli import main
from lexgraft.errors import LexgraftError
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.merge_plan import MergePlan
from lexgraft.weights.methods import METHODS

pytestmark = pytest.mark.slow

Planner = Callable[..., MergePlan]
MODELS = "models: [{model: a}, {model: b}]\n"
LINEAR = MODELS + "merge_method: linear\n"
TIES = MODELS + "merge_method: ties\nbase_model: base\n"
DARE = MODELS + "merge_method: dare_ties\nbase_model: base\n"
HOSTILE = {
    "a tag that runs code": (LINEAR + "name: !!python/object/apply:os.system [x]\n", "tag"),
    "an alias bomb": (
        "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]\n" + LINEAR,
        "aliases are refused",
    ),
    "nesting": ("models: " + "[" * 100_000, "nested"),
    "nested mappings": ("models: " + "{a: " * 100_000, "nested"),
    "a key twice": (LINEAR + "merge_method: ties\n", "twice"),
    "a weight that is text": (LINEAR + "parameters: {weight: no}\n", "float"),
    "a weight in base 60": (LINEAR + "parameters: {weight: 1:30}\n", "float"),
    "NaN": (LINEAR + "parameters: {weight: .nan}\n", "finite|float"),
    "infinity": (LINEAR + "parameters: {weight: .inf}\n", "finite|float"),
    "a number beyond all": (LINEAR + "parameters: {weight: 1e999}\n", "finite|float"),
    "1e308": (LINEAR + "parameters: {weight: 1e308}\n", "<= 100"),
    "1e308 of a sum": (
        MODELS + "merge_method: task_arithmetic\nbase_model: base\nparameters: {weight: 1e308}\n",
        "<= 100",
    ),
    "no density": (TIES + "parameters: {density: 0}\n", "density"),
    "density below 0": (TIES + "parameters: {density: -0.5}\n", "density"),
    "density above 1": (TIES + "parameters: {density: 1.5}\n", "density"),
    "no chance": (DARE + "parameters: {density: 0}\n", "density"),
    "10,000 models": (
        "models:\n" + "- model: a\n" * 10_000 + "merge_method: linear\n",
        "10,000 models",
    ),
    "an unknown key": (LINEAR + "parameterz: {weight: 1}\n", "did you mean `parameters`"),
    "a path that is no text": ("models: [{model: [a]}]\nmerge_method: linear\n", "name a model"),
    "not UTF-8": (b"\xff\xfe" + LINEAR.encode(), "UTF-8"),
}


@pytest.fixture
def family(tmp_path: Path) -> dict[str, Tensors]:
    return save_family(tmp_path)


def refused(
    folder: Path, text: str | bytes, capsys: pytest.CaptureFixture[str], output: str = "out"
) -> str:
    """Return what the command says of a recipe that it refuses; nothing is left behind."""
    recipe = folder / "recipe.yaml"
    recipe.write_bytes(text if isinstance(text, bytes) else text.encode())
    before = sorted(folder.rglob("*"))
    assert main(["merge", str(recipe), "-o", str(folder / output)]) == 2
    assert sorted(folder.rglob("*")) == before
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert len(said) < 2000
    return said


@pytest.mark.parametrize("what", list(HOSTILE))
def test_a_hostile_recipe_is_refused_and_leaves_nothing(
    tmp_path: Path, family: dict[str, Tensors], capsys: pytest.CaptureFixture[str], what: str
) -> None:
    assert family
    text, why = HOSTILE[what]
    said = refused(tmp_path, text, capsys)
    assert re.search(why, said), said


@pytest.mark.parametrize("output", ["a", "a/inside", "base", "."])
def test_an_output_that_is_an_input_or_lies_in_one_is_refused(
    tmp_path: Path, family: dict[str, Tensors], capsys: pytest.CaptureFixture[str], output: str
) -> None:
    assert family
    assert "never overwritten" in refused(tmp_path, TIES, capsys, output)


@pytest.mark.parametrize("number", ["1e-3", "1e2", "1E+1"])
def test_a_number_with_an_exponent_is_a_number(
    tmp_path: Path, family: dict[str, Tensors], number: str
) -> None:
    assert family
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(LINEAR + f"parameters: {{weight: {number}}}\n")
    assert main(["merge", str(recipe), "-o", str(tmp_path / "out"), "--dry-run"]) == 0


def test_a_pickle_is_never_opened(
    tmp_path: Path, family: dict[str, Tensors], capsys: pytest.CaptureFixture[str]
) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Callable[..., None], tuple[str]]:
            return Path.touch, (tmp_path / "exploded",)  # type: ignore[return-value]

    for name in ("pytorch_model.bin", "consolidated.00.pth", "model.ckpt"):
        folder = tmp_path / name.replace(".", "-")
        folder.mkdir()
        (folder / name).write_bytes(pickle.dumps(Bomb()))
        (folder / "config.json").write_text("{}")
        text = f"models: [{{model: a}}, {{model: {folder.name}}}]\nmerge_method: linear\n"
        assert "pickle files can run code" in refused(tmp_path, text, capsys)
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_model.bin").write_bytes(pickle.dumps(Bomb()))
    (adapter / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 2, "lora_alpha": 4}')
    text = "models: [{model: a}, {model: base+adapter}]\nmerge_method: linear\n"
    assert "pickle" in refused(tmp_path, text, capsys)
    assert not (tmp_path / "exploded").exists()
    assert family


@pytest.mark.parametrize("value", [float("nan"), float("-inf")])
@pytest.mark.parametrize("method", list(METHODS))
def test_no_method_spreads_or_hides_a_value_that_is_not_finite(
    models: dict[str, Path], plan: Planner, tmp_path: Path, method: str, value: float
) -> None:
    name = "model.layers.1.mlp.down_proj.weight"
    label = "domain" if "domain" in [part.label for part in plan(method).input_models] else "base"
    path = models[label] / "model.safetensors"
    tensors = load_file(path)
    tensors[name][2, 3] = value
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(
        LexgraftError, match=r"`model\.layers\.1\.mlp\.down_proj\.weight`"
    ) as caught:
        run_merge(plan(method), tmp_path / "out")
    assert caught.value.where == str(path)
    assert "value number 23" in str(caught.value)


def test_an_adapter_that_is_not_finite_is_named(
    models: dict[str, Path], plan: Planner, tmp_path: Path
) -> None:
    path = models["language"] / "adapter_model.safetensors"
    tensors = load_file(path)
    key = "base_model.model.model.layers.0.mlp.down_proj.lora_A.weight"
    tensors[key][0, 0] = float("nan")
    save_file(tensors, path)
    with pytest.raises(LexgraftError, match="is not finite") as caught:
        run_merge(plan("task_arithmetic"), tmp_path / "out")
    assert caught.value.where == str(path)
    assert "model.layers.0.mlp.down_proj.weight" in str(caught.value)


def test_names_shapes_and_vocabularies_that_differ_are_named(
    tmp_path: Path, family: dict[str, Tensors], capsys: pytest.CaptureFixture[str]
) -> None:
    key = "model.layers.2.mlp.down_proj.weight"
    save(tmp_path / "wide", family["a"] | {key: torch.zeros(6, 12)})
    save(
        tmp_path / "large",
        {n: torch.cat([t, t]) if t.shape == (12, 6) else t for n, t in family["a"].items()},
    )
    renamed = {n.replace("down_proj", "w2"): t for n, t in family["a"].items()}
    save(tmp_path / "renamed", renamed)
    for other, why in (("wide", key), ("large", "embed_tokens|lm_head"), ("renamed", "w2|down_")):
        text = f"models: [{{model: a}}, {{model: {other}}}]\nmerge_method: linear\n"
        said = refused(tmp_path, text, capsys)
        assert any(part in said for part in why.split("|")), said


def test_code_that_a_configuration_names_is_left_out_and_said(
    tmp_path: Path, family: dict[str, Tensors], capsys: pytest.CaptureFixture[str]
) -> None:
    config = json.loads((tmp_path / "a" / "config.json").read_text())
    config |= {"auto_map": {"AutoModel": "evil.Model"}, "model_file": "evil.py"}
    (tmp_path / "a" / "config.json").write_text(json.dumps(config))
    (tmp_path / "a" / "evil.py").write_text("raise SystemExit")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(LINEAR)
    assert family
    assert main(["merge", str(recipe), "-o", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "auto_map" in said
    assert "model_file" in said
    assert "evil" not in (tmp_path / "out" / "config.json").read_text()
    assert not (tmp_path / "out" / "evil.py").exists()
