"""Odd model folders: a message with where and cure each, soon, whatever transformers raises."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.models.transformers import TransformersModel, token_counter

CONFIG: dict[str, dict[str, Any]] = {
    "bitsandbytes": {"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}},
    "GPTQ": {"quantization_config": {"quant_method": "gptq", "bits": 4}},
    "AWQ": {"quantization_config": {"quant_method": "awq"}},
    "a method that needs a GPU": {"quantization_config": {"quant_method": "spqr"}},
    "a quantisation that is none": {"quantization_config": "x"},
    "flash attention": {"attn_implementation": "flash_attention_2"},
    "an attention that is compiled": {"attn_implementation": "flex_attention"},
    "an attention by number": {"attn_implementation": 5},
    "an attention deep inside": {"text_config": {"a": {"_attn_implementation": "x/y"}}},
    "heads that do not fit": {"num_attention_heads": 3},
    "no heads": {"num_attention_heads": 0},
    "an odd head": {"head_dim": 7},
    "a head of nothing": {"head_dim": 0},
    "a width below 0": {"intermediate_size": -1},
    "a width of text": {"hidden_size": "32"},
    "a width of 30 digits": {"hidden_size": 10**30},
    "no vocabulary": {"vocab_size": 0},
    "a padding beyond the vocabulary": {"pad_token_id": 10**9},
    "an activation that is none": {"hidden_act": "nothing"},
    "a rope that is none": {"rope_parameters": {"rope_type": "nothing"}},
    "a rope of text": {"rope_parameters": {"rope_type": "dynamic", "factor": "x"}},
    "layer types that do not fit": {"layer_types": ["full_attention"]},
    "a number format that is none": {"dtype": "nothing"},
    "code by number": {"auto_map": 5},
    "a kind of number": {"model_type": 5},
    "half of a pair": {"model_type": "\ud800"},
    "3,000 layers": {"num_hidden_layers": 3000},
    "a billion layers": {"num_hidden_layers": 10**9},
    "a wide vocabulary": {"vocab_size": 10**9},
    "wide layers": {"intermediate_size": 10**12},
}
TOKENIZER: dict[str, object] = {
    "a list": [],
    "nothing": None,
    "empty": {},
    "no model": {"model": None},
    "no vocabulary": {"model": {"type": "BPE"}},
    "merges of a number": {"merges": 5},
    "a normalizer of another kind": {"normalizer": {"type": "X"}},
    "a normalizer by number": {"normalizer": 5},
    "a bracket that does not close": {
        "pre_tokenizer": {
            "type": "Split",
            "pattern": {"Regex": "("},
            "behavior": "Isolated",
            "invert": False,
        }
    },
    "an added token without id": {"added_tokens": [{"content": "x"}]},
    "a template that names no token": {
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<z>", "type_id": 0}}],
            "pair": [],
            "special_tokens": {},
        }
    },
    "a version to come": {"version": "9.9"},
    "deep": "[" * 100_000,
    "doubling": {
        "normalizer": {
            "type": "Sequence",
            "normalizers": [{"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}] * 30,
        }
    },
}
OTHER: dict[str, tuple[str, bytes]] = {
    "templates that are a list": ("tokenizer_config.json", b'{"chat_template": ["x"]}'),
    "a token by number": ("tokenizer_config.json", b'{"bos_token": 5}'),
    "a class by number": ("tokenizer_config.json", b'{"tokenizer_class": 5}'),
    "settings that are a list": ("tokenizer_config.json", b"[]"),
    "settings that are bytes": ("tokenizer_config.json", b"\xff"),
    "a template in Latin-1": ("chat_template.jinja", b"\xe9"),
    "generation that is a list": ("generation_config.json", b"[]"),
    "tokens that are a list": ("special_tokens_map.json", b"[]"),
    "weights cut short": ("model.safetensors", b"\x10\x00\x00\x00"),
    "weights that are a pickle": ("model.safetensors", b"\x80\x02}q\x00."),
    "weights with a long header": ("model.safetensors", (2**62).to_bytes(8, "little") + b"{}"),
    "a configuration in Latin-1": ("config.json", b'{"model_type": "ll\xe4ma"}'),
    "a configuration cut short": ("config.json", b'{"model_type": '),
}


@pytest.fixture
def folder(make_model: Callable[..., Path], tmp_path: Path) -> Path:
    """Return a folder of a tiny Llama of its own; the weights are linked."""
    source = make_model("llama", 0)
    shutil.copytree(source, tmp_path / "model", copy_function=os.link)
    for file in (tmp_path / "model").glob("*.json"):
        text = file.read_bytes()
        file.unlink()
        file.write_bytes(text)
    return tmp_path / "model"


def change(file: Path, changes: dict[str, Any]) -> None:
    content = json.loads(file.read_bytes())
    file.write_text(json.dumps({**content, **changes}), encoding="utf-8")


def refusal(folder: Path) -> str:
    """Return the message of a folder that must be refused, soon."""
    began = time.process_time()
    with pytest.raises(LexgraftError) as error:
        TransformersModel.load(folder, "odd", 1)
    assert time.process_time() - began < 8
    assert str(folder) in error.value.where
    assert error.value.cure
    assert str(error.value).isascii() or "→" in str(error.value)
    assert len(str(error.value)) < 900
    return str(error.value)


@pytest.mark.parametrize("name", CONFIG)
def test_a_configuration_that_cannot_be_built_is_told(folder: Path, name: str) -> None:
    change(folder / "config.json", CONFIG[name])
    refusal(folder)


@pytest.mark.parametrize("name", TOKENIZER)
def test_a_tokenizer_that_does_not_work_is_told(folder: Path, name: str) -> None:
    odd, file = TOKENIZER[name], folder / "tokenizer.json"
    if name == "merges of a number":
        model = json.loads(file.read_bytes())["model"]
        change(file, {"model": {**model, "merges": 5}})
    elif isinstance(odd, dict) and odd:
        change(file, odd)
    else:
        file.write_text(odd if isinstance(odd, str) else json.dumps(odd), encoding="utf-8")
    refusal(folder)
    with pytest.raises(LexgraftError):
        token_counter(folder)


@pytest.mark.parametrize("name", OTHER)
def test_another_file_of_odd_shape_is_told(folder: Path, name: str) -> None:
    file, content = OTHER[name]
    (folder / file).unlink(missing_ok=True)
    (folder / file).write_bytes(content)
    refusal(folder)


def test_a_package_that_is_absent_is_named_with_what_to_do(folder: Path) -> None:
    change(folder / "config.json", CONFIG["GPTQ"])
    said = refusal(folder)
    assert "optimum" in said
    assert "install the package it names" in said


def test_more_layers_than_tensors_are_told_by_their_key(folder: Path) -> None:
    change(folder / "config.json", {"num_hidden_layers": 3000})
    assert "`num_hidden_layers: 3,000`, and the files hold 21 tensors" in refusal(folder)


def test_a_network_far_larger_than_its_files_is_refused_before_memory_is_taken(
    folder: Path,
) -> None:
    change(folder / "config.json", {"vocab_size": 10**9})
    assert "the configuration wants 64,0" in refusal(folder)
