"""Extraction: the best low-rank part, loadable, and honest about what it leaves out."""

from pathlib import Path

import numpy as np
import pytest
import torch
from weights.merge.family import Tensors, save, tensors_of

from lexgraft.cli import main
from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.input_model import InputModel, open_input_model
from lexgraft.weights.merge import extract_adapter as module
from lexgraft.weights.merge.extract_adapter import extract, share_rows, truncated

NAME = "model.layers.0.mlp.down_proj.weight"


def pair(folder: Path, moved: Tensors) -> InputModel:
    base = tensors_of(0)
    save(folder / "base", base)
    save(folder / "model", {name: base[name] + moved.get(name, 0) for name in base})
    return open_input_model(folder / "model", open_checkpoint(folder / "base"), "model")


def low_rank(seed: int, rank: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(6, rank, generator=generator) @ torch.randn(rank, 10, generator=generator)


def test_a_delta_by_hand(tmp_path: Path) -> None:
    delta = torch.zeros(6, 10)
    delta[0, 0], delta[1, 1] = 4.0, 3.0  # singular values 4 and 3
    found = extract(pair(tmp_path, {NAME: delta}), 1, tmp_path / "out")
    (share,) = found.shares
    assert share.explained == pytest.approx(16 / 25, rel=1e-5)
    assert share.norm == pytest.approx(5, rel=1e-6)
    base = open_checkpoint(tmp_path / "base")
    back = open_input_model(tmp_path / "out", base, "back").delta(NAME)
    assert back is not None
    expected = torch.zeros(6, 10)
    expected[0, 0] = 4.0
    assert torch.allclose(back, expected, atol=1e-5)


def test_a_low_rank_delta_comes_back_whole(tmp_path: Path) -> None:
    delta = low_rank(1, 2)
    found = extract(pair(tmp_path, {NAME: delta}), 3, tmp_path / "out")
    assert found.explained == pytest.approx(1)
    base = open_checkpoint(tmp_path / "base")
    back = open_input_model(tmp_path / "out", base, "back").delta(NAME)
    assert back is not None
    assert torch.allclose(back, delta, atol=1e-5)


def test_what_an_adapter_cannot_hold_is_named_and_counted(tmp_path: Path) -> None:
    head = torch.ones(12, 6)
    found = extract(
        pair(tmp_path, {NAME: low_rank(1, 1), "lm_head.weight": head}), 1, tmp_path / "out"
    )
    assert found.left_out == ("lm_head.weight",)
    assert found.explained == pytest.approx(1)
    square = float(low_rank(1, 1).square().sum())
    assert found.covered == pytest.approx(square / (square + 72), rel=1e-5)
    assert share_rows(found)[1][0] == "0"


def test_the_random_search_finds_what_the_whole_decomposition_finds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    generator = np.random.default_rng(0)
    u, v = (np.linalg.qr(generator.standard_normal((size, 60)))[0] for size in (90, 70))
    matrix = (u * 0.8 ** np.arange(60)) @ v.T
    exact = truncated(matrix, 5, "x")
    monkeypatch.setattr(module, "EXACT", 1)
    monkeypatch.setattr(module, "_ROWS", 32)
    found = truncated(matrix, 5, "x")
    for one, other in zip(exact, found, strict=True):
        assert np.allclose(one, other, atol=1e-6)
    assert all(np.array_equal(a, b) for a, b in zip(found, truncated(matrix, 5, "x"), strict=True))


def test_mistakes_are_refused(tmp_path: Path) -> None:
    model = pair(tmp_path, {"model.norm.weight": torch.ones(6)})
    with pytest.raises(LexgraftError, match="no linear layer"):
        extract(model, 1, tmp_path / "out")
    with pytest.raises(LexgraftError, match="not positive"):
        extract(model, 0, tmp_path / "out")
    with pytest.raises(LexgraftError, match="not empty"):
        extract(model, 1, tmp_path / "base")


def test_the_verb_prints_the_shares(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pair(tmp_path, {NAME: low_rank(1, 1)})
    names = [str(tmp_path / name) for name in ("base", "model")]
    assert main(["extract", *names, "-o", str(tmp_path / "out"), "--rank", "2"]) == 0
    shown = capsys.readouterr().out
    assert "100.0% of the linear layers' delta" in shown


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")  # PEFT's own
@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
def test_peft_loads_the_adapter_and_gets_the_model_back(
    tmp_path: Path, make_model: "object", architecture: str
) -> None:
    from peft import PeftModel
    from safetensors.torch import load_file, save_file
    from transformers import AutoModelForCausalLM

    base = make_model(architecture, 0)  # type: ignore[operator]
    tensors, moved = load_file(base / "model.safetensors"), tmp_path / "moved"
    moved.mkdir()
    (moved / "config.json").write_bytes((base / "config.json").read_bytes())
    name = next(n for n in tensors if n.endswith(("q_proj.weight", "c_attn.weight")))
    rows, columns = tensors[name].shape
    tensors[name] += 0.1 * torch.ones(rows, 1) @ torch.arange(columns)[None].float()
    save_file(tensors, moved / "model.safetensors", metadata={"format": "pt"})
    whole = AutoModelForCausalLM.from_pretrained(moved)
    extract(open_input_model(moved, open_checkpoint(base), "m"), 2, tmp_path / "out")
    loaded = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(base), tmp_path / "out"
    ).merge_and_unload()
    for key, value in whole.state_dict().items():
        assert torch.allclose(loaded.state_dict()[key], value, atol=1e-4)
