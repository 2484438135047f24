"""Tiny random models in Hugging Face folders, so that the notebooks need no download."""

from pathlib import Path
from typing import Any

_SIZES: dict[str, Any] = {
    "vocab_size": 258,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 1,
}


def tiny_model(folder: Path, *, seed: int, base: Path | None = None) -> Path:
    """Write a random Llama of 40,000 weights with a tokenizer of bytes, and return its folder.

    Args:
        folder: to write; made if it is not there.
        seed: of the random weights.
        base: a model to begin from: the weights are its own and a little noise.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    if base is None:
        model: Any = AutoModelForCausalLM.from_config(AutoConfig.for_model("llama", **_SIZES))
    else:
        model = AutoModelForCausalLM.from_pretrained(base)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weights in model.parameters():
            noise = torch.randn(weights.shape, generator=generator)
            weights.copy_(noise * 0.3 if base is None else weights + noise * 0.05)
    model.to(torch.bfloat16).save_pretrained(folder)
    _save_tokenizer(folder)
    return folder


def _save_tokenizer(folder: Path) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    numbers = {"<bos>": 0, "<eos>": 1} | {sign: 2 + n for n, sign in enumerate(alphabet)}
    tokenizer = Tokenizer(models.BPE(vocab=numbers, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken("<bos>"), AddedToken("<eos>")])
    ends = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<eos>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **ends).save_pretrained(folder)
