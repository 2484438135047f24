"""Several processes that train one model: their ranks, and gradients summed over them."""

import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
from torch import Tensor, distributed, nn

from lexgraft.errors import LexgraftError

Row = TypeVar("Row")
_PATIENCE = timedelta(minutes=30)  # of those who wait for the first process to prepare


@dataclass(frozen=True)
class ProcessGroup:
    """This process among those that train together; alone unless started by `torchrun`."""

    rank: int = 0
    size: int = 1
    device: str = ""  # "": where the model lies

    @property
    def first(self) -> bool:
        """Return whether this process is the one that writes."""
        return self.rank == 0

    def local_rows(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows of a batch that this process works on."""
        return rows[self.rank :: self.size]

    def wait(self) -> None:
        """Block until every process has called this."""
        if self.size > 1:
            distributed.barrier()

    def sum_gradients(self, loss: Tensor, parameters: Iterable[Tensor]) -> float:
        """Sum the gradients over the processes, in place, and return the summed loss."""
        if self.size == 1:
            return loss.item()
        weights = list(parameters)
        gradients = [
            torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in weights
        ]
        flat = torch.cat([tensor.reshape(-1) for tensor in (*gradients, loss.detach())])
        distributed.all_reduce(flat)
        sizes = [tensor.numel() for tensor in (*weights, loss)]
        for weight, gradient in zip(weights, flat.split(sizes)[:-1], strict=True):
            weight.grad = gradient.view_as(weight)
        return flat[-1].item()


ALONE = ProcessGroup()


@contextmanager
def joined_processes() -> Generator[ProcessGroup]:
    """Join the processes that `torchrun` started, each on a GPU of its own where there are some."""
    if "LOCAL_RANK" not in os.environ:
        yield ALONE
        return
    device = "cpu"
    if torch.cuda.is_available():
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    distributed.init_process_group("gloo" if device == "cpu" else "nccl", timeout=_PATIENCE)
    try:
        yield ProcessGroup(distributed.get_rank(), distributed.get_world_size(), device)
    finally:
        distributed.destroy_process_group()


def shard(model: nn.Module, group: ProcessGroup) -> None:
    """Let every process keep its part of each layer's frozen weights only (FSDP).

    Layers are gathered for the time they compute (Zhao et al. 2023, arXiv 2304.11277, §3.2); the
    embedding and the head stay whole.

    Raises:
        LexgraftError: the model has no list of layers.
    """
    if group.size == 1:
        return
    from torch.distributed.fsdp import fully_shard

    lists = [module for module in model.modules() if isinstance(module, nn.ModuleList)]
    if not lists:
        raise LexgraftError(
            f"{type(model).__name__} has no list of layers", cure="tune it in one process"
        )
    for layer in max(lists, key=len):
        fully_shard(layer)
