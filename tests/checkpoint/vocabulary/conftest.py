"""Folders of tiny tokenizers and of models that have them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_tokenizers import KINDS, train


@pytest.fixture(scope="session")
def contents() -> dict[str, dict[str, Any]]:
    """Return a tokenizer.json per algorithm."""
    return {kind: train(kind) for kind in KINDS}


@pytest.fixture
def folder_of(tmp_path: Path, contents: dict[str, dict[str, Any]]) -> Callable[[str], Path]:
    """Return a maker of folders that hold one of the tokenizers and nothing else."""

    def make(kind: str) -> Path:
        folder = tmp_path / kind
        folder.mkdir(exist_ok=True)
        (folder / "tokenizer.json").write_text(json.dumps(contents[kind]), encoding="utf-8")
        return folder

    return make


@pytest.fixture
def model_of(tmp_path: Path, contents: dict[str, dict[str, Any]]) -> Callable[..., Path]:
    """Return a maker of tiny Llama models whose vocabulary is one of the tokenizers'."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()

    def make(
        kind: str,
        name: str,
        *,
        tied: bool = True,
        seed: int = 0,
        extra: int = 0,
        content: Any = None,
    ) -> Path:
        folder = tmp_path / name
        content = content or contents[kind]
        size = 1 + max(
            *(row["id"] for row in content["added_tokens"]), len(content["model"]["vocab"]) - 1
        )
        config = LlamaConfig(
            vocab_size=size + extra, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
            num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=128,
            bos_token_id=1, eos_token_id=2, pad_token_id=2, tie_word_embeddings=tied,
        )  # fmt: skip
        torch.manual_seed(seed)
        model: Any = LlamaForCausalLM(config)
        model.to(torch.bfloat16).save_pretrained(folder)
        (folder / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
        settings = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>"}
        (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
        return folder

    return make
