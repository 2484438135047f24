from pathlib import Path

import numpy as np
import pytest
import torch
from adapters import save_adapter
from safetensors.torch import save_file

from lexgraft.project import Candidate
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint, open_checkpoint
from lexgraft.weights.checkpoint.input_model import InputModel, open_input_model
from lexgraft.weights.checkpoint.scrambled_delta import scrambled
from lexgraft.weights.merge.live_merge import merged_tensors
from lexgraft.weights.merge.merge_plan import plan_merge

SHAPES = {"a": (6, 4), "b": (5,), "stack": (2, 3, 4)}


@pytest.fixture
def donor(tmp_path: Path) -> InputModel:
    """A whole model that differs from its base in all but one tensor."""
    generator = torch.Generator().manual_seed(1)
    base = {name: torch.randn(shape, generator=generator) for name, shape in SHAPES.items()}
    model = {name: t + torch.randn(t.shape, generator=generator) for name, t in base.items()}
    for name, tensors in {"base": base, "donor": model}.items():
        (tmp_path / name).mkdir()
        save_file(tensors | {"same": torch.ones(3)}, tmp_path / name / "model.safetensors")
    return open_input_model(tmp_path / "donor", open_checkpoint(tmp_path / "base"), "domain")


def delta_of(model: InputModel, name: str) -> np.ndarray:
    delta = model.delta(name)
    assert delta is not None
    return delta.numpy()


def test_a_scrambled_delta_keeps_every_singular_value_and_is_another_one(donor: InputModel):
    control = scrambled(donor, 7)
    for name in ("a", "stack"):
        before, after = delta_of(donor, name), delta_of(control, name)
        assert after.shape == before.shape
        assert not np.allclose(after, before)
        matrices = [m.reshape(-1, m.shape[-1]) for m in (before, after)]
        spectra = [np.linalg.svd(matrix, compute_uv=False) for matrix in matrices]
        np.testing.assert_allclose(spectra[1], spectra[0], rtol=1e-5)
    assert np.array_equal(np.abs(delta_of(control, "b")), np.abs(delta_of(donor, "b")))


def test_what_the_donor_leaves_alone_its_control_leaves_alone(donor: InputModel):
    control = scrambled(donor, 7)
    assert control.touched == donor.touched
    assert control.delta("same") is None
    assert torch.equal(control.tensor("same"), torch.ones(3))
    plain = control.tensor("a").numpy() - delta_of(control, "a")
    np.testing.assert_allclose(plain, donor.tensor("a").numpy() - delta_of(donor, "a"), atol=1e-6)


def test_rows_of_it_are_the_same_whatever_the_window(donor: InputModel):
    control = scrambled(donor, 7)
    for name in ("a", "b", "stack"):
        count = SHAPES[name][0]
        parts = [control.delta(name, row, row + 1) for row in range(count)]
        joined = torch.cat([part for part in parts if part is not None])
        assert np.array_equal(joined.numpy(), delta_of(control, name))


def test_the_seed_and_the_donor_say_which_it_is(donor: InputModel):
    same, other = scrambled(donor, 7), scrambled(donor, 8)
    assert same.digest == scrambled(donor, 7).digest
    assert len({same.digest, other.digest, donor.digest}) == 3
    assert np.array_equal(delta_of(same, "a"), delta_of(scrambled(donor, 7), "a"))
    assert not np.array_equal(delta_of(same, "a"), delta_of(other, "a"))


@pytest.mark.parametrize("method", ["linear", "ties", "dare_ties", "slerp", "layer_swap"])
def test_merges_take_it_like_any_model_of_factors_or_folders(
    tiny_model: Path, tmp_path: Path, method: str
):
    base: Checkpoint = open_checkpoint(tiny_model)
    save_adapter(tiny_model, tmp_path / "g", 1)
    save_adapter(tiny_model, tmp_path / "d", 2)
    general = open_input_model(tmp_path / "g", base, "language")
    donor = open_input_model(tmp_path / "d", base, "domain")
    merges = [
        plan_merge(Candidate(method), base, {"language": general, "domain": given}, "float32", 1)
        for given in (donor, scrambled(donor, 7), InputModel("domain", base, base))
    ]
    assert len({plan.digest for plan in merges}) == 3
    made = [dict(merged_tensors(plan)) for plan in merges]
    assert made[0].keys() == made[1].keys()
    assert any(not torch.equal(made[0][name], made[1][name]) for name in made[0])
    assert all(bool(tensor.isfinite().all()) for tensors in made for tensor in tensors.values())
