"""Sums of what linear layers read: against plain forwards, and the same however they are made."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_architectures import tiny_config, tiny_model
from torch import nn

from lexgraft.errors import LexgraftError
from lexgraft.models.folder_loading import load_network
from lexgraft.models.input_sums import EXACT, InputSum, grid_of
from lexgraft.models.linear_inputs import GRID_LINE, MEMORY, input_sums

TEXTS = [[[0, 5, 9, 44, 7], [0, 8]], [[0, 70, 71, 72, 73, 74, 75]], [[0, 33, 34]]]
LINE = [0, *(byte % 250 + 2 for byte in GRID_LINE.encode())]

ModelMaker = Callable[..., Path]
Sums = dict[tuple[str, ...], tuple[np.ndarray, float]]


@pytest.fixture(params=["gemma3", "llama"])
def network(request: pytest.FixtureRequest, make_model: ModelMaker) -> nn.Module:
    return load_network(make_model(request.param, 3), torch.float32).eval()


def learnt(
    network: nn.Module, texts: Sequence[list[list[int]]] = TEXTS, memory: int = MEMORY
) -> Sums:
    return {
        read.weights: (total.total(), read.grid)
        for read, total in input_sums(network, texts, LINE, memory)
    }


def same(one: Sums, other: Sums) -> bool:
    return one.keys() == other.keys() and all(
        one[key][1] == other[key][1] and np.array_equal(one[key][0], other[key][0]) for key in one
    )


def plain(network: nn.Module, weight: str) -> np.ndarray:
    """Σ x·xᵀ in float64 of what a linear layer is given, row by row."""
    rows: list[torch.Tensor] = []
    module = network.get_submodule(weight.removesuffix(".weight"))
    handle = module.register_forward_pre_hook(lambda _, given: rows.append(given[0][0].double()))
    with torch.no_grad():
        for text in TEXTS:
            for row in text:
                network(input_ids=torch.tensor([row]))
    handle.remove()
    found = torch.cat(rows).numpy()
    return found.T @ found


def test_sums_are_those_of_plain_forwards(network: nn.Module) -> None:
    sums = learnt(network)
    assert len(sums) == 8  # two layers, each with four inputs
    for weights, (total, grid) in sums.items():
        expected = plain(network, weights[-1])
        assert np.linalg.norm(total * grid**2 - expected) < 1e-4 * np.linalg.norm(expected)


def test_layers_that_read_the_same_share_it(network: nn.Module) -> None:
    kinds = [{name.split(".")[-2] for name in weights} for weights in learnt(network)]
    assert {"q_proj", "k_proj", "v_proj"} in kinds
    assert {"gate_proj", "up_proj"} in kinds
    assert {"o_proj"} in kinds
    assert {"down_proj"} in kinds


def test_neither_order_nor_threads_nor_memory_show_in_a_bit(network: nn.Module) -> None:
    before = torch.get_num_threads()
    sums = learnt(network)
    assert same(sums, learnt(network, TEXTS[::-1]))
    assert same(sums, learnt(network, memory=1))  # layer by layer
    torch.set_num_threads(3)
    assert same(sums, learnt(network))
    assert torch.get_num_threads() == 3
    torch.set_num_threads(before)


def test_texts_are_added_and_taken_away_bit_for_bit(network: nn.Module) -> None:
    whole, first, rest = learnt(network), learnt(network, TEXTS[:1]), learnt(network, TEXTS[1:])
    for key, (total, _) in whole.items():
        assert np.array_equal(first[key][0] + rest[key][0], total)
        assert np.array_equal(total - rest[key][0], first[key][0])


def test_texts_that_are_gone_are_taken_away_while_others_are_added(network: nn.Module) -> None:
    first, rest = learnt(network, TEXTS[:1]), learnt(network, TEXTS[1:])
    moves = {
        read.weights: total.total()
        for read, total in input_sums(network, TEXTS[1:], LINE, less=TEXTS[:1])
    }
    for key, (total, _) in rest.items():
        assert np.array_equal(moves[key], total - first[key][0])


def test_the_model_answers_as_before_afterwards(network: nn.Module) -> None:
    tokens = torch.tensor([LINE])
    with torch.no_grad():
        before = network(input_ids=tokens).logits
        learnt(network, memory=1)
        assert torch.equal(network(input_ids=tokens).logits, before)


@pytest.mark.parametrize(
    ("architecture", "kinds"),
    [
        ("phi3", {"qkv_proj", "o_proj", "gate_up_proj", "down_proj"}),
        ("mixtral", {"q_proj", "k_proj", "v_proj", "o_proj"}),
    ],
)
def test_fused_layers_are_read_and_stacked_experts_and_the_head_are_not(
    architecture: str, kinds: set[str]
) -> None:
    network = tiny_model(tiny_config(architecture, vocab_size=258))
    sums = learnt(network)
    assert {name.split(".")[-2] for weights in sums for name in weights} == kinds
    assert same(sums, learnt(network, memory=1))


def test_every_product_is_a_whole_number() -> None:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(3000, 5, generator=generator)
    total = InputSum("w", 5, grid_of(inputs))
    total.add(inputs)
    whole = total.total()
    assert np.array_equal(whole, whole.round())
    exact = (inputs / total.grid).round().to(torch.int64)
    assert np.array_equal(whole.astype(np.int64), (exact.T @ exact).numpy())


def test_inputs_that_are_not_finite_or_beyond_the_grid_are_refused() -> None:
    with pytest.raises(LexgraftError, match="not finite"):
        InputSum("w", 2, 1.0).add(torch.tensor([[1.0, torch.nan]]))
    total = InputSum("w", 1, 1.0)
    total.add(torch.tensor([[EXACT]]))
    with pytest.raises(LexgraftError, match="exactly"):
        total.total()


def test_other_kinds_of_layers_are_left_out(make_model: ModelMaker) -> None:
    network = load_network(make_model("gpt2", 3), torch.float32).eval()
    assert learnt(network) == {}  # transposed: no linear layers
