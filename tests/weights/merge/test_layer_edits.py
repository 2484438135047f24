"""What a stack changes in a configuration: lists written out, numbers remapped, or a refusal."""

from math import sqrt
from typing import Any

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.weights.merge.layer_edits import LayerOrigin, layer_edits
from lexgraft.weights.merge.layer_patterns import rules_for

GROWN = [0, 1, 2, 3, 1, 2, 3]
S, F, L = "sliding_attention", "full_attention", "linear_attention"


def edits(config: dict[str, Any], order: list[int], layers: int = 4) -> dict[str, Any]:
    origins = [LayerOrigin(config, layers, layer) for layer in order]
    return layer_edits(config, config, layers, origins, "config.json")


EXAMPLES: dict[str, tuple[dict[str, Any], list[int], dict[str, Any]]] = {
    "a list moves along": (
        {"model_type": "own", "layer_types": [S, F, S, F]},
        GROWN,
        {"layer_types": [S, F, S, F, F, S, F]},
    ),
    "Gemma 2 as it was first published": (
        {"model_type": "gemma2", "sliding_window": 4096},
        GROWN,
        {"layer_types": [S, F, S, F, F, S, F]},
    ),
    "Gemma 3 with a pattern of its own": (
        {"model_type": "gemma3_text", "sliding_window_pattern": 2},
        GROWN,
        {"layer_types": [S, F, S, F, F, S, F]},
    ),
    "Cohere 2": (
        {"model_type": "cohere2"},
        GROWN,
        {"layer_types": [S, S, S, F, S, S, F]},
    ),
    "Qwen3-Next": (
        {"model_type": "qwen3_next", "full_attention_interval": 4},
        GROWN,
        {"layer_types": [L, L, L, F, L, L, F]},
    ),
    "Qwen 2 with windows from a layer on": (
        {
            "model_type": "qwen2",
            "use_sliding_window": True,
            "sliding_window": 8,
            "max_window_layers": 2,
        },
        GROWN,
        {"layer_types": [F, F, S, S, F, S, S]},
    ),
    "SmolLM 3": (
        {"model_type": "smollm3", "no_rope_layer_interval": 2},
        GROWN,
        {"no_rope_layers": [1, 0, 1, 0, 0, 1, 0]},
    ),
    "layers without experts": (
        {"model_type": "qwen3_moe", "mlp_only_layers": [1], "decoder_sparse_step": 1},
        GROWN,
        {"mlp_only_layers": [1, 4], "decoder_sparse_step": 1},
    ),
    "experts in every other layer": (
        {"model_type": "qwen2_moe", "decoder_sparse_step": 2},
        GROWN,
        {"mlp_only_layers": [0, 2, 5], "decoder_sparse_step": 1},
    ),
    "the first layers are dense, and more of them": (
        {"model_type": "deepseek_v3", "first_k_dense_replace": 2},
        [0, 1, 0, 1, 2, 3],
        {"first_k_dense_replace": 4},
    ),
    "a scale over the square root of the layers": (
        {"model_type": "minicpm3", "scale_depth": 1.4},
        GROWN,
        {"scale_depth": 1.4 * sqrt(7 / 4)},
    ),
    "layers that look ahead keep their entries": (
        {"model_type": "own", "layer_types": [S, F, S, F, "ahead"]},
        [0, 1, 1],
        {"layer_types": [S, F, F, "ahead"]},
    ),
    "settings by number": (
        {"model_type": "own", "per_layer_config": {"1": {"head_dim": 4}}},
        GROWN,
        {"per_layer_config": {"1": {"head_dim": 4}, "4": {"head_dim": 4}}},
    ),
    "a list of numbers of attention layers": (
        {"model_type": "bamba", "attn_layer_indices": [1]},
        GROWN,
        {"attn_layer_indices": [1, 4]},
    ),
    "letters": (
        {"model_type": "nemotron_h", "hybrid_override_pattern": "M*M-"},
        GROWN,
        {"hybrid_override_pattern": "M*M-*M-"},
    ),
    "Kimi's numbers from 1": (
        {
            "model_type": "kimi_linear",
            "first_k_dense_replace": 0,
            "linear_attn_config": {"full_attn_layers": [4], "kda_layers": [1, 2, 3]},
        },
        GROWN,
        {
            "layer_types": [L, L, L, F, L, L, F],
            "linear_attn_config": {"full_attn_layers": [4, 7], "kda_layers": [1, 2, 3, 5, 6]},
        },
    ),
    "nothing that goes by number": (
        {"model_type": "llama", "eos_token_id": [0, 1, 2, 3], "mrope_section": [1, 1, 1, 1]},
        GROWN,
        {},
    ),
}


@pytest.mark.parametrize("example", list(EXAMPLES))
def test_a_configuration_says_what_every_layer_is(example: str) -> None:
    config, order, changed = EXAMPLES[example]
    assert edits(config, order) == changed


REFUSED: dict[str, dict[str, Any]] = {
    "first_k_dense_replace": {"model_type": "deepseek_v3", "first_k_dense_replace": 2},
    "attn_layer_period": {"model_type": "jamba", "attn_layer_period": 2, "attn_layer_offset": 0},
    "scale_attn_by_inverse_layer_idx": {
        "model_type": "gpt2",
        "scale_attn_by_inverse_layer_idx": True,
    },
    "num_kv_shared_layers": {"model_type": "own", "num_kv_shared_layers": 2},
    "model_type": {"model_type": "diffllama"},
    "own_attn_interval": {"model_type": "own", "own_attn_interval": 3},
    "moe_layer_freq": {"model_type": "own", "moe_layer_freq": 2},
    "own_dense_layers": {"model_type": "own", "own_dense_layers": [0, 1]},
    "indexer_types": {"model_type": "own", "indexer_types": ["full", "full", "shared", "full"]},
}


@pytest.mark.parametrize("key", list(REFUSED))
def test_what_cannot_be_said_of_another_order_is_refused_by_its_key(key: str) -> None:
    with pytest.raises(LexgraftError, match=f"`{key}`"):
        edits(REFUSED[key], [0, 2, 1, 3, 3])


@pytest.mark.parametrize("key", list(REFUSED))
def test_layers_that_keep_their_numbers_are_not_refused(key: str) -> None:
    assert edits(REFUSED[key], [0, 1, 2, 3]) == {
        name: value for name, value in REFUSED[key].items() if name == "indexer_types"
    }


def test_features_of_images_stay_with_the_lowest_layers() -> None:
    config = {"model_type": "qwen3_vl_text"}
    root = {"vision_config": {"deepstack_visual_indexes": [8, 16]}}

    def made(order: list[int]) -> dict[str, Any]:
        origins = [LayerOrigin(config, 4, layer) for layer in order]
        return layer_edits(config, root, 4, origins, "config.json")

    assert made([0, 1, 2, 2, 3]) == {}
    with pytest.raises(LexgraftError, match="`deepstack_visual_indexes`"):
        made([0, 2, 3])


def test_each_layer_is_read_under_the_configuration_of_its_own_model() -> None:
    one = {"model_type": "gemma2", "layer_types": [F, F]}
    other = {"model_type": "gemma2"}
    order = [LayerOrigin(one, 2, 0), LayerOrigin(other, 2, 0), LayerOrigin(other, 2, 1)]
    assert layer_edits(one, one, 2, order, "x") == {"layer_types": [F, S, F]}
    assert layer_edits(other, other, 2, order, "x") == {"layer_types": [F, S, F]}


LISTS = ("layer_types", "mlp_layer_types", "no_rope_layers", "indexer_types", "layer_rope_theta")
OTHER_RULES = {"jamba", "nemotron_h", "recurrent_gemma", "zamba", "zamba2"}
"""Their lists follow from keys that have a rule of their own."""


@pytest.mark.slow
def test_the_formulas_are_those_of_every_configuration_class_of_transformers() -> None:
    import json

    from huggingface_hub.errors import StrictDataclassError
    from transformers import CONFIG_MAPPING

    seen = 0
    for name in sorted(CONFIG_MAPPING):
        if name in OTHER_RULES or "vision" in name:
            continue
        try:
            default = CONFIG_MAPPING[name]()
            config = json.loads(json.dumps(default.to_dict()))
        except (TypeError, ValueError, AttributeError, StrictDataclassError):  # without defaults
            continue
        layers = config.get("num_hidden_layers")
        short = {key: value for key, value in config.items() if key not in LISTS}
        for key in LISTS:
            listed = config.get(key)
            if not isinstance(listed, list) or len(listed) != layers or len({*listed}) < 2:
                continue
            rule = next((r for r in rules_for(short, short) if r.listed == key), None)
            assert rule is not None, (name, key)
            assert [rule.kind(short, n, layers) for n in range(layers)] == listed, (name, key)
            seen += 1
    assert seen > 50
