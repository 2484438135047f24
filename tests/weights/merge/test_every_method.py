"""What every method writes is a model that loads and answers."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from lexgraft.project import Candidate
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.merge_plan import plan_merge
from lexgraft.weights.methods import METHODS


@pytest.fixture(scope="module")
def tuned(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the folders of two models that differ from the tiny one a little."""
    folders: dict[str, Path] = {}
    for seed, label in enumerate(("language", "domain")):
        generator = torch.Generator().manual_seed(seed)
        tensors = load_file(tiny_model / "model.safetensors")
        for name, tensor in tensors.items():
            noise = torch.randn(tensor.shape, generator=generator) * 0.01
            tensors[name] = (tensor.float() + noise).to(tensor.dtype)
        folders[label] = tmp_path_factory.mktemp(label)
        save_file(tensors, folders[label] / "model.safetensors")
        config = (tiny_model / "config.json").read_bytes()
        (folders[label] / "config.json").write_bytes(config)
    return folders


@pytest.mark.slow
@pytest.mark.parametrize("method", list(METHODS))
def test_the_result_loads_and_gives_finite_logits(
    tiny_model: Path, tuned: dict[str, Path], tmp_path: Path, method: str
) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    base = open_checkpoint(tiny_model)
    parts = {
        label: open_input_model(folder, base, label)
        for label, folder in list(tuned.items())[: METHODS[method].models[1]]
    }
    manifest = run_merge(plan_merge(Candidate(method), base, parts, "float32", 1), tmp_path / "out")
    assert manifest.changed
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "out", dtype="auto")
    tokens = AutoTokenizer.from_pretrained(tmp_path / "out")("graft", return_tensors="pt")
    assert model(**tokens).logits.isfinite().all()
