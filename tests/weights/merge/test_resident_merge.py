"""Candidates made on a device of resident parents, against the exact engine's folder."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from lexgraft.errors import LexgraftError
from lexgraft.models.folder_loading import load_network
from lexgraft.models.live_weights import LiveWeights
from lexgraft.project import Candidate
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.checkpoint.scrambled_delta import scrambled
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.merge_plan import MergePlan, plan_merge
from lexgraft.weights.merge.resident_merge import ResidentParents
from lexgraft.weights.methods import METHODS

GB = 1 << 30
SHARE = 1e-4  # of values that may be rounded otherwise


@pytest.fixture(scope="module")
def folders(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the tiny model in bfloat16 and two models that differ from it a little."""
    made: dict[str, Path] = {}
    for seed, label in enumerate(("base", "language", "domain")):
        generator = torch.Generator().manual_seed(seed)
        tensors = load_file(tiny_model / "model.safetensors")
        for name, tensor in tensors.items():
            noise = torch.randn(tensor.shape, generator=generator) * 0.01 * seed
            tensors[name] = (tensor.float() + noise).bfloat16()
        made[label] = tmp_path_factory.mktemp(label)
        save_file(tensors, made[label] / "model.safetensors", metadata={"format": "pt"})
        for file in tiny_model.glob("*.json"):
            (made[label] / file.name).write_bytes(file.read_bytes())
    return made


def planned(folders: dict[str, Path], method: str, share: float = 1.0) -> MergePlan:
    base = open_checkpoint(folders["base"])
    labels = ("language", "domain")[: METHODS[method].models[1] or 2]
    models = {label: open_input_model(folders[label], base, label) for label in labels}
    return plan_merge(Candidate(method, share=share), base, models, "bfloat16", 1)


def other_share(ours: dict[str, torch.Tensor], written: dict[str, torch.Tensor]) -> float:
    """Return the share of values that are not those of the folder."""
    assert ours.keys() <= written.keys()
    differing = sum(int((written[n].float() != t.float()).sum()) for n, t in ours.items())
    return differing / sum(tensor.numel() for tensor in ours.values())


@pytest.mark.parametrize(
    "method", ["linear", "task_arithmetic", "ties", "slerp", "karcher", "tsv_m", "iso_c", "wudi"]
)
def test_a_candidate_on_a_device_is_the_folder_but_for_a_few_roundings(
    folders: dict[str, Path], tmp_path: Path, method: str
) -> None:
    plan = planned(folders, method)
    run_merge(plan, tmp_path / "out")
    written = load_file(tmp_path / "out" / "model.safetensors")
    parents = ResidentParents("cpu", GB)
    ours = dict(parents.merged_tensors(plan))
    assert {tensor.dtype for tensor in ours.values()} == {torch.bfloat16}
    assert other_share(ours, written) < SHARE
    held = parents.held_bytes
    assert held == sum(2 * t.numel() for t in written.values()) * (1 + len(plan.input_models))
    assert other_share(dict(parents.merged_tensors(plan)), ours) == 0
    assert parents.held_bytes == held


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_live_network_holds_what_its_folder_holds(
    folders: dict[str, Path], tmp_path: Path, dtype: torch.dtype
) -> None:
    plan = planned(folders, "ties", share=0.5)
    run_merge(plan, tmp_path / "out")
    network = load_network(folders["base"], dtype)
    LiveWeights(network).put(ResidentParents("cpu", GB).merged_tensors(plan))
    again = load_network(tmp_path / "out", dtype)
    live, loaded = dict(network.named_parameters()), dict(again.named_parameters())
    assert other_share({n: p.detach() for n, p in live.items()}, {**loaded}) < SHARE


def test_what_does_not_fit_is_read_again_and_other_methods_are_the_processors(
    folders: dict[str, Path],
) -> None:
    plan = planned(folders, "linear")
    small = ResidentParents("cpu", 3000)
    whole = dict(ResidentParents("cpu", GB).merged_tensors(plan))
    assert other_share(dict(small.merged_tensors(plan)), whole) == 0
    assert 0 < small.held_bytes <= 3000
    drawn = planned(folders, "dare_linear")
    assert not drawn.method.anywhere
    nothing = ResidentParents("cpu", GB)
    assert {t.dtype for _, t in nothing.merged_tensors(drawn)} == {torch.float32}
    assert nothing.held_bytes == 0


def test_factors_of_an_adapter_stay_and_a_shuffled_one_is_not_taken_for_it(
    models: dict[str, Path],
) -> None:
    base = open_checkpoint(models["base"])
    adapter = open_input_model(models["language"], base, "domain")
    for model in (adapter, scrambled(adapter, 7)):
        plan = plan_merge(Candidate("task_arithmetic"), base, {"domain": model}, "float32", 1)
        parents = ResidentParents("cpu", GB)
        for name, tensor in parents.merged_tensors(plan):
            assert torch.allclose(tensor, model.tensor(name), atol=1e-6), name


def test_a_device_is_for_methods_of_whole_matrices(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(LexgraftError, match="`ties` is merged on the processor"):
        run_merge(planned(folders, "ties"), tmp_path / "out", device="cuda:0")
    assert not (tmp_path / "out").exists()
