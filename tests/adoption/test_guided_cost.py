"""What a guided merge costs, by names and shapes alone."""

from types import SimpleNamespace
from typing import Any

from lexgraft.adoption.guided_cost import input_widths, reading_work, solving_work

LAYER = {
    "self_attn.q_proj": (8, 4),
    "self_attn.k_proj": (2, 4),
    "self_attn.o_proj": (4, 8),
    "mlp.gate_proj": (6, 4),
    "mlp.up_proj": (6, 4),
    "mlp.down_proj": (4, 6),
}


def checkpoint(layers: int) -> Any:
    shapes = {
        f"model.layers.{layer}.{name}.weight": shape
        for layer in range(layers)
        for name, shape in LAYER.items()
    }
    shapes |= {"model.embed_tokens.weight": (100, 4), "model.norm.weight": (4,)}
    tensors = {
        name: SimpleNamespace(shape=shape, size=shape[0] * shape[-1])
        for name, shape in shapes.items()
    }
    return SimpleNamespace(tensors=tensors)


def test_q_and_k_share_an_input_and_o_has_its_own():
    assert sorted(input_widths(checkpoint(2))) == sorted(2 * [4, 8, 4, 6])


def test_an_output_projection_as_wide_as_its_input_is_counted():
    found = checkpoint(1)
    found.tensors["model.layers.0.self_attn.o_proj.weight"].shape = (4, 4)
    assert sorted(input_widths(found)) == [4, 4, 4, 6]


def test_every_token_adds_a_square_per_input():
    work = reading_work(checkpoint(1), 10)
    assert work.exact == 10 * (16 + 64 + 16 + 36)
    assert work.tokens >= 10


def test_thin_factors_cost_less_than_whole_deltas():
    base = checkpoint(3)
    assert solving_work(base, thin=True).exact < solving_work(base, thin=False).exact
