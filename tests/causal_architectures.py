"""Tiny random models of every causal architecture that transformers knows, by its name."""

from typing import Any

import torch
from torch import nn

VOCABULARY = 258
WINDOW = 24  # every limit of attention that a configuration names, in tokens
LENGTH = 1024
_TOKENS = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1}
_SIZES: dict[int, str] = {
    VOCABULARY: "vocab_size vocab_size_per_layer_input",
    LENGTH: "max_position_embeddings n_positions max_seq_len n_ctx context_length",
    WINDOW: "sliding_window window_size attention_window_size attention_chunk_size",
    32: "hidden_size d_model n_embd n_embed dim emb_dim word_embed_proj_dim embedding_size "
    "attention_hidden_size hidden_dim lru_width embedding_dim index_n_heads",
    48: "intermediate_size ffn_dim decoder_ffn_dim encoder_ffn_dim ffn_hidden_size n_inner",
    16: "moe_intermediate_size shared_expert_intermediate_size q_lora_rank kv_lora_rank "
    "index_topk index_head_dim mamba_chunk_size",
    8: "head_dim qk_rope_head_dim qk_nope_head_dim v_head_dim rotary_dim linear_key_head_dim "
    "linear_value_head_dim mamba_d_state",
    4: "num_layers num_hidden_layers n_layer n_layers num_attention_heads n_head n_heads num_heads "
    "decoder_attention_heads encoder_attention_heads num_local_experts num_experts "
    "n_routed_experts moe_num_experts linear_num_value_heads mamba_n_heads",
    2: "decoder_layers encoder_layers num_decoder_layers num_encoder_layers num_key_value_heads "
    "num_experts_per_tok linear_num_key_heads",
    1: "n_group topk_group mamba_n_groups",
}
SIZES = {name: size for size, names in _SIZES.items() for name in names.split()} | _TOKENS
_LATENT = {"head_dim": None, "num_key_value_heads": 4}  # keys and values from one latent vector
_MAMBA = {"mamba_d_head": 16}
_TURNS = ["mamba", "hybrid", "mamba", "hybrid"]
OWN: dict[str, dict[str, Any]] = {
    "axk1": _LATENT,
    "axk2": _LATENT,
    "deepseek_v2": _LATENT,
    "deepseek_v3": _LATENT,
    "deepseek_v32": _LATENT,
    "glm4_moe_lite": _LATENT,
    "glm_moe_dsa": _LATENT,
    "minicpm3": _LATENT,
    "youtu": _LATENT,
    "bailing_hybrid": {"num_hidden_layers": 10, "num_key_value_heads": 4},
    "bamba": {**_MAMBA, "attn_layer_indices": [1]},
    "dots1": {"n_shared_experts": 1},
    "falcon_h1": {"mamba_d_head": 8, "mamba_d_ssm": 32, "num_hidden_layers": 2},
    "gemma3n_text": {
        "num_kv_shared_layers": 0,
        "layer_types": ["sliding_attention", "full_attention"] * 2,
        "hidden_size_per_layer_input": 8,
        "activation_sparsity_pattern": [0.0] * 4,
        "intermediate_size": [48] * 4,
    },
    "gpt_neo": {"attention_types": [[["global", "local"], 2]]},
    "granitemoehybrid": {**_MAMBA, "layer_types": ["mamba", "attention"] * 2},
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1, "mamba_dt_rank": 4},
    "lfm2_moe": {"layer_types": ["conv", "full_attention"] * 2, "num_dense_layers": 1},
    "mamba2": {"num_heads": 8, "state_size": 8, "n_groups": 1, "chunk_size": 16},
    "mpt": {},
    "nemotron_h": {
        "mamba_num_heads": 4,
        "mamba_head_dim": 8,
        "ssm_state_size": 8,
        "n_groups": 1,
        "chunk_size": 16,
    },
    "zamba": {"attention_hidden_size": 64, "layers_block_type": _TURNS},
    "zamba2": {"attention_hidden_size": 64, "layers_block_type": _TURNS, "layer_types": _TURNS},
    "xlnet": {"d_head": 8},
    "zaya": {"num_experts_per_tok": 1},
}
SKIPPED = {
    "cohere_compass_text": "its default configuration lacks a kind of layer it uses",
    "dbrx": "its default configuration lacks the base of its rotations",
    "dots3_note_text": "77 million weights at its smallest",
    "gemma4_assistant": "drafts for another model, whose keys it needs",
    "gpt-sw3": "gpt2 by another name",
    "internlm3": "llama by another name",
    "iquestcoder": "llama by another name",
    "kimi_linear": "its default layers have no full attention, which it needs",
    "longcat_flash": "its default heads do not fit its rotations when they are small",
    "qwen4_exp_text": "its default configuration lacks sizes of its index",
    "reformer": "draws its attention at random: no two forwards agree",
    "xlm": "wants a mask as long as the text, which no caller gives",
    "xlstm": "its default sizes do not fit when they are small",
    "xmod": "wants to be told the language of every text",
}
"""Architectures that are not built here, and why."""
NOT_CAUSAL = frozenset({"cpmant", "prophetnet", "xlnet"})
"""Architectures whose predictions change with the tokens that follow."""


def names() -> list[str]:
    """Return the architectures with a causal head and one configuration, those skipped left out."""
    from transformers import AutoConfig
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    def is_one_text_model(name: str) -> bool:
        return name in OWN or not AutoConfig.for_model(name).sub_configs

    known = [name for name in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES if name not in SKIPPED]
    return sorted(filter(is_one_text_model, known))


def build(name: str, **changed: Any) -> nn.Module:
    """Return a random model of four small layers with the limits of attention at WINDOW."""
    from transformers import AutoConfig, AutoModelForCausalLM

    usual = AutoConfig.for_model(name)
    known = {*usual.to_dict(), *usual.attribute_map}
    aliases = {usual.attribute_map[key] for key in usual.attribute_map if key in SIZES}
    sizes = {key: size for key, size in SIZES.items() if key in known and key not in aliases}
    chosen = sizes | OWN.get(name, {}) | changed
    config = AutoConfig.for_model(name, **{k: v for k, v in chosen.items() if v is not None})
    if hasattr(config, "is_decoder"):
        config.is_decoder = True
    torch.manual_seed(0)
    model: Any = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.copy_(noise * 0.3 if parameter.dim() > 1 else parameter + noise * 0.1)
    return model.eval().requires_grad_(requires_grad=False)
