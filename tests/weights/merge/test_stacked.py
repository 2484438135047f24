"""Tensors of three and four axes (experts, convolutions) are cut as freely as matrices."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from lexgraft.weights.merge import disk_merge as blocks
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.memory_budget import WorkerBudget
from lexgraft.weights.merge.merge_plan import MergePlan

pytestmark = pytest.mark.slow

Planner = Callable[..., MergePlan]
SHAPES = {"experts.up_proj": (3, 8, 6), "experts.down_proj": (3, 6, 8), "conv": (4, 3, 2, 2)}
KINDS = ("dare_ties", "della", "linear", "nuslerp", "sce", "slerp", "ties", "tsv_m", "widen")
"""Of every kind one: by element, row and tensor; with cuts, sums, chances and none."""


@pytest.fixture
def stacked(models: dict[str, Path]) -> dict[str, Path]:
    """Return the models with experts and a convolution in base and domain."""
    generator = torch.Generator().manual_seed(5)
    for label in ("base", "domain"):
        path = models[label] / "model.safetensors"
        tensors = load_file(path)
        for name, shape in SHAPES.items():
            value = torch.randn(shape, generator=generator).bfloat16()
            tensors[f"model.layers.1.mlp.{name}.weight"] = value
        save_file(tensors, path, metadata={"format": "pt"})
    return models


@pytest.mark.parametrize("method", KINDS)
def test_the_digest_is_that_of_the_tensor_merged_whole(
    stacked: dict[str, Path],
    plan: Planner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
) -> None:
    assert stacked
    whole = run_merge(plan(method), tmp_path / "whole")
    names = [f"model.layers.1.mlp.{name}.weight" for name in SHAPES]
    if "domain" in plan(method).labels:
        assert set(names) <= {*whole.changed}

    def narrow(*_given: object) -> WorkerBudget:
        return WorkerBudget(1, window=16, cached_elements=0, held_bytes=0)

    monkeypatch.setattr(blocks, "plan_budget", narrow)
    for size in (7, 50):  # a row; more than one matrix of the stack
        monkeypatch.setattr("lexgraft.weights.merge.block_shapes.BLOCK", size)
        cut = run_merge(plan(method), tmp_path / f"cut {size}")
        assert {name: cut.tensors[name] for name in names} == {
            name: whole.tensors[name] for name in names
        }


@pytest.mark.parametrize("method", ["dare_ties", "linear", "ties"])
def test_a_stack_is_merged_as_the_matrix_of_all_its_rows(
    stacked: dict[str, Path], plan: Planner, tmp_path: Path, method: str
) -> None:
    run_merge(plan(method), tmp_path / "stacked")
    found = load_file(tmp_path / "stacked" / "model.safetensors")
    for label in ("base", "domain"):
        path = stacked[label] / "model.safetensors"
        flat = {
            name: tensor.flatten(0, -2) if tensor.dim() > 2 else tensor
            for name, tensor in load_file(path).items()
        }
        save_file(flat, path, metadata={"format": "pt"})
    run_merge(plan(method), tmp_path / "flat")
    exact = load_file(tmp_path / "flat" / "model.safetensors")
    for name, shape in SHAPES.items():
        key = f"model.layers.1.mlp.{name}.weight"
        assert found[key].shape == shape
        assert torch.equal(found[key].flatten(0, -2), exact[key])
