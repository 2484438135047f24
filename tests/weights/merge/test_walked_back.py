"""Merges walked back towards the recipient: by hand, on disk, in memory, at both ends."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from lexgraft.project import Candidate
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.live_merge import merged_tensors
from lexgraft.weights.merge.manifest import verify
from lexgraft.weights.merge.merge_plan import MergePlan, plan_merge
from lexgraft.weights.merge.walked_back import walked_back
from lexgraft.weights.methods import METHODS
from lexgraft.weights.methods.registry import TensorContext

METHODS_OF_TWO = ["linear", "ties", "dare_ties", "layer_swap", "slerp"]


def plan_of(models: dict[str, Path], candidate: Candidate, *labels: str) -> MergePlan:
    base = open_checkpoint(models["base"])
    inputs = {label: open_input_model(models[label], base, label) for label in labels}
    return plan_merge(candidate, base, inputs, "float32", 1)


def values(plan: MergePlan) -> dict[str, torch.Tensor]:
    return dict(merged_tensors(plan))


def test_an_example_by_hand() -> None:
    # G = 10 + 1, the average of G and D = 10 + (1 + 5) / 2; a quarter of the way from 11 to 13
    method = walked_back(METHODS["linear"], 0.25)
    base, deltas = torch.tensor([10.0]), torch.tensor([[1.0], [5.0]])
    at = TensorContext("w", ("language", "domain"), 0, 8, 1, seed=0)
    assert method.combine(base, deltas, at).tolist() == [11.5]
    assert walked_back(METHODS["linear"], 1.0) is METHODS["linear"]


@pytest.mark.parametrize("method", METHODS_OF_TWO)
def test_shares_lie_on_the_line_from_the_recipient_to_the_merge(
    models: dict[str, Path], method: str
) -> None:
    whole = values(plan_of(models, Candidate(method), "language", "domain"))
    part = values(plan_of(models, Candidate(method, share=0.25), "language", "domain"))
    alone = values(plan_of(models, Candidate("task_arithmetic"), "language"))
    base = load_file(models["base"] / "model.safetensors")
    for name, merged in whole.items():
        start = alone.get(name, base[name].float())
        torch.testing.assert_close(part[name], start + 0.25 * (merged - start))


@pytest.mark.parametrize("method", METHODS_OF_TWO)
def test_no_share_is_the_recipient(models: dict[str, Path], method: str) -> None:
    none = values(plan_of(models, Candidate(method, share=0.0), "language", "domain"))
    alone = values(plan_of(models, Candidate("task_arithmetic"), "language"))
    base = load_file(models["base"] / "model.safetensors")
    for name, tensor in none.items():
        assert torch.equal(tensor, alone.get(name, base[name].float()))


def test_it_is_written_known_by_its_share_and_verified(
    models: dict[str, Path], tmp_path: Path
) -> None:
    walked = plan_of(models, Candidate("ties", share=0.5), "language", "domain")
    manifest = run_merge(walked, tmp_path / "out")
    assert manifest.recipe["share"] == 0.5
    assert verify(tmp_path / "out").intact
    on_disk = load_file(tmp_path / "out" / "model.safetensors")
    assert all(torch.equal(tensor, on_disk[name]) for name, tensor in merged_tensors(walked))
    whole = plan_of(models, Candidate("ties"), "language", "domain")
    assert whole.digest != walked.digest
    assert "share" not in whole.recipe()  # what was merged before is still known by its name
