"""Merges of quantised models are those of their dense twins, to the byte."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from weights.checkpoint.quantised.quantised_models import FP8, grouped, packed
from weights.merge.family import Tensors, save, tensors_of

from lexgraft.cli import main
from lexgraft.files.hub import find_model
from lexgraft.project import Candidate
from lexgraft.weights.checkpoint.full_precision import open_full_precision
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.checkpoint.tensor_reading import read_tensor
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.live_merge import result_tensors
from lexgraft.weights.merge.merge_plan import MergePlan, plan_merge
from lexgraft.weights.merge.multi_recipe import plan_stages
from lexgraft.weights.merge.recipe import read_recipes
from lexgraft.weights.methods import METHODS

FP8_CONFIG = {"quantization_config": {"quant_method": "fp8", "weight_block_size": [4, 4]}}
INT4_CONFIG = grouped("pack-quantized", {"num_bits": 4, "type": "int", "group_size": 2})
PROJECTIONS = ("q_proj", "down_proj")


def fp8(tensors: Tensors, seed: int) -> Tensors:
    """Return tensors with the projections in fp8, in ragged blocks of 4 x 4."""
    draw, made = torch.Generator().manual_seed(seed), dict[str, torch.Tensor]()
    for name, tensor in tensors.items():
        if any(word in name for word in PROJECTIONS):
            grid = [-(-size // 4) for size in tensor.shape]
            made[name] = tensor.to(FP8)
            made[f"{name}_scale_inv"] = torch.rand(grid, generator=draw) + 0.5
        else:
            made[name] = tensor.to(torch.bfloat16)
    return made


def int4(tensors: Tensors) -> Tensors:
    """Return tensors with the projections in packed whole numbers of 4 bits, groups of 2."""
    made = dict[str, torch.Tensor]()
    for name, tensor in tensors.items():
        if any(word in name for word in PROJECTIONS):
            scale = tensor.reshape(len(tensor), -1, 2).abs().amax(-1) / 7
            values = (tensor / scale.repeat_interleave(2, 1)).round().int()
            made[f"{name}_packed"] = packed(values, 4)
            made[f"{name}_scale"] = scale.to(torch.bfloat16)
            made[f"{name}_shape"] = torch.tensor(tensor.shape)
        else:
            made[name] = tensor.to(torch.bfloat16)
    return made


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Return a folder with `base`, `a` and `b`, quantised, and their twins in `dense`."""
    (tmp_path / "dense").mkdir()
    base = tensors_of(0)
    near = {n: {k: base[k] + 0.1 * t for k, t in tensors_of(n).items()} for n in (1, 2)}
    dtype = {"torch_dtype": "bfloat16"}
    folders = (
        save(tmp_path / "base", fp8(base, 0), **FP8_CONFIG | dtype),
        save(tmp_path / "a", fp8(near[1], 1), **FP8_CONFIG | dtype),
        save(tmp_path / "b", int4(near[2]), **INT4_CONFIG | dtype),
    )
    for folder in folders:
        tensors = open_full_precision(folder).tensors
        dense = {name: read_tensor(entry) for name, entry in tensors.items()}
        save(tmp_path / "dense" / folder.name, dense, **dtype)
    return tmp_path


def plan(folder: Path, method: str, dtype: str = "bfloat16") -> MergePlan:
    base = open_full_precision(folder / "base", dtype)
    labels = ("a", "b")[: METHODS[method].models[1]]
    models = {label: open_input_model(folder / label, base, label, dtype) for label in labels}
    return plan_merge(Candidate(method, {}), base, models, dtype, 1)


@pytest.mark.parametrize("method", ["linear", "ties", "dare_ties", "slerp", "karcher", "sce"])
def test_a_merge_is_that_of_the_dense_models(pairs: Path, method: str) -> None:
    ours, theirs = pairs / "ours", pairs / "theirs"
    manifest = run_merge(plan(pairs, method), ours, memory=8 << 20, workers=2)
    dense = run_merge(plan(pairs / "dense", method), theirs)
    name = "model.safetensors"
    assert (ours / name).read_bytes() == (theirs / name).read_bytes()
    assert (manifest.tensors, manifest.changed) == (dense.tensors, dense.changed)
    assert "quantization_config" not in json.loads((ours / "config.json").read_text())
    assert run_merge(plan(pairs, method), ours) == manifest
    written = load_file(ours / name)
    for key, tensor in result_tensors(plan(pairs, method)):
        assert torch.equal(tensor, written[key].float())


def test_float32_results_are_made_of_what_was_not_rounded(pairs: Path) -> None:
    name = "model.layers.0.mlp.down_proj.weight"
    run_merge(plan(pairs, "linear", "float32"), pairs / "out")
    a = load_file(pairs / "a" / "model.safetensors")
    scale = a[f"{name}_scale_inv"].repeat_interleave(4, 0).repeat_interleave(4, 1)[:6, :10]
    b = read_tensor(open_full_precision(pairs / "b", "float32").tensors[name])
    expected = (a[name].float() * scale + b) / 2
    merged = load_file(pairs / "out" / "model.safetensors")[name]
    assert torch.allclose(merged, expected, atol=1e-6, rtol=0)
    assert not torch.equal(merged, merged.to(torch.bfloat16).float())


def test_a_plan_says_what_is_read_as_what(pairs: Path) -> None:
    said = [note for note in plan(pairs, "linear").warnings if "quantised" in note]
    assert [note.split(" tensors of ")[0] for note in said] == ["8 quantised"] * 3
    assert "(F8_E4M3) are read as bfloat16; the result is dense" in said[0]
    assert "(I32)" in said[2]


def test_a_recipe_of_one_quantised_model_writes_it_dense(pairs: Path) -> None:
    recipe = pairs / "dense.yaml"
    recipe.write_text("{merge_method: passthrough, dtype: bfloat16, models: [{model: a}]}")
    assert main(["merge", str(recipe), "-o", str(pairs / "out")]) == 0
    ours = load_file(pairs / "out" / "model.safetensors")
    theirs = load_file(pairs / "dense" / "a" / "model.safetensors")
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert main(["verify", str(pairs / "out")]) == 0


def test_a_recipe_in_float32_reads_in_float32(pairs: Path) -> None:
    recipe = pairs / "wide.yaml"
    recipe.write_text("{merge_method: passthrough, dtype: float32, models: [{model: a}]}")

    def find(path: str, revision: str | None) -> Path:
        return find_model(path, revision, pairs, download=False)

    (step,) = plan_stages(read_recipes(recipe), find, 0)
    entries = step.plan.base.tensors.values()
    assert {entry.dtype for entry in entries if entry.packed} == {"F32"}


def test_diagnosis_and_extraction_see_the_dense_models(
    pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = []
    for folder in (pairs, pairs / "dense"):
        recipe = folder / "r.yaml"
        recipe.write_text(
            "{merge_method: ties, base_model: base, models: [{model: a}, {model: b}]}"
        )
        assert main(["diagnose", str(recipe), "--json"]) == 0
        figures.append(json.loads(capsys.readouterr().out))
        output, names = folder / "adapter", [str(folder / name) for name in ("base", "a")]
        assert main(["extract", *names, "-o", str(output), "--rank", "2"]) == 0
        capsys.readouterr()
    assert figures[0] == figures[1]
    name = "adapter_model.safetensors"
    assert (pairs / "adapter" / name).read_bytes() == (pairs / "dense/adapter" / name).read_bytes()


def test_not_a_number_is_found_where_it_comes_from(
    pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = pairs / "a" / "model.safetensors"
    tensors = load_file(file)
    name = "model.layers.1.mlp.down_proj.weight"
    tensors[name].view(torch.uint8)[2, 3] = 0x7F
    save_file(tensors, file, metadata={"format": "pt"})
    recipe = pairs / "r.yaml"
    recipe.write_text("{merge_method: ties, base_model: base, models: [{model: a}]}")
    assert main(["merge", str(recipe), "-o", str(pairs / "out")]) == 2
    said = capsys.readouterr().err
    assert f"`{name}`, value number 23 is not finite" in said
    assert str(file) in said
