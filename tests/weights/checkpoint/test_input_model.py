from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.input_model import open_input_model

BASE = {"a": torch.tensor([[1.0, 2.0], [3.0, 4.0]]), "b": torch.tensor(5.0), "n": torch.tensor([7])}


def save(folder: Path, **changes: torch.Tensor | None) -> Path:
    folder.mkdir()
    tensors = {name: t for name, t in (BASE | changes).items() if t is not None}
    save_file(tensors, folder / "model.safetensors")
    return folder


def test_a_folder_is_seen_as_its_difference_from_the_base(tmp_path: Path) -> None:
    base = open_checkpoint(save(tmp_path / "base"))
    changed = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
    part = open_input_model(save(tmp_path / "model", a=changed), base, "domain")
    assert part.held == ("a", "b", "n")
    assert part.touched == ("a",)
    delta = part.delta("a", 1, 2)
    assert delta is not None
    assert delta.tolist() == [[0.0, 2.0]]
    assert part.delta("b") is None
    assert torch.equal(part.tensor("a"), changed)
    assert part.tensor("b").item() == 5.0


def test_a_model_in_another_precision_is_compared_in_float32(tmp_path: Path) -> None:
    base = open_checkpoint(save(tmp_path / "base"))
    model = save(tmp_path / "model", a=(BASE["a"] + 1).bfloat16(), b=BASE["b"].half())
    part = open_input_model(model, base, "language")
    delta = part.delta("a")
    assert delta is not None
    assert delta.tolist() == [[1.0, 1.0], [1.0, 1.0]]
    single = part.delta("b")
    assert single is not None
    assert (single.shape, single.item()) == ((), 0.0)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"c": torch.ones(1)}, "`c` is missing in the base"),
        ({"b": None}, "`b` is missing in the model"),
        ({"a": torch.ones(3, 2)}, r"`a` is F32 \(3, 2\)"),
        ({"b": torch.tensor(5)}, "`b` is I64"),
    ],
)
def test_a_model_of_other_tensors_is_refused(
    tmp_path: Path, changes: dict[str, torch.Tensor | None], why: str
) -> None:
    base = open_checkpoint(save(tmp_path / "base"))
    with pytest.raises(LexgraftError, match=why):
        open_input_model(save(tmp_path / "model", **changes), base, "domain")


def test_the_digest_is_that_of_the_files(tmp_path: Path) -> None:
    base = open_checkpoint(save(tmp_path / "base"))
    part = open_input_model(save(tmp_path / "model", b=torch.tensor(6.0)), base, "domain")
    assert part.digest == open_checkpoint(tmp_path / "model").digest != base.digest
