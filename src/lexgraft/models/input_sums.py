"""Sums of products of a layer's inputs, exact: the same in any order, on any number of threads."""

from math import floor, log2

import numpy as np
import torch
from torch import Tensor

from lexgraft.arrays.shapes import Float32, Float64
from lexgraft.errors import LexgraftError

GRID_BITS = 16  # below the largest input of the line that sets the grid
ROWS = 1024  # tokens whose products are summed at once: a matrix product, not a row each
EXACT = 2.0**53  # up to here float64 holds every whole number


class InputSum:
    """Σ x·xᵀ over the inputs x of one linear layer, which are rounded to multiples of `grid`.

    So every product and every sum is a whole number of `grid`², which float64 holds exactly: they
    can be added in any order, and taken away again.
    """

    def __init__(self, name: str, size: int, grid: float) -> None:
        self.name, self.grid = name, grid
        self._sum = np.zeros((size, size))
        self._products = np.empty((0, 0))
        self._rows: list[Float32[Tensor, "token input"]] = []
        self._taking = False  # whether these rows are taken away

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
        if take_away != self._taking:
            self._flush()
            self._taking = take_away
        self._rows.append(torch.round(inputs.float().cpu() / self.grid))
        if sum(map(len, self._rows)) >= ROWS:
            self._flush()

    def total(self) -> Float64[np.ndarray, "input input"]:
        """Return the sums so far, in units of `grid`².

        Raises:
            LexgraftError: inputs too far beyond those that set the grid: no longer exact.
        """
        self._flush()
        return exact(self._sum, self.name)

    def _flush(self) -> None:
        if self._rows:
            whole = torch.cat(self._rows).double().numpy()
            if not self._products.size:
                self._products = np.empty_like(self._sum)
            np.dot(whole.T, whole, out=self._products)
            if self._taking:
                np.negative(self._products, out=self._products)
            self._sum += self._products
            self._rows.clear()


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
