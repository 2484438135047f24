"""A loaded model is the folder's: tensors as stored, no other base, finite logits."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from lexgraft.errors import LexgraftError
from lexgraft.models.transformers import TransformersModel

Tensors = dict[str, torch.Tensor]


def changed(model: Path, tmp_path: Path, change: Callable[[Tensors], object]) -> Path:
    """Return a copy of a model with other weights."""
    folder = tmp_path / "model"
    shutil.copytree(model, folder)
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def a_matrix(tensors: Tensors) -> str:
    return next(name for name in sorted(tensors) if name.endswith("q_proj.weight"))


def lose(tensors: Tensors) -> None:
    del tensors[a_matrix(tensors)]


def add(tensors: Tensors) -> None:
    tensors["model.layers.0.stranger.weight"] = torch.zeros(2)


def reshape(tensors: Tensors) -> None:
    name = a_matrix(tensors)
    tensors[name] = tensors[name][1:].clone()


def spoil(tensors: Tensors) -> None:
    tensors[a_matrix(tensors)][:] = float("nan")


@pytest.mark.parametrize(
    ("change", "said"),
    [(lose, "q_proj"), (add, "stranger"), (reshape, "q_proj"), (spoil, "finite")],
)
def test_weights_that_are_not_the_configurations_are_refused_by_name(
    tiny_model: Path, tmp_path: Path, change: Callable[[Tensors], object], said: str
) -> None:
    folder = changed(tiny_model, tmp_path, change)
    with pytest.raises(LexgraftError, match=said):
        TransformersModel.load(folder, "d", 1)


def test_a_stray_adapter_beside_a_model_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    folder = changed(tiny_model, tmp_path, lambda _: None)
    (folder / "adapter_config.json").write_text(
        '{"peft_type": "LORA", "base_model_name_or_path": "x"}'
    )
    with pytest.raises(LexgraftError, match="another base"):
        TransformersModel.load(folder, "d", 1)


@pytest.mark.parametrize("key", ["attn_implementation", "_attn_implementation"])
def test_a_kernel_from_a_hub_is_refused(tiny_model: Path, tmp_path: Path, key: str) -> None:
    folder = changed(tiny_model, tmp_path, lambda _: None)
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {key: "some-org/some-kernel"}))
    with pytest.raises(LexgraftError, match="kernel"):
        TransformersModel.load(folder, "d", 1)


def test_a_model_whose_predictions_change_with_what_follows_is_refused(
    tiny_model: Path, tmp_path: Path
) -> None:
    from transformers import BertConfig, BertLMHeadModel

    sizes: dict[str, Any] = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
    config = BertConfig(vocab_size=258, num_attention_heads=2, pad_token_id=1, **sizes)
    folder = tmp_path / "bert"
    for is_decoder, said in ((True, ""), (False, "what follows")):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(tiny_model, folder, ignore=shutil.ignore_patterns("*.safetensors"))
        config.is_decoder = is_decoder
        torch.manual_seed(0)
        model = BertLMHeadModel(config)
        for parameter in model.parameters():
            parameter.data.normal_(0, 0.5)
        model.save_pretrained(folder)
        if not said:
            assert TransformersModel.load(folder, "d", 1).scoring == "plain"
            continue
        with pytest.raises(LexgraftError, match=said):
            TransformersModel.load(folder, "d", 1)
