"""Quantised weights are refused from headers and configuration, with the way out."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from weights.merge.family import save, tensors_of

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.full_precision import open_full_precision
from lexgraft.weights.checkpoint.input_model import open_input_model

BYTES, WORDS = torch.zeros(4, 2, dtype=torch.uint8), torch.zeros(4, 2, dtype=torch.int32)
STEM = "model.layers.0.mlp.down_proj"
CONFIGS: dict[str, dict[str, Any]] = {
    "gptq": {"quantization_config": {"quant_method": "gptq", "bits": 4}},
    "bitsandbytes": {"quantization_config": {"load_in_4bit": True}},
    "mxfp4": {"text_config": {"quantization_config": {"quant_method": "mxfp4"}}},
    "compressed-tensors": {"compression_config": {"format": "pack-quantized"}},
    "mlx": {"quantization": {"group_size": 64, "bits": 4}},
}
TENSORS: dict[str, dict[str, torch.Tensor]] = {
    "GPTQ, AWQ": {f"{STEM}.qweight": WORDS, f"{STEM}.scales": torch.ones(2)},
    "GPTQ's order": {f"{STEM}.weight": torch.ones(2, 2), f"{STEM}.g_idx": WORDS[0]},
    "4 bits of bitsandbytes": {f"{STEM}.weight": BYTES, f"{STEM}.weight.absmax": torch.ones(2)},
    "8 bits of bitsandbytes": {f"{STEM}.weight": BYTES.to(torch.int8)},
    "fp8": {f"{STEM}.weight": torch.ones(2, 2), f"{STEM}.weight_scale_inv": torch.ones(1, 1)},
    "compressed-tensors": {f"{STEM}.weight_packed": WORDS},
    "MXFP4": {"model.layers.0.mlp.experts.gate_up_proj_blocks": BYTES},
}


@pytest.mark.parametrize("kind", list(CONFIGS))
def test_a_configuration_that_says_so_is_believed(tmp_path: Path, kind: str) -> None:
    save(tmp_path / "base", tensors_of(0))
    model = save(tmp_path / "model", tensors_of(1), **CONFIGS[kind])
    for opened in (
        lambda: open_full_precision(model),
        lambda: open_input_model(model, open_checkpoint(tmp_path / "base"), "model"),
    ):
        with pytest.raises(LexgraftError, match="quantised weights") as told:
            opened()
        assert "16 or 32 bits" in told.value.cure
        assert "QLoRA" in told.value.cure


@pytest.mark.parametrize("kind", list(TENSORS))
def test_tensors_of_a_quantised_kind_are_named_without_a_configuration(
    tmp_path: Path, kind: str
) -> None:
    save_file(TENSORS[kind], tmp_path / "model.safetensors")
    with pytest.raises(LexgraftError, match="quantised weights: `model"):
        open_full_precision(tmp_path)


def test_eight_bit_floats_are_refused_as_quantised(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(2, dtype=torch.float8_e4m3fn)}, tmp_path / "model.safetensors")
    with pytest.raises(LexgraftError, match="quantised weights: `a` is F8_E4M3"):
        open_full_precision(tmp_path)


def test_whole_numbers_and_settings_without_content_are_no_quantisation(tmp_path: Path) -> None:
    tensors = {
        "model.embeddings.position_ids": torch.zeros(1, 4, dtype=torch.int64),
        "model.layers.0.self_attn.bias": torch.ones(1, 1, 2, 2, dtype=torch.uint8),
        "model.layers.0.mlp.gate.e_score_correction_bias": torch.ones(2),
        "model.layers.0.mlp.down_proj.weight": torch.ones(2, 2),
    }
    save_file(tensors, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({"quantization_config": None}))
    assert list(open_full_precision(tmp_path).tensors) == sorted(tensors)
