"""Calls side by side: threads that wait for nothing but their own arithmetic."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

R = TypeVar("R")


def side_by_side(calls: Sequence[Callable[[], R]], threads: int) -> Iterator[R]:
    """Yield what the calls return, in their order; `threads` are shared out among them.

    One call per core beats one call on all cores: within a call the cores would wait for one
    another after every matrix product, and where one of them is slow or taken away, all stand
    still. A number a call returns does not depend on which others run.

    Raises:
        Exception: what the first call to fail has raised; those not yet begun never are.
    """
    workers = min(threads, len(calls))
    if workers <= 1:
        for call in calls:
            yield call()
        return
    with ThreadPoolExecutor(workers, initializer=_share, initargs=(threads // workers,)) as pool:
        running = [pool.submit(call) for call in calls]
        try:
            for future in running:
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _share(threads: int) -> None:
    """Let this thread, and no other, compute on so many cores."""
    torch.set_num_threads(threads)
