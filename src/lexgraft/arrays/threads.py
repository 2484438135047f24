"""How many threads torch computes in, for a while."""

from collections.abc import Generator
from contextlib import contextmanager

from lexgraft.arrays.lazy_torch import torch


@contextmanager
def threads(count: int) -> Generator[None]:
    """Let torch use so many threads while the context lasts.

    In one, products are not split, so their sums are the same on every machine, and a time is the
    thread's own, as none waits for another that other work keeps from running.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
