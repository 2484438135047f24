"""States of the last layer, and how far they have moved."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from lexgraft.models.folder_loading import load_network
from lexgraft.models.last_states import distance, last_states, progress_towards


def test_states_are_what_the_head_reads(make_model: Callable[..., Path]) -> None:
    network = load_network(make_model("llama", 3), torch.float32).eval()
    rows = [[0, 5, 9, 44], [0, 7]]
    states = last_states(network, rows)
    assert len(states) == 3 + 1
    head = network.get_output_embeddings()  # pyright: ignore[reportCallIssue]
    with torch.no_grad():
        logits = network(input_ids=torch.tensor(rows[:1])).logits[0, 1:]
        torch.testing.assert_close(head(states[:3]), logits)


def test_moves_by_hand() -> None:
    start = torch.tensor([[3.0, 4.0], [0.0, 0.0]])
    donor = torch.tensor([[3.0, 6.0], [0.0, 0.0]])
    half_way = torch.tensor([[3.0, 5.0], [1.0, 0.0]])
    assert progress_towards(start, half_way, donor) == pytest.approx(
        0.5
    )  # what is across counts for nothing
    assert progress_towards(start, start, donor) == 0
    assert progress_towards(start, donor, donor) == 1
    assert distance(start, half_way) == pytest.approx(2**0.5 / 5)
