"""The head of a model in bfloat16 is computed in float32: against float64, and in every forward."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch

from lexgraft.models.agreed_trees import AgreedTrees
from lexgraft.models.float32_head import head_logits, widen_head
from lexgraft.models.folder_loading import load_network
from lexgraft.models.scoring import score_plainly
from lexgraft.models.token_tree import build_rows

Maker = Callable[..., Path]


def test_logits_are_those_of_the_stored_numbers_up_to_the_rounding_of_float32_sums() -> None:
    generator = torch.Generator().manual_seed(1)
    weight = torch.randn(9001, 64, generator=generator).bfloat16()
    states, bias = torch.randn(3, 64, generator=generator).bfloat16(), torch.randn(9001).bfloat16()
    exact = states.double() @ weight.double().T + bias.double()
    wide = head_logits(states, weight, bias)
    assert wide.dtype == torch.float32
    assert float((wide - exact).abs().max()) < 1e-4
    rounded = torch.nn.functional.linear(states, weight, bias)
    assert float((rounded - exact).abs().max()) > 1e-2


@pytest.mark.parametrize("architecture", ["gemma3", "llama", "gpt2"])
def test_every_forward_of_a_half_network_ends_in_float32(
    make_model: Maker, architecture: str
) -> None:
    network: Any = load_network(make_model(architecture, 3), torch.bfloat16).eval()
    before, tokens = deepcopy(network), torch.tensor([[3, 1, 4, 1, 5]])
    widen_head(network)
    with torch.inference_mode():
        wide, narrow = network(input_ids=tokens).logits, before(input_ids=tokens).logits
        assert (wide.dtype, narrow.dtype) == (torch.float32, torch.bfloat16)
        assert float((wide - narrow.float()).abs().max()) < 0.02 * float(narrow.abs().max())
        rows = [*build_rows([3, 1, 4], [[5, 6], [7]], 1024)]
        trees = AgreedTrees(network, 1024, None, "bfloat16")
        assert trees.shares
        pairs = zip(trees.score(rows), score_plainly(network, rows), strict=True)
    apart = [
        abs(a.logprob - b.logprob) for one, two in pairs for a, b in zip(one, two, strict=True)
    ]
    assert max(apart) < 0.05


def test_a_network_in_float32_keeps_its_own_head(make_model: Maker) -> None:
    network: Any = load_network(make_model("llama", 3), torch.float32)
    widen_head(network)
    assert "forward" not in vars(network.get_output_embeddings())
