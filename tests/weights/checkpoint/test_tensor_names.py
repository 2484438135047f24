import pytest

from lexgraft.weights.checkpoint.tensor_names import role_of


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("model.embed_tokens.weight", "embedding"),
        ("model.layers.0.input_layernorm.weight", "norm"),
        ("model.layers.12.self_attn.q_proj.weight", "attention"),
        ("model.layers.12.self_attn.q_norm.weight", "norm"),
        ("model.layers.12.post_attention_layernorm.weight", "norm"),
        ("model.layers.3.mlp.down_proj.weight", "mlp"),
        ("model.norm.weight", "norm"),
        ("lm_head.weight", "head"),
        ("transformer.h.7.attn.c_attn.bias", "attention"),
        ("transformer.h.7.ln_1.weight", "norm"),
        ("transformer.wte.weight", "embedding"),
        ("language_model.model.layers.5.mlp.up_proj.weight", "mlp"),
        ("vision_tower.encoder.layers.5.mlp.fc1.weight", "other"),
        ("model.visual.blocks.5.attn.qkv.weight", "other"),
        ("model.layers.5.mlp.vision_mlp.up_proj.weight", "mlp"),
        ("mtp.layers.0.self_attn.q_proj.weight", "other"),
        ("model.rotary.inv_freq", "other"),
    ],
)
def test_a_name_tells_the_role(name: str, role: str) -> None:
    assert role_of(name) == role
