import pytest

from lexgraft.weights.checkpoint.tensor_names import count_layers, depth_of, layer_of, role_of


@pytest.mark.parametrize(
    ("name", "layer", "role"),
    [
        ("model.embed_tokens.weight", None, "embedding"),
        ("model.layers.0.input_layernorm.weight", 0, "norm"),
        ("model.layers.12.self_attn.q_proj.weight", 12, "attention"),
        ("model.layers.12.self_attn.q_norm.weight", 12, "norm"),
        ("model.layers.12.post_attention_layernorm.weight", 12, "norm"),
        ("model.layers.3.mlp.down_proj.weight", 3, "mlp"),
        ("model.norm.weight", None, "norm"),
        ("lm_head.weight", None, "head"),
        ("transformer.h.7.attn.c_attn.bias", 7, "attention"),
        ("transformer.h.7.ln_1.weight", 7, "norm"),
        ("transformer.wte.weight", None, "embedding"),
        ("language_model.model.layers.5.mlp.up_proj.weight", 5, "mlp"),
        ("vision_tower.encoder.layers.5.mlp.fc1.weight", None, "other"),
        ("model.rotary.inv_freq", None, "other"),
    ],
)
def test_a_name_tells_layer_and_role(name: str, layer: int | None, role: str) -> None:
    assert layer_of(name) == layer
    assert role_of(name) == role


def test_layers_are_counted_from_their_highest_number() -> None:
    assert (
        count_layers(["model.layers.0.x.weight", "model.layers.3.x.weight", "lm_head.weight"]) == 4
    )
    assert count_layers(["lm_head.weight"]) == 0


def test_depth_runs_from_the_embeddings_to_the_head() -> None:
    names = ["model.embed_tokens.weight", *(f"model.layers.{n}.mlp.up.weight" for n in range(5))]
    names += ["model.norm.weight", "lm_head.weight"]
    assert [depth_of(name, 5) for name in names] == [0, 0, 0.25, 0.5, 0.75, 1, 1, 1]
    assert depth_of("model.layers.0.mlp.up.weight", 1) == 1  # the only layer
