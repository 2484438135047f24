"""How many threads torch computes in, for a while."""

from collections.abc import Generator
from contextlib import contextmanager
from threading import Lock

from lexgraft.arrays.lazy_torch import torch


class _Inside:
    """The counts of the contexts that last, the newest last, and what was before them."""

    def __init__(self) -> None:
        self.turn = Lock()
        self.counts: list[int] = []
        self.before = 0


_INSIDE = _Inside()


@contextmanager
def threads(count: int) -> Generator[None]:
    """Let torch use so many threads while the context lasts.

    In one, products are not split, so their sums are the same on every machine, and a time is the
    thread's own, as none waits for another that other work keeps from running. Torch has one
    number for a process: of contexts side by side the last to end brings the earlier one back.
    """
    with _INSIDE.turn:
        if not _INSIDE.counts:
            _INSIDE.before = torch.get_num_threads()
        _INSIDE.counts.append(count)
        torch.set_num_threads(count)
    try:
        yield
    finally:
        with _INSIDE.turn:
            _INSIDE.counts.remove(count)
            torch.set_num_threads([_INSIDE.before, *_INSIDE.counts][-1])
