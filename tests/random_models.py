"""Small models with random weights in memory, for tests that need no folder and no tokenizer."""

from typing import Any

WIDTH = 16


def random_model(architecture: str, words: int, **more: Any) -> Any:
    """Return a frozen model of two layers over so many tokens, the same on every call."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(
        architecture,
        vocab_size=words,
        hidden_size=WIDTH,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        initializer_range=0.4,
        **more,
    )
    torch.manual_seed(3)
    return AutoModelForCausalLM.from_config(config).eval().requires_grad_(requires_grad=False)
