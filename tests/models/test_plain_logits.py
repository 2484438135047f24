"""Logits in blocks: those of one ordinary forward, the head given what it need not copy."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM

from lexgraft.models import plain_logits as plain
from lexgraft.models.transformers import TransformersModel

Maker = Callable[..., Path]
LINE = torch.arange(3, 23)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "BLOCK", 4)


def logits(model: nn.Module, count: int) -> tuple[list[Tensor], Tensor]:
    """Return the logits in blocks, and those of an ordinary forward."""
    with torch.inference_mode():
        whole = model(input_ids=LINE[None], use_cache=False).logits[0, -count:]
        return list(plain.plain_logits(model, LINE, count)), whole


@pytest.mark.parametrize("count", [1, 4, 5, 20])
@pytest.mark.parametrize("architecture", ["gemma3", "gpt2"])
def test_blocks_are_the_logits_of_one_forward(
    architecture: str, count: int, make_model: Maker
) -> None:
    blocks, whole = logits(TransformersModel.load(make_model(architecture), "m", 1).module, count)
    assert max(map(len, blocks)) <= 4
    assert torch.allclose(torch.cat(blocks), whole, atol=1e-5)


def test_scaled_logits_are_scaled_in_blocks_too() -> None:
    config = AutoConfig.for_model(
        "granite",
        logits_scaling=3.0,
        vocab_size=64,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
    )
    torch.manual_seed(3)
    model = AutoModelForCausalLM.from_config(config).eval()
    blocks, whole = logits(model, 9)
    assert torch.allclose(torch.cat(blocks), whole, atol=1e-5)


def test_what_a_model_does_to_its_logits_unknown_to_us_is_not_left_out(make_model: Maker) -> None:
    model: Any = TransformersModel.load(make_model("gpt2"), "m", 1).module

    def doubled(_module: object, _given: object, output: Any) -> Any:
        output.logits = output.logits * 2
        return output

    model.register_forward_hook(doubled)
    blocks, whole = logits(model, 9)
    assert torch.allclose(torch.cat(blocks), whole, atol=1e-5)


def test_the_head_is_given_states_without_gaps(make_model: Maker) -> None:
    model: Any = TransformersModel.load(make_model("gemma3"), "m", 1).module
    seen: list[tuple[int, ...]] = []

    def look(_module: nn.Module, given: tuple[Tensor], _output: Tensor) -> None:
        seen.append(given[0].stride())

    model.get_output_embeddings().register_forward_hook(look)
    logits(model, 3)
    width = model.config.get_text_config().hidden_size
    assert seen[-1] == (3 * width, width, 1)


def test_predictions_in_blocks_are_those_at_once(
    make_model: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = TransformersModel.load(make_model("gemma3"), "m", 1)
    texts = ["the heart beats in the chest", "心臓の筋肉"]
    blocks = model.predictions(texts, 32, 3)
    monkeypatch.setattr(plain, "BLOCK", 64)
    for one, other in zip(blocks, model.predictions(texts, 32, 3), strict=True):
        assert [column.shape for column in one] == [column.shape for column in other]
        assert np.allclose(one[1], other[1], atol=1e-5)
    chosen = [row[0] for row in blocks]
    again = model.predictions(texts, 32, 3, chosen)
    assert all(np.array_equal(row[0], ids) for row, ids in zip(again, chosen, strict=True))
