"""Tiny random models of the architectures that transformers knows, for what depends on layers."""

from typing import Any

import torch

LAYERS = 8
_SIZES = {
    32: "hidden_size d_model n_embd dim word_embed_proj_dim lru_width embedding_size",
    48: "intermediate_size ffn_dim d_ff n_inner ffn_hidden_size",
    16: "moe_intermediate_size shared_expert_intermediate_size q_lora_rank kv_lora_rank",
    64: "vocab_size vocab_size_per_layer_input",
    128: "max_position_embeddings n_positions max_seq_len",
    LAYERS: "num_hidden_layers n_layer num_layers n_layers head_dim qk_nope_head_dim"
    " qk_rope_head_dim v_head_dim linear_key_head_dim linear_value_head_dim mamba_d_state"
    " mamba_n_heads mamba_d_head state_size ssm_state_size chunk_size mamba_chunk_size"
    " mamba_head_dim mamba_num_heads hidden_size_per_layer_input index_head_dim",
    4: "num_attention_heads n_head n_heads num_heads num_experts num_local_experts"
    " n_routed_experts moe_num_experts linear_num_value_heads sliding_window window_size"
    " local_attention attention_window_size attention_chunk_size mamba_d_conv conv_kernel"
    " mamba_dt_rank time_step_rank rotary_dim index_topk",
    2: "num_key_value_heads num_kv_heads num_experts_per_tok num_experts_per_token moe_k"
    " moe_topk linear_num_key_heads mamba_expand index_n_heads eos_token_id",
    1: "n_shared_experts n_group topk_group mamba_n_groups n_groups bos_token_id",
    3: "max_window_layers",
    0: "pad_token_id num_nextn_predict_layers num_kv_shared_layers",
}
_TINY = {key: size for size, keys in _SIZES.items() for key in keys.split()}
_OWN: dict[str, dict[str, Any]] = {
    "bamba": {"attn_layer_indices": [2, 5]},
    "gemma4_text": {"hidden_size_per_layer_input": 0},
    "gpt_neo": {"attention_types": [[["global", "local"], LAYERS // 2]]},
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1},
    "kimi_linear": {"linear_head_dim": 8, "linear_num_heads": 4},
    "lfm2_moe": {"layer_types": ["conv", "full_attention"] * (LAYERS // 2)},
    "nemotron_h": {"layer_types": ["linear_attention", "moe", "full_attention", "mlp"] * 2},
}
_IMAGES: dict[str, Any] = {
    "depth": 2,
    "hidden_size": 32,
    "embed_dim": 32,
    "num_heads": 2,
    "num_attention_heads": 2,
    "num_hidden_layers": 6,
    "intermediate_size": 32,
    "out_hidden_size": 32,
    "image_size": 28,
    "patch_size": 14,
    "projection_dim": 32,
    "deepstack_visual_indexes": [1],
}
_WINDOWED = frozenset({"qwen2", "qwen3", "qwen2_moe", "smollm3", "dots1"})


def tiny_config(model_type: str, **more: object) -> Any:
    """Return a configuration with the class's own pattern of layers and small sizes."""
    from transformers import CONFIG_MAPPING

    known = CONFIG_MAPPING[model_type]().to_dict()
    sizes: dict[str, Any] = {
        key: size
        for key, size in _TINY.items()
        if key in known and not isinstance(known[key], list | dict)
    }
    if "qk_rope_head_dim" in known:  # latent attention has as many keys as heads
        sizes.pop("head_dim", None)
        sizes["num_key_value_heads"] = sizes["num_attention_heads"]
    if model_type in _WINDOWED:
        sizes |= {"use_sliding_window": True, "sliding_window": 4}
    elif known.get("sliding_window", 0) is None:
        sizes.pop("sliding_window")
    make: Any = CONFIG_MAPPING[model_type]
    return make(**{**sizes, **_OWN.get(model_type, {}), **more})


def tiny_image_config(model_type: str) -> Any:
    """Return a configuration of a small language model and a smaller one for images."""
    from transformers import CONFIG_MAPPING

    default = CONFIG_MAPPING[model_type]()
    text, vision = default.text_config.to_dict(), default.vision_config.to_dict()
    sizes: dict[str, Any] = {
        key: size
        for key, size in _TINY.items()
        if key in text and text[key] is not None and not isinstance(text[key], list | dict)
    }
    rope = text.get("rope_parameters") or {}
    if model_type in {"qwen2_vl", "qwen2_5_vl"} or "mrope_section" in rope:
        rope = {"rope_type": "default", "rope_theta": 10_000.0, **rope}
        sizes["rope_parameters"] = {**rope, "mrope_section": [1, 1, 2]}
    of_images = {key: size for key, size in _IMAGES.items() if key in vision}
    make: Any = CONFIG_MAPPING[model_type]
    return make(text_config=sizes, vision_config=of_images)


def tiny_model(config: Any, kind: Any = None) -> Any:
    """Return a model in which every parameter is random, also norms, gates and decays."""
    from transformers import AutoModelForCausalLM

    kind = kind or AutoModelForCausalLM
    model = kind.from_config(config, attn_implementation="eager").eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            drawn = torch.randn(parameter.shape, generator=generator)
            if parameter.ndim > 1:
                parameter.copy_(drawn * 0.3)
            else:
                parameter.add_(drawn * 0.1)
    return model


def rearranged_logits(model: Any, layers: Any, order: list[int], ids: torch.Tensor) -> torch.Tensor:
    """Return the logits of a live model whose layers are run in another order.

    Each layer gets the masks, positions and settings that it gets at its own place.
    """
    own = [layer.forward for layer in layers]
    arguments: dict[int, tuple[tuple[Any, ...], dict[str, Any]]] = {}
    ran: list[Any] = []

    def listen(number: int) -> Any:
        def forward(*given: Any, **named: Any) -> Any:
            arguments[number] = (given, named)
            return own[number](*given, **named)

        return forward

    def run(*given: Any, **named: Any) -> Any:
        hidden = given[0] if given else named["hidden_states"]
        output: Any = None
        for number in order:
            first, rest = arguments[number]
            if first:
                output = own[number](hidden, *first[1:], **rest)
            else:
                output = own[number](**{**rest, "hidden_states": hidden})
            hidden = output[0] if isinstance(output, tuple) else output
        ran[:] = [output]
        return output

    def pass_on(*given: Any, **named: Any) -> Any:
        hidden = given[0] if given else named["hidden_states"]
        return (hidden, *ran[0][1:]) if isinstance(ran[0], tuple) else hidden

    try:
        for number, layer in enumerate(layers):
            layer.forward = listen(number)
        with torch.no_grad():
            model(input_ids=ids, use_cache=False)
            for number, layer in enumerate(layers):
                layer.forward = pass_on if number else run
            return model(input_ids=ids, use_cache=False).logits
    finally:
        for layer, forward in zip(layers, own, strict=True):
            layer.forward = forward
