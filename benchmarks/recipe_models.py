"""Tiny random models of the architectures that recipes are written for.

Every family is a base and three fine-tunes of it, with tokenizers: `invented/FAMILY`,
`invented/FAMILY-chat`, `-code` and `-med`. A fine-tune moves every tensor a little and some
elements much more, as training does. Some have what real ones have: an adapter, tokens of their
own, a stored head that repeats the embeddings.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import CONFIG_MAPPING, AutoModelForCausalLM
from transformers.utils import logging

TUNES = ("chat", "code", "med")
LAYERS = 6
ROWS = 320
_SIZES: dict[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 112,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "vocab_size": ROWS,
    "max_position_embeddings": 128,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 2,
}
_EXPERTS = {"num_experts_per_tok": 2, "moe_intermediate_size": 48}


class Family(NamedTuple):
    """An architecture: its type, what is its own, and the dtype it is published in."""

    model_type: str
    own: dict[str, Any]
    dtype: torch.dtype = torch.bfloat16
    repeated_head: bool = False  # the fine-tunes store a head that the configuration ties
    masks: bool = False  # buffers of attention stand beside the weights, as in older files


FAMILIES: dict[str, Family] = {
    "llama": Family("llama", {"tie_word_embeddings": False}),
    "llama-tied": Family("llama", {"tie_word_embeddings": True}, repeated_head=True),
    "mistral": Family("mistral", {"tie_word_embeddings": False, "sliding_window": 32}),
    "qwen2": Family("qwen2", {"tie_word_embeddings": True}),
    "qwen3": Family("qwen3", {"tie_word_embeddings": True}),
    "gemma2": Family("gemma2", {"sliding_window": 32}),
    "gemma3": Family("gemma3_text", {"sliding_window": 32}),
    "phi3": Family("phi3", {"tie_word_embeddings": False, "sliding_window": 32}),
    "gpt-neox": Family("gpt_neox", {"rotary_pct": 0.25}, torch.float16, masks=True),
    "gpt2": Family(
        "gpt2", {"n_embd": 64, "n_layer": LAYERS, "n_head": 4, "n_positions": 128}, torch.float32
    ),
    "olmo2": Family("olmo2", {}, torch.float32),
    "falcon": Family(
        "falcon",
        {"new_decoder_architecture": True, "num_kv_heads": 2, "tie_word_embeddings": False},
    ),
    "cohere": Family("cohere", {"use_qk_norm": True}),
    "granite": Family("granite", {"tie_word_embeddings": True}),
    "stablelm": Family("stablelm", {}, torch.float16),
    "mixtral": Family("mixtral", {"num_local_experts": 4, "num_experts_per_tok": 2}),
    "qwen3-moe": Family("qwen3_moe", {**_EXPERTS, "num_experts": 4, "decoder_sparse_step": 1}),
}
WORDS = ("the", "graft", "takes", "root", "stem", "leaf", "sap", "bark")
OWN_TOKENS = {"chat": ("<|im_start|>", "<|im_end|>"), "code": ("<|fim|>",), "med": ()}
OWN_VOCABULARIES = ("mistral", "qwen2")
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def write_models(root: Path, *, exact: bool = False) -> None:
    """Write the models of all families to `root/invented`.

    Args:
        root: the folder that recipes are run in.
        exact: in float32, so that no two changes have one size and no product is rounded.
    """
    logging.disable_progress_bar()
    for name, family in FAMILIES.items():
        dtype = torch.float32 if exact else family.dtype
        _write_family(root / "invented", name, family._replace(dtype=dtype))


def _write_family(root: Path, family: str, described: Family) -> None:
    """Write base, fine-tunes and adapter of a family."""
    known = CONFIG_MAPPING[described.model_type]().to_dict()
    config = CONFIG_MAPPING[described.model_type](
        **{key: size for key, size in _SIZES.items() if key in known}, **described.own
    )
    model: Any = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    generator = torch.Generator().manual_seed(len(family))
    with torch.no_grad():
        for parameter in model.parameters():
            drawn = torch.randn(parameter.shape, generator=generator)
            parameter.copy_(drawn * 0.2 if parameter.ndim > 1 else parameter + drawn * 0.05)
    folder = root / family
    model.to(described.dtype).save_pretrained(folder)
    write_tokenizer(folder, ())
    tensors = load_file(folder / "model.safetensors")
    if described.masks:
        tensors |= _masks()
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    for number, tune in enumerate(TUNES, 1):
        tuned = tuned_tensors(tensors, number)
        if described.repeated_head:
            tuned["lm_head.weight"] = tuned["model.embed_tokens.weight"].clone()
        _write_tune(root / f"{family}-{tune}", folder, tuned)
        own = OWN_TOKENS[tune] if family in OWN_VOCABULARIES else ()
        write_tokenizer(root / f"{family}-{tune}", own)
    _write_adapter(root, f"{family}-lora", tensors)


def _masks() -> dict[str, torch.Tensor]:
    """Return what GPT-NeoX stored of every layer beside its weights."""
    made: dict[str, torch.Tensor] = {}
    for layer in range(LAYERS):
        stem = f"gpt_neox.layers.{layer}.attention"
        made[f"{stem}.bias"] = torch.ones(128, 128).tril().bool().view(1, 1, 128, 128)
        made[f"{stem}.masked_bias"] = torch.tensor(-1e9)
        made[f"{stem}.rotary_emb.inv_freq"] = torch.tensor([1.0, 0.1])
    return made


def tuned_tensors(tensors: dict[str, torch.Tensor], number: int) -> dict[str, torch.Tensor]:
    """Return a fine-tune's tensors: a third of every change is shared by all of them."""
    shared = torch.Generator().manual_seed(99)
    own = torch.Generator().manual_seed(100 + number)
    tuned: dict[str, torch.Tensor] = {}
    for name in sorted(tensors):
        tensor = tuned[name] = tensors[name]
        if ".attention.bias" in name or name.endswith(("masked_bias", "inv_freq")):
            continue
        move = 0.5 * _move(tensor.shape, shared) + _move(tensor.shape, own)
        tuned[name] = (tensor.float() + move).to(tensor.dtype)
    return tuned


def _move(shape: torch.Size, generator: torch.Generator) -> torch.Tensor:
    """Return a change of every element, ten times as large in one of ten."""
    drawn = torch.randn(shape, generator=generator) * 0.004
    far = torch.rand(shape, generator=generator) < 0.1
    return torch.where(far, drawn * 10, drawn)


def _write_tune(folder: Path, base: Path, tensors: dict[str, torch.Tensor]) -> None:
    folder.mkdir()
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    for path in base.glob("*config.json"):
        (folder / path.name).write_bytes(path.read_bytes())


def write_tokenizer(folder: Path, own: tuple[str, ...]) -> None:
    """Write a byte-level tokenizer with a few merges, and some tokens of its own."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    specials = ["<unk>", "<s>", "</s>", "<|endoftext|>"]
    vocabulary = {token: number for number, token in enumerate([*specials, *alphabet])}
    merges: list[tuple[str, str]] = []
    for word in WORDS:
        made = word[0]
        for letter in word[1:]:
            if (made, letter) not in merges:
                merges.append((made, letter))
                vocabulary.setdefault(made + letter, len(vocabulary))
            made += letter
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([*specials, *own])
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        **({"chat_template": CHAT_TEMPLATE} if own else {}),
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def _write_adapter(root: Path, name: str, tensors: dict[str, torch.Tensor]) -> None:
    """Write a LoRA adapter as PEFT saves it, of the projections of a family that has them."""
    targets = [key for key in sorted(tensors) if key.endswith(("q_proj.weight", "v_proj.weight"))]
    if not targets:
        return
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(9)
    factors: dict[str, torch.Tensor] = {}
    for key in targets:
        rows, columns = tensors[key].shape
        stem = f"base_model.model.{key.removesuffix('.weight')}.lora_"
        factors[f"{stem}A.weight"] = torch.randn(4, columns, generator=generator) * 0.05
        factors[f"{stem}B.weight"] = torch.randn(rows, 4, generator=generator) * 0.05
    save_file(factors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    settings = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": f"invented/{name.removesuffix('-lora')}",
        "r": 4,
        "lora_alpha": 8,
        "lora_dropout": 0.0,
        "bias": "none",
        "target_modules": ["q_proj", "v_proj"],
    }
    (folder / "adapter_config.json").write_text(json.dumps(settings))
