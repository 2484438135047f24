"""Sums of products of a layer's inputs, exact: the same in any order, on any number of threads."""

from collections.abc import Callable
from math import floor, log2
from threading import Lock
from time import thread_time

import numpy as np
import torch
from torch import Tensor

from lexgraft.arrays.shapes import Float32, Float64
from lexgraft.arrays.threads import threads
from lexgraft.errors import LexgraftError

GRID_BITS = 16  # below the largest input of the line that sets the grid
ROWS = 1024  # tokens whose products are summed at once: a matrix product, not a row each
COLUMNS = 256  # of a strip of the sums: what lies beyond the diagonal's strip is the same again
_TRIED, _TURNS = 1024, 4  # numbers of an input that is timed, and how often
EXACT = 2.0**53  # up to here float64 holds every whole number


class InputSum:
    """Σ x·xᵀ over the inputs x of one linear layer, which are rounded to multiples of `grid`.

    So every product and every sum is a whole number of `grid`², which float64 holds exactly: they
    can be added in any order, by several threads, and taken away again.
    """

    def __init__(self, name: str, size: int, grid: float) -> None:
        self.name, self.grid = name, grid
        self._sum = torch.zeros((size, size), dtype=torch.float64)  # up to the diagonal's strip
        self._rows: list[Float32[Tensor, "token input"]] = []
        self._taking = False  # whether these rows are taken away
        self._turn = Lock()

    def add(self, inputs: Float32[Tensor, "token input"], *, take_away: bool = False) -> None:
        """Add the inputs of some tokens, or take them away.

        Raises:
            LexgraftError: one of them is not finite.
        """
        if not inputs.isfinite().all():
            raise LexgraftError(
                f"the inputs of `{self.name}` are not finite",
                cure="the models and the texts must go together: check that they answer at all",
            )
        whole = torch.round(inputs.float().cpu() / self.grid)
        with self._turn:
            if take_away != self._taking:
                self._flush()
                self._taking = take_away
            self._rows.append(whole)
            if sum(map(len, self._rows)) >= ROWS:
                self._flush()

    def total(self) -> Float64[np.ndarray, "input input"]:
        """Return the sums so far, in units of `grid`².

        Raises:
            LexgraftError: inputs too far beyond those that set the grid: no longer exact.
        """
        with self._turn:
            self._flush()
        sums = self._sum.numpy()
        for start in range(0, len(sums), COLUMNS):
            sums[:start, start : start + COLUMNS] = sums[start : start + COLUMNS, :start].T
        return exact(sums, self.name)

    def _flush(self) -> None:
        """Add the products of the rows that wait, strip by strip, onto the sums themselves."""
        if not self._rows:
            return
        whole, sign = torch.cat(self._rows).double(), -1 if self._taking else 1
        for start in range(0, len(self._sum), COLUMNS):
            stop = start + COLUMNS
            strip = self._sum[start:stop, :stop]
            strip.addmm_(whole[:, start:stop].T, whole[:, :stop], alpha=sign)
        self._rows.clear()


def sum_rate(clock: Callable[[], float] = thread_time) -> float:
    """Return this machine's operations a second in sums, those across the diagonal counted too.

    A few milliseconds of one thread, times the threads: texts are read side by side.
    """
    timed, rows = InputSum("", _TRIED, 1.0), torch.ones(ROWS, _TRIED)
    seconds: list[float] = []
    with threads(1):
        for _ in range(_TURNS):
            timed.add(rows[: ROWS - 1])
            start = clock()
            timed.add(rows[:1])
            seconds.append(clock() - start)
    return torch.get_num_threads() * 2.0 * ROWS * _TRIED**2 / min(seconds)


def exact(
    sums: Float64[np.ndarray, "input input"], name: str
) -> Float64[np.ndarray, "input input"]:
    """Return sums of whole numbers, which float64 holds exactly below 2⁵³.

    Raises:
        LexgraftError: one of them is larger.
    """
    if np.abs(sums.diagonal()).max(initial=0.0) >= EXACT:
        raise LexgraftError(
            f"the inputs of `{name}` are too many, or far too large, to be summed exactly",
            cure="give fewer texts",
        )
    return sums


def grid_of(inputs: Tensor) -> float:
    """Return the power of two that inputs are rounded to multiples of.

    >>> grid_of(torch.tensor([0.3, -5.0])) == 4.0 / 2**GRID_BITS
    True
    """
    largest = float(inputs.abs().max())
    return 2.0 ** (floor(log2(largest)) - GRID_BITS) if largest > 0 else 2.0**-GRID_BITS
