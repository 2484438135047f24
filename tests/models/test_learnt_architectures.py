"""Guided merges over causal architectures: what is learnt is what plain forwards read.

One of each kind; `EVERY_ARCHITECTURE=1 pytest -m slow` with this file takes all that there are.
"""

import os
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from causal_architectures import NOT_CAUSAL, build, names
from torch import nn

from lexgraft.models.linear_inputs import MEMORY, input_sums

pytestmark = pytest.mark.slow

TEXTS = [[[3, 5, 9, 44, 7, 11, 12]], [[8, 70, 71, 72, 73, 74, 75, 76, 77]]]
LINE = [0, 9, 20, 33, 44, 55, 66, 77]
KINDS = [
    *("gemma3n_text", "gemma4_text", "zamba", "hrm_text", "mixtral", "mamba", "falcon_h1", "gptj"),
    *("deepseek_v3", "rwkv", "gpt2", "zaya", "recurrent_gemma", "jetmoe", "inkling_text", "bart"),
]
CHOSEN = (
    [name for name in names() if name not in NOT_CAUSAL]
    if "EVERY_ARCHITECTURE" in os.environ
    else KINDS
)
NOTHING = frozenset({"gpt2", "openai-gpt", "hrm_text"})
"""Architectures of which nothing is learnt: transposed layers, or layers that run several times."""
Sums = dict[tuple[str, ...], np.ndarray]


def learnt(network: nn.Module, memory: int = MEMORY) -> Sums:
    read = input_sums(network, TEXTS, LINE, memory)
    return {one.weights: total.total() * one.grid**2 for one, total in read}


def plain(network: Any, weights: list[str]) -> tuple[dict[str, np.ndarray], Counter[str]]:
    """Return Σ x·xᵀ in float64 of what linear layers are given, and how often each was called."""
    rows: dict[str, list[torch.Tensor]] = {}
    calls: Counter[str] = Counter()

    def listen(weight: str) -> Any:
        def note(_: nn.Module, given: tuple[torch.Tensor, ...]) -> None:
            calls[weight] += 1
            rows.setdefault(weight, []).append(given[0].reshape(-1, given[0].shape[-1]).double())

        return note

    for weight in weights:
        module = network.get_submodule(weight.removesuffix(".weight"))
        module.register_forward_pre_hook(listen(weight))
    with torch.no_grad():
        for text in TEXTS:
            network.base_model(input_ids=torch.tensor(text), use_cache=False)
    joined = {weight: torch.cat(found).numpy() for weight, found in rows.items()}
    return {weight: found.T @ found for weight, found in joined.items()}, calls


def check(network: nn.Module) -> Sums:
    sums, pieces = learnt(network), learnt(network, memory=1)
    assert sums.keys() == pieces.keys()
    assert all(np.array_equal(total, pieces[key]) for key, total in sums.items())
    weights = [name for group in sums for name in group]
    assert len(weights) == len(set(weights))
    expected, calls = plain(network, weights)
    assert all(count == len(TEXTS) for count in calls.values())
    for group, total in sums.items():
        for weight in group:
            error = np.linalg.norm(total - expected[weight])
            assert error < 1e-3 * np.linalg.norm(expected[weight]), weight
    return sums


@pytest.mark.parametrize("name", CHOSEN)
def test_what_is_learnt_of_an_architecture_is_what_plain_forwards_read(name: str) -> None:
    assert bool(check(build(name))) == (name not in NOTHING)


def test_layers_that_share_keys_and_values_are_run_again_not_skipped() -> None:
    assert check(build("gemma3n_text", num_kv_shared_layers=2))


def test_weights_that_several_places_share_are_left_out() -> None:
    weights = {name for group in check(build("zamba2")) for name in group}
    assert not any("shared_transformer" in name for name in weights)
    assert any("mamba" in name for name in weights)
