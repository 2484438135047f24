"""Adapters of vision-language models: named as files or as live networks do, in and out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.input_model import InputModel, open_input_model
from lexgraft.weights.merge.extract_adapter import extract

TEXT = {
    "vocab_size": 64,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 1,
}
ROPE = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 1e4}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning"),  # PEFT's own
]


def qwen() -> Any:
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    vision = {"depth": 1, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2}
    config = Qwen2_5_VLConfig(
        text_config={**TEXT, "rope_parameters": ROPE},
        vision_config={**vision, "out_hidden_size": 16},
        tie_word_embeddings=False,
    )
    settings: Any = config.text_config
    settings.bos_token_id = settings.eos_token_id = None
    return Qwen2_5_VLForConditionalGeneration(config)


def gemma() -> Any:
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration

    vision = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
    config = Gemma3Config(
        text_config={
            **TEXT,
            "head_dim": 8,
            "query_pre_attn_scalar": 8,
            "layer_types": ["sliding_attention", "full_attention"],
        },
        vision_config={**vision, "num_attention_heads": 2, "image_size": 28, "patch_size": 14},
        mm_tokens_per_image=1,
    )
    return Gemma3ForConditionalGeneration(config)


def saved(make: Callable[[], Any], folder: Path) -> Path:
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    torch.manual_seed(0)
    make().save_pretrained(folder)
    return folder


def tuned(folder: Path, model: Path) -> Path:
    """Copy a model with every layer of its text and vision towers moved by a matrix of rank 2."""
    model.mkdir()
    (model / "config.json").write_bytes((folder / "config.json").read_bytes())
    tensors = load_file(folder / "model.safetensors")
    generator = torch.Generator().manual_seed(1)
    for name, tensor in tensors.items():
        if name.endswith("proj.weight") and tensor.dim() == 2:
            up = torch.randn(tensor.shape[0], 2, generator=generator)
            tensors[name] = tensor + 0.1 * up @ torch.randn(2, tensor.shape[1], generator=generator)
    save_file(tensors, model / "model.safetensors", metadata={"format": "pt"})
    return model


@pytest.mark.parametrize("make", [qwen, gemma])
def test_an_extracted_adapter_does_in_peft_what_the_model_does(
    tmp_path: Path, make: Callable[[], Any]
) -> None:
    from peft import PeftModel

    base = saved(make, tmp_path / "base")
    model = tuned(base, tmp_path / "model")
    opened = open_input_model(model, open_checkpoint(base), "model")
    extraction = extract(opened, 2, tmp_path / "adapter")
    assert extraction.explained == pytest.approx(1.0)
    kind: Any = type(make())
    live: Any = PeftModel.from_pretrained(kind.from_pretrained(base), tmp_path / "adapter")
    ups = [p for name, p in live.named_parameters() if "lora_B" in name]
    assert len(ups) == len(extraction.shares)
    assert all(bool(up.abs().max() > 0) for up in ups)
    ids = torch.tensor([[3, 1, 4, 1, 5]])
    with torch.no_grad():
        wanted = kind.from_pretrained(model)(input_ids=ids).logits
        plain = kind.from_pretrained(base)(input_ids=ids).logits
        torch.testing.assert_close(live(input_ids=ids).logits, wanted, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(plain, wanted, atol=1e-3)
    again = open_input_model(tmp_path / "adapter", open_checkpoint(base), "model")
    assert again.touched == tuple(share.name for share in extraction.shares)


@pytest.mark.parametrize("make", [qwen, gemma])
def test_an_adapter_of_peft_is_the_delta_that_peft_merges(
    tmp_path: Path, make: Callable[[], Any]
) -> None:
    from peft import LoraConfig, get_peft_model

    base = saved(make, tmp_path / "base")
    kind: Any = type(make())
    targets = ["q_proj", "down_proj"]
    config = LoraConfig(r=2, lora_alpha=3, target_modules=targets, init_lora_weights=False)
    live: Any = get_peft_model(kind.from_pretrained(base), config)
    live.save_pretrained(tmp_path / "adapter")
    live.merge_and_unload().save_pretrained(tmp_path / "merged")
    merged = load_file(tmp_path / "merged" / "model.safetensors")
    opened = open_input_model(tmp_path / "adapter", open_checkpoint(base), "model")
    assert len(opened.touched) >= 4
    for name in opened.touched:
        torch.testing.assert_close(opened.tensor(name), merged[name], rtol=1e-5, atol=1e-6)
    check_names_of_files(tmp_path, opened)


def check_names_of_files(folder: Path, opened: InputModel) -> None:
    """Name the adapter's factors as the files do, then once more in both ways."""
    checkpoint = opened.base
    path = folder / "adapter" / "adapter_model.safetensors"
    factors = load_file(path)
    renamed: dict[str, torch.Tensor] = {}
    for name in opened.touched:
        adapter: Any = opened.source
        down, up = adapter.factors[name].down.name, adapter.factors[name].up.name
        stem = f"base_model.model.{name.removesuffix('.weight')}"
        renamed[f"{stem}.lora_A.weight"] = factors[down]
        renamed[f"{stem}.lora_B.weight"] = factors[up]
    save_file(renamed, path)
    old = open_input_model(folder / "adapter", checkpoint, "model")
    assert old.touched == opened.touched
    save_file({**factors, **{name: half.clone() for name, half in renamed.items()}}, path)
    with pytest.raises(LexgraftError, match="two deltas"):
        open_input_model(folder / "adapter", checkpoint, "model")
    assert json.loads((folder / "adapter" / "adapter_config.json").read_text())["r"] == 2
