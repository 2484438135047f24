"""Which quantised folders are ordinary checkpoints, by their headers, and which are refused."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from weights.checkpoint.quantised.quantised_models import FP8, STEM, grouped, packed, save

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.full_precision import open_full_precision
from lexgraft.weights.checkpoint.tensor_reading import read_tensor

NAME = f"{STEM}.weight"
BLOCKS = {"quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}}
ROWS = {"quantization_config": {"quant_method": "fbgemm_fp8"}}
VALUES = torch.ones(6, 10).to(FP8)
WORDS, SHAPE = packed(torch.ones(6, 10), 4), torch.tensor([6, 10])
INT4: dict[str, Any] = {"num_bits": 4, "type": "int"}
PACKED = {f"{NAME}_packed": WORDS, f"{NAME}_scale": torch.ones(6, 1), f"{NAME}_shape": SHAPE}


def test_scales_are_consumed_and_the_others_stay_as_they_are(tmp_path: Path) -> None:
    kept = {"model.norm.weight": torch.ones(10), "model.ids": torch.zeros(3, dtype=torch.int64)}
    beside = {
        f"{NAME}_scale_inv": torch.ones(1, 1),
        f"{STEM}.input_scale": torch.ones(1),
        "model.layers.0.self_attn.k_scale": torch.ones(1),
        "model.layers.0.self_attn.v_scale": torch.ones(1),
    }
    folder = save(tmp_path, {NAME: VALUES, **kept, **beside}, **BLOCKS)
    checkpoint = open_full_precision(folder)
    kinds = {name: (entry.dtype, entry.shape) for name, entry in checkpoint.tensors.items()}
    assert kinds == {
        "model.ids": ("I64", (3,)),
        NAME: ("BF16", (6, 10)),
        "model.norm.weight": ("F32", (10,)),
    }


@pytest.mark.parametrize(
    ("config", "dtype"),
    [({"torch_dtype": "float16"}, "F16"), ({"text_config": {"dtype": "float32"}}, "F32")],
)
def test_it_is_read_in_what_the_model_computes_in(
    tmp_path: Path, config: dict[str, Any], dtype: str
) -> None:
    folder = save(tmp_path, {NAME: VALUES, f"{NAME}_scale": torch.ones(6, 1)}, **ROWS, **config)
    entry = open_full_precision(folder).tensors[NAME]
    assert entry.dtype == dtype
    assert torch.equal(read_tensor(entry).float(), torch.ones(6, 10))


def test_stacked_experts_have_scales_of_their_own(tmp_path: Path) -> None:
    name = "model.layers.0.mlp.experts.gate_up_proj"
    for number, scale in enumerate(
        (torch.tensor([2.0, 3.0]), torch.tensor([2.0, 3.0]).reshape(2, 1, 1))
    ):
        tensors = {name: torch.ones(2, 4, 6).to(FP8), f"{name}_scale": scale}
        entry = open_full_precision(save(tmp_path / f"{number}", tensors, **ROWS)).tensors[name]
        assert read_tensor(entry)[:, 1, 2].tolist() == [2.0, 3.0]


def test_formats_may_differ_by_group_of_layers(tmp_path: Path) -> None:
    other = "model.layers.0.mlp.up_proj.weight"
    config = grouped("mixed-precision", {"num_bits": 8, "type": "float"})
    groups = config["quantization_config"]["config_groups"]
    groups["g"]["format"] = "float-quantized"
    groups["h"] = {"targets": ["Linear"], "weights": INT4, "format": "pack-quantized"}
    tensors = {other: VALUES, f"{other}_scale": torch.ones(1), **PACKED}
    checkpoint = open_full_precision(save(tmp_path, tensors, **config))
    assert {name: e.shape for name, e in checkpoint.tensors.items()} == {
        other: (6, 10),
        NAME: (6, 10),
    }


REFUSED: dict[str, tuple[dict[str, Tensor], dict[str, Any], str]] = {
    "no scale": ({NAME: VALUES}, BLOCKS, "without"),
    "a scale that does not fit": (
        {NAME: VALUES, f"{NAME}_scale_inv": torch.ones(2, 1)},
        BLOCKS,
        r"\(2, 1\), which does not fit \(6, 10\) in blocks \(128 x 128\)",
    ),
    "a scale in whole numbers": (
        {NAME: VALUES, f"{NAME}_scale": torch.ones(1, dtype=torch.int32)},
        ROWS,
        "is I32",
    ),
    "a scale of nothing": ({f"{NAME}_scale": torch.ones(1)}, ROWS, "is F32"),
    "packed and as it is": (
        {**PACKED, NAME: torch.ones(6, 10)},
        grouped("pack-quantized", INT4),
        "packed and as it is",
    ),
    "words that do not hold the shape": (
        {**PACKED, f"{NAME}_shape": torch.tensor([6, 17])},
        grouped("pack-quantized", INT4),
        "does not hold",
    ),
    "a shape that is none": (
        {**PACKED, f"{NAME}_shape": torch.ones(2)},
        grouped("pack-quantized", INT4),
        "is no shape",
    ),
    "zero points that do not fit": (
        {**PACKED, f"{NAME}_zero_point": torch.zeros(5, 1, dtype=torch.int32)},
        grouped("pack-quantized", INT4),
        "zero_point` is I32",
    ),
    "an order that does not fit": (
        {**PACKED, f"{NAME}_g_idx": torch.zeros(3, dtype=torch.int32)},
        grouped("pack-quantized", INT4),
        "g_idx` is I32",
    ),
    "five bits": (PACKED, grouped("pack-quantized", {"num_bits": 5}), "packs 5 bits"),
    "nvfp4": (PACKED, grouped("nvfp4-pack-quantized", INT4), "'nvfp4-pack-quantized'"),
    "marlin": (PACKED, grouped("marlin-24", INT4), "'marlin-24'"),
    "block sizes of text": (
        {NAME: VALUES},
        {"quantization_config": {"quant_method": "fp8", "weight_block_size": "x"}},
        "not rows and columns",
    ),
    "groups without settings": (
        {NAME: VALUES},
        {"quantization_config": {"quant_method": "compressed-tensors", "config_groups": {"g": 1}}},
        "hold no settings",
    ),
    "sparse": (
        {NAME: VALUES},
        {
            "quantization_config": {
                "quant_method": "compressed-tensors",
                "sparsity_config": {"format": "sparse-24-bitmask"},
            }
        },
        "with a `sparsity_config`",
    ),
    "rotated": (
        {NAME: VALUES},
        {
            "quantization_config": {
                "quant_method": "compressed-tensors",
                "transform_config": {"config_groups": {"u": {"type": "hadamard"}}},
            }
        },
        "with a `transform_config`",
    ),
    **{
        method: ({NAME: VALUES}, {"quantization_config": {"quant_method": method}}, f"'{method}'")
        for method in ("gptq", "awq", "bitsandbytes", "mxfp4", "exl2", "hqq", "modelopt", "aqlm")
    },
}


@pytest.mark.parametrize("kind", list(REFUSED))
def test_what_is_not_read_is_refused_by_its_name(tmp_path: Path, kind: str) -> None:
    tensors, config, said = REFUSED[kind]
    folder = save(tmp_path, tensors, **config)
    with pytest.raises(LexgraftError, match=said) as refused:
        open_full_precision(folder)
    assert refused.value.cure
