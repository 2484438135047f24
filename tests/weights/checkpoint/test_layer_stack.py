"""Which tensors are layers of the language model, for the layouts that checkpoints have."""

from typing import Any

import pytest

from lexgraft.weights.checkpoint.layer_stack import language_config, stack_of


def numbered(*stacks: tuple[str, int], beside: tuple[str, ...] = ()) -> list[str]:
    """Return names of a matrix in every layer of some stacks, and others."""
    layers = [f"{prefix}.{n}.mlp.up.weight" for prefix, count in stacks for n in range(count)]
    return [*layers, *beside]


OTHERS: dict[str, tuple[list[str], dict[str, Any], str]] = {
    "Llama": (numbered(("model.layers", 4)), {"num_hidden_layers": 4}, "model.layers"),
    "GPT-2": (numbered(("h", 4)), {"n_layer": 4}, "h"),
    "GPT-NeoX": (numbered(("gpt_neox.layers", 4)), {}, "gpt_neox.layers"),
    "BERT": (numbered(("bert.encoder.layer", 4)), {"num_hidden_layers": 4}, "bert.encoder.layer"),
    "Qwen2-VL": (
        numbered(("model.layers", 4), ("visual.blocks", 6)),
        {"num_hidden_layers": 4},
        "model.layers",
    ),
    "Qwen3-VL": (
        numbered(("model.language_model.layers", 4), ("model.visual.blocks", 6)),
        {"text_config": {"num_hidden_layers": 4}},
        "model.language_model.layers",
    ),
    "Qwen2.5-Omni": (
        numbered(
            ("thinker.model.layers", 4),
            ("thinker.visual.blocks", 6),
            ("thinker.audio_tower.layers", 8),
            ("talker.model.layers", 4),
        ),
        {"thinker_config": {"text_config": {"num_hidden_layers": 4}}},
        "thinker.model.layers",
    ),
    "Gemma 3": (
        numbered(
            ("language_model.model.layers", 4),
            ("vision_tower.vision_model.encoder.layers", 6),
            beside=("multi_modal_projector.mm_input_projection_weight",),
        ),
        {"text_config": {"num_hidden_layers": 4}},
        "language_model.model.layers",
    ),
    "Llama 4": (
        numbered(("language_model.model.layers", 4), ("vision_model.model.layers", 4)),
        {"text_config": {"num_hidden_layers": 4}},
        "language_model.model.layers",
    ),
    "Qwen3-Next": (
        numbered(("model.layers", 4), ("mtp.layers", 1)),
        {"num_hidden_layers": 4},
        "model.layers",
    ),
    "DeepSeek": (numbered(("model.layers", 5)), {"num_hidden_layers": 4}, "model.layers"),
    "Granite Speech": (
        numbered(
            ("encoder.layers", 6),
            ("language_model.model.layers", 4),
            ("projector.qformer.encoder.layer", 4),
        ),
        {"text_config": {"num_hidden_layers": 4}},
        "language_model.model.layers",
    ),
    "LLaVA without a number": (
        numbered(("language_model.model.layers", 4), ("vision_tower.encoder.layers", 9)),
        {"text_config": {"model_type": "llama"}},
        "language_model.model.layers",
    ),
    "Molmo": (
        numbered(
            ("model.transformer.blocks", 4),
            ("model.vision_backbone.image_vit.transformer.resblocks", 6),
        ),
        {"num_hidden_layers": 4},
        "model.transformer.blocks",
    ),
    "MiniCPM-V": (
        numbered(("llm.model.layers", 4), ("vpm.encoder.layers", 6), ("apm.layers", 6)),
        {"num_hidden_layers": 4},
        "llm.model.layers",
    ),
}


@pytest.mark.parametrize("family", list(OTHERS))
def test_the_stack_is_the_language_models_whatever_else_is_numbered(family: str) -> None:
    names, config, prefix = OTHERS[family]
    stack = stack_of(names, config)
    assert (stack.prefixes, stack.count) == ((prefix,), 4)
    layers = {name: stack.layer_of(name) for name in names}
    assert [n for n in layers.values() if n is not None] == [0, 1, 2, 3]
    assert [name for name, n in layers.items() if n is not None] == [
        f"{prefix}.{n}.mlp.up.weight" for n in range(4)
    ]


def test_a_layer_behind_the_last_one_is_no_layer_but_looks_ahead() -> None:
    stack = stack_of(numbered(("model.layers", 5)), {"num_hidden_layers": 4})
    ahead = "model.layers.4.mlp.up.weight"
    assert (stack.tower_of(ahead), stack.number_of(ahead), stack.depth_of(ahead)) == ("mtp", 4, 1)
    assert stack.tower_of("model.layers.3.mlp.up.weight") == "text"


def test_encoder_and_decoder_are_both_layers() -> None:
    names = numbered(("model.encoder.layers", 3), ("model.decoder.layers", 3))
    stack = stack_of(names, {"num_hidden_layers": 3, "decoder_layers": 3})
    assert stack.prefixes == ("model.decoder.layers", "model.encoder.layers")
    assert [stack.layer_of(name) for name in names] == [0, 1, 2, 0, 1, 2]


def test_layers_are_counted_from_their_highest_number_where_nothing_is_stated() -> None:
    names = ["model.layers.0.x.weight", "model.layers.3.x.weight", "lm_head.weight"]
    assert stack_of(names, {}).count == 4
    assert stack_of(["lm_head.weight"], {}).count == 0


def test_depth_runs_from_the_embeddings_to_the_head() -> None:
    names = ["model.embed_tokens.weight", *(f"model.layers.{n}.mlp.up.weight" for n in range(5))]
    names += ["model.norm.weight", "lm_head.weight", "visual.blocks.4.mlp.up.weight"]
    stack = stack_of(names, {})
    assert [stack.depth_of(name) for name in names] == [0, 0, 0.25, 0.5, 0.75, 1, 1, 1, 0]
    one = ["model.layers.0.mlp.up.weight"]
    assert stack_of(one, {}).depth_of(one[0]) == 1  # the only layer


def test_the_language_models_configuration_is_found_inside_others() -> None:
    inner = {"num_hidden_layers": 4}
    assert language_config(inner) == ("", inner)
    assert language_config({"text_config": inner}) == ("text_config.", inner)
    nested = {"thinker_config": {"text_config": inner}, "talker_config": {"num_hidden_layers": 9}}
    assert language_config(nested) == ("thinker_config.text_config.", inner)
