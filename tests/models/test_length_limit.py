"""The most tokens a model takes, by whatever its configuration calls it."""

from typing import Any

import pytest
import torch

from lexgraft.models.length_limit import longest_input

SMALL = {"vocab_size": 40, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1}
NAMED: dict[str, tuple[dict[str, Any], int | None]] = {
    "mpt": ({"d_model": 8, "n_heads": 2, "n_layers": 1, "max_seq_len": 40}, 40),
    "gpt2": ({"n_embd": 8, "n_head": 2, "n_layer": 1, "n_positions": 48}, 48),
    "bloom": ({"hidden_size": 8, "n_head": 2, "n_layer": 1, "seq_length": 56}, 56),
    "mamba": ({"hidden_size": 8, "num_hidden_layers": 1, "state_size": 2}, None),
    "opt": (
        {
            "hidden_size": 8,
            "ffn_dim": 8,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "word_embed_proj_dim": 8,
            "max_position_embeddings": 32,
        },
        32,
    ),
    "roberta": (
        {
            "hidden_size": 8,
            "intermediate_size": 8,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "max_position_embeddings": 34,
            "is_decoder": True,
        },
        32,
    ),
}


def build(architecture: str, extra: dict[str, Any]) -> Any:
    from transformers import AutoConfig, AutoModelForCausalLM

    return AutoModelForCausalLM.from_config(AutoConfig.for_model(architecture, **SMALL, **extra))


@pytest.mark.parametrize("architecture", NAMED)
def test_the_longest_text_is_what_the_model_still_takes(architecture: str) -> None:
    extra, expected = NAMED[architecture]
    model = build(architecture, extra)
    assert longest_input(model) == expected
    with torch.inference_mode():
        tokens = torch.full((1, expected or 60), 3)
        assert model(input_ids=tokens, use_cache=False).logits.shape[1] == tokens.shape[1]
