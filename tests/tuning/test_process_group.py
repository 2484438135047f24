"""A process alone, and the parts of a batch; several of them are tried in `adopt`."""

import torch

from lexgraft.tuning.process_group import ALONE, ProcessGroup, joined_processes


def test_the_parts_of_a_batch_are_the_batch() -> None:
    rows = list(range(7))
    parts = [ProcessGroup(rank, 3).local_rows(rows) for rank in range(3)]
    assert sorted(row for part in parts for row in part) == rows
    assert ALONE.local_rows(rows) == rows


def test_alone_nothing_is_joined_and_gradients_stay() -> None:
    weight = torch.nn.Parameter(torch.tensor([2.0]))
    loss = (weight * 3).sum()
    loss.backward()
    with joined_processes() as group:
        assert group is ALONE
        assert group.sum_gradients(loss, [weight]) == 6.0
        group.wait()
    assert weight.grad is not None
    assert weight.grad.item() == 3.0
