"""G and D of a project may be quantised; the base, which is loaded, is refused with the cure."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from adopt_project import MakeProject
from safetensors.torch import load_file, save_file

from lexgraft.adoption.models_under_test import ModelsUnderTest
from lexgraft.adoption.plan_checks import refuse_quantised_base
from lexgraft.errors import LexgraftError
from lexgraft.models.transformers import TransformersModel
from lexgraft.project import Project, read_project
from lexgraft.records import silent

FP8 = {"quantization_config": {"quant_method": "fbgemm_fp8"}}


@pytest.fixture
def quantised(tiny_model: Path, tmp_path: Path) -> Path:
    """Return the tiny model with its projections in fp8, a scale per row."""
    folder = tmp_path / "fp8"
    shutil.copytree(tiny_model, folder)
    tensors = load_file(folder / "model.safetensors")
    for name in [name for name in tensors if name.endswith("_proj.weight")]:
        tensor = tensors[name].float()
        scale = tensor.abs().amax(1, keepdim=True) / 448
        tensors[name] = (tensor / scale).to(torch.float8_e4m3fn)
        tensors[f"{name}_scale"] = scale
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **FP8}))
    return folder


def project_of(make_project: MakeProject, role: str, folder: Path) -> Project:
    def change(values: dict[str, Any]) -> None:
        values["models"][role] = str(folder)

    return read_project(make_project(change))


def test_a_quantised_domain_model_is_asked_as_what_it_stands_for(
    make_project: MakeProject, quantised: Path, tmp_path: Path
) -> None:
    project = project_of(make_project, "domain", quantised)
    models = ModelsUnderTest(project, tmp_path / "run", silent)
    refuse_quantised_base(models.base)
    live = models.live(models.parents["D"])
    stored = load_file(quantised / "model.safetensors")
    name = "model.layers.0.mlp.down_proj.weight"
    values = stored[name].float() * stored[f"{name}_scale"]
    weight = live._model.get_parameter(name)
    assert torch.equal(weight.data, values.to(torch.bfloat16).float())


def test_a_quantised_base_is_refused_with_the_way_out(
    make_project: MakeProject, quantised: Path, tmp_path: Path
) -> None:
    project = project_of(make_project, "base", quantised)
    models = ModelsUnderTest(project, tmp_path / "run", silent)
    with pytest.raises(LexgraftError, match="the base's weights are quantised") as refused:
        refuse_quantised_base(models.base)
    assert f"models: [{{model: {quantised}}}]" in refused.value.cure


def test_a_quantised_folder_is_not_loaded(quantised: Path) -> None:
    with pytest.raises(LexgraftError, match="quantised as `fbgemm_fp8`") as refused:
        TransformersModel.load(quantised, "x", 1)
    assert "merge_method: passthrough" in refused.value.cure
