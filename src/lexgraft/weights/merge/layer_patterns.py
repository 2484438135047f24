"""What layers are by their number, architecture by architecture, where no list says it.

Formulas and defaults are those of the configuration classes of transformers 5.
"""

from collections.abc import Iterator

from lexgraft.weights.merge import layer_kinds as kinds
from lexgraft.weights.merge.layer_rules import (
    Config,
    LayerRule,
    first_rule,
    fixed_rule,
    index_rule,
    list_rule,
)


def architecture(config: Config, root: Config) -> str:
    """Return the model type of a language model's configuration, without a mark of its part."""
    named = config.get("model_type") or root.get("model_type") or ""
    return str(named).removesuffix("_model").removesuffix("_text")


def rules_for(config: Config, root: Config) -> Iterator[LayerRule]:
    """Yield the rules that hold for a language model's configuration."""
    name = architecture(config, root)
    for rule in _RULES:
        if (
            name in rule.types
            if rule.types is not None
            else any(key in config for key in rule.keys)
        ):
            yield rule


_LINEAR, _FULL, _INDEXED = "linear_attention", "full_attention", "indexed_attention"
_PREFIX, _WINDOW, _INTERVAL = (
    "first_k_dense_replace",
    "sliding_window_pattern",
    "full_attention_interval",
)
_NO_ROPE, _TYPES, _MLP = "no_rope_layer_interval", "layer_types", "mlp_layer_types"

_ATTENTION: tuple[LayerRule, ...] = (
    list_rule("gemma2 vaultgemma gpt_oss t5_gemma_module", _TYPES, kinds.every("", 2)),
    list_rule("gemma3", _TYPES, kinds.every(_WINDOW, 6), _WINDOW, "_sliding_window_pattern"),
    list_rule("t5gemma2 t5gemma2_decoder", _TYPES, kinds.every(_WINDOW, 6), _WINDOW),
    list_rule("embedding_gemma2 diffusion_gemma", _TYPES, kinds.every(_WINDOW, 6), _WINDOW),
    list_rule("gemma3n kolibri1", _TYPES, kinds.every("", 5)),
    list_rule("gemma4 gemma4_unified", _TYPES, kinds.last_too(kinds.every("", 6))),
    list_rule("cohere2", _TYPES, kinds.every(_WINDOW, 4), _WINDOW),
    list_rule(
        "cohere2_moe",
        _TYPES,
        kinds.windowed_cohere,
        _WINDOW,
        "prefix_dense_sliding_window_pattern",
        _PREFIX,
    ),
    list_rule("exaone4 exaone_moe", _TYPES, kinds.exaone, _WINDOW),
    list_rule(
        "afmoe",
        _TYPES,
        kinds.every("global_attn_every_n_layers", 4),
        "global_attn_every_n_layers",
    ),
    list_rule("olmo3", _TYPES, kinds.every("", 4)),
    list_rule("olmo_hybrid", _TYPES, kinds.every("", 4, _LINEAR)),
    list_rule("glm5_next", _TYPES, kinds.every("", 4, _LINEAR, _INDEXED)),
    list_rule("inkling2", _TYPES, kinds.every("", 6, "hybrid_sliding", "hybrid")),
    list_rule("inkling", _TYPES, kinds.local, "local_layer_ids"),
    list_rule("ultrabert", _TYPES, kinds.every("", 3)),
    list_rule("lfm3", _TYPES, kinds.mixed),
    list_rule("cwm granite_swa granitemoe_swa", _TYPES, kinds.first_of("", 4)),
    list_rule(
        "modernbert modernbert-decoder",
        _TYPES,
        kinds.first_of("global_attn_every_n_layers", 3),
        "global_attn_every_n_layers",
    ),
    list_rule(
        "qwen3_next qwen3_5 qwen3_5_moe", _TYPES, kinds.every(_INTERVAL, 4, _LINEAR), _INTERVAL
    ),
    list_rule("qwen4_exp", _TYPES, kinds.every(_INTERVAL, 4, _LINEAR, _INDEXED), _INTERVAL),
    list_rule(
        "bailing_hybrid", _TYPES, kinds.every("layer_group_size", 6, _LINEAR), "layer_group_size"
    ),
    list_rule("minimax", _TYPES, kinds.every("", 2, _FULL, _LINEAR)),
    list_rule("mimo_v2_flash", _TYPES, kinds.first_too(kinds.every("", 6), 1)),
    list_rule("beam neomme", _TYPES, kinds.last_too(kinds.every("", 6))),
    list_rule("flint", _TYPES, kinds.last_too(kinds.first_too(kinds.second_of_four, 2))),
    list_rule("muse_glimmer muse_spark", _TYPES, kinds.from_the_end),
    list_rule("dots3_note", _TYPES, kinds.dots_note),
    list_rule("deepseek_v4", _TYPES, kinds.compressed, "compress_ratios"),
    list_rule("lfm2", _TYPES, kinds.convolved, "full_attn_idxs"),
    list_rule(
        "qwen2 qwen3 qwen2_vl qwen2_5_vl qwen2_5_omni qwen2_5_omni_thinker",
        _TYPES,
        kinds.windowed,
        "max_window_layers",
    ),
    list_rule("dots1", _TYPES, kinds.windowed_dots, "max_window_layers"),
    list_rule("qwen2_moe", _TYPES, kinds.windowed_moe, "max_window_layers"),
    list_rule("smollm3", _TYPES, kinds.smollm, _NO_ROPE),
    list_rule("llama4", _TYPES, kinds.llama4, _NO_ROPE),
    list_rule("smollm3 llama4 mistral_large4", "no_rope_layers", kinds.rotated, _NO_ROPE),
    LayerRule(
        ("linear_attn_config",),
        kinds.numbered_parts,
        kinds.numbered_changes,
        frozenset({"kimi_linear"}),
        _TYPES,
    ),
    LayerRule(
        ("block_types",), kinds.repeated, kinds.repeated_changes, frozenset({"recurrent_gemma"})
    ),
    LayerRule(("attention_types",), kinds.neo, kinds.neo_changes, frozenset({"gpt_neo"})),
    LayerRule(("hybrid_override_pattern",), kinds.lettered, kinds.lettered_changes),
    list_rule("muse_glimmer muse_spark", "layer_rope_theta", kinds.muse_theta),
    index_rule("attn_layer_indices"),
    index_rule("rope_scaling_layers"),
    index_rule("cross_attention_layers", "mllama"),
    list_rule("hy_v4", "indexer_types", kinds.hy_indexer),
    list_rule("glm_moe_dsa mistral_large4", "indexer_types", kinds.indexer, "index_topk_freq"),
)
_EXPERTS: tuple[LayerRule, ...] = (
    list_rule("bailing_hybrid", _MLP, kinds.dense_first(2), _PREFIX),
    list_rule(
        "exaone_moe kimi_linear axk1 axk2 unlimited_ocr dots3_note mistral_large4",
        _MLP,
        kinds.dense_first(1),
        _PREFIX,
    ),
    list_rule("cohere2_moe", _MLP, kinds.dense_first(0), _PREFIX),
    list_rule("deepseek_v32 glm_moe_dsa", _MLP, kinds.dense_first(3), _PREFIX),
    list_rule("inkling", _MLP, kinds.dense_first(0, "dense_mlp_idx"), "dense_mlp_idx"),
    list_rule(
        "mimo_v2_flash hy_v3 hy_v4 laguna glm4_moe_lite ernie4_5_vl_moe", _MLP, kinds.dense_first(1)
    ),
    list_rule("beam glm5_next", _MLP, kinds.dense_first(3)),
    list_rule("step3p5", _MLP, kinds.step_experts, "moe_layers_enum"),
    list_rule("deepseek_v4", _MLP, kinds.hashed, "num_hash_layers"),
    first_rule(_PREFIX, 0, "deepseek_v2 dots1 mistral4"),
    first_rule(_PREFIX, 3, "deepseek_v3"),
    first_rule(_PREFIX, 1, "glm4_moe glm4v_moe"),
    first_rule("num_dense_layers", 1, "afmoe"),
    first_rule("num_dense_layers", 2, "lfm2_moe"),
    LayerRule(
        ("interleave_moe_layer_step", "moe_layers"),
        kinds.llama4_experts,
        kinds.llama4_changes,
        frozenset({"llama4"}),
    ),
    LayerRule(("mlp_only_layers", "decoder_sparse_step"), kinds.sparse_steps, kinds.sparse_changes),
    LayerRule(
        ("moe_layer_start_index", "moe_layer_end_index", "moe_layer_interval"),
        kinds.ernie,
        kinds.ernie_changes,
    ),
)
_FIXED: tuple[LayerRule, ...] = (
    fixed_rule(
        ("attn_layer_period", "attn_layer_offset"),
        kinds.periodic("attn_layer_period", "attn_layer_offset", (8, 4)),
        "jamba",
    ),
    fixed_rule(
        ("expert_layer_period", "expert_layer_offset"),
        kinds.periodic("expert_layer_period", "expert_layer_offset", (2, 1)),
        "jamba",
    ),
    fixed_rule(("layers_block_type", "attn_layer_period"), kinds.by_number, "zamba zamba2"),
    fixed_rule(("model_type",), kinds.by_number, "diffllama beam"),
    fixed_rule(("kv_source_layers",), kinds.by_number, "mistral_large4"),
    fixed_rule(("model_type",), kinds.is_first, "modernbert modernbert-decoder rwkv"),
    fixed_rule(("model_type",), kinds.is_last, "gpt_neox_japanese"),
    fixed_rule(("n_layers_per_attn_res_block",), kinds.by_number, "inkling2"),
    fixed_rule(
        ("scale_attn_by_inverse_layer_idx",),
        kinds.scaled_by_number("scale_attn_by_inverse_layer_idx"),
    ),
    fixed_rule(("num_kv_shared_layers",), kinds.shared_above),
    fixed_rule(("hidden_size_per_layer_input",), kinds.per_layer_inputs),
    fixed_rule(("hidden_size_per_layer_input",), kinds.per_layer_inputs, "gemma3n gemma4"),
)
_RULES = (*_ATTENTION, *_EXPERTS, *_FIXED)
