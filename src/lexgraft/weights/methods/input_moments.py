"""What a linear layer reads: second moments over two sets of texts, and what tells them apart."""

from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.arrays.shapes import Float64
from lexgraft.arrays.threads import threads

Moments = Float64[Tensor, "input input"]
"""Σ x·xᵀ of the inputs x of a linear layer."""
Projection = Float64[Tensor, "input input"]


class LowRank(NamedTuple):
    """A delta as the product of two thin matrices."""

    up: Float64[Tensor, "row rank"]
    down: Float64[Tensor, "rank input"]


class _System(NamedTuple):
    """What a projection is solved from: α·Q, and the Cholesky factor of C + α·Q + ρ."""

    weighted: Moments
    factor: Float64[Tensor, "input input"]


class InputMoments:
    """The moments of one input over general text and over questions, read when first needed.

    Layers that read the same input share it, and with it the projection, which is solved once.
    """

    def __init__(self, read: Callable[[], tuple[Moments, Moments]]) -> None:
        self._read, self._lock = read, Lock()
        self._solved: tuple[tuple[float, float], Projection] | None = None
        self._system: tuple[tuple[float, float], _System] | None = None

    def projection(self, alpha: float, ridge: float) -> Projection:
        """Return what `projection` makes of the moments; that of the last settings is kept."""
        with self._lock:
            if self._solved is None or self._solved[0] != (alpha, ridge):
                self._solved = None  # two of them need not be in memory
                self._solved = (alpha, ridge), projection(*self._read(), alpha, ridge)
            return self._solved[1]

    def projected(
        self, rows: Float64[Tensor, "rank input"], alpha: float, ridge: float
    ) -> Float64[Tensor, "rank input"]:
        """Return rows · P without P itself: a few rows cost a fraction of the whole matrix."""
        with self._lock:
            if self._system is None or self._system[0] != (alpha, ridge):
                self._system = None
                self._system = (alpha, ridge), _system(*self._read(), alpha, ridge)
            weighted, factor = self._system[1]
        with threads(1):
            return torch.cholesky_solve((rows @ weighted).T, factor).T.contiguous()


def projection(general: Moments, questions: Moments, alpha: float, ridge: float) -> Projection:
    """Return P = α·Q·(C + α·Q + ρ)⁻¹, on what questions use and general text does not nearly I.

    Each moment is first divided by the mean of its diagonal; ρ is `ridge` times the mean of the
    diagonal of C + α·Q. Inputs that no question uses are projected to nothing.

    Raises:
        RuntimeError: moments that are not finite.
    """
    weighted, factor = _system(general, questions, alpha, ridge)
    with threads(1):
        return torch.cholesky_solve(weighted, factor).T.contiguous()


def _system(general: Moments, questions: Moments, alpha: float, ridge: float) -> _System:
    weighted, total = _scaled(questions) * alpha, _scaled(general)
    total += weighted
    diagonal = total.diagonal()
    diagonal += ridge * diagonal.mean()
    if not total.any():  # nothing was read: nothing is let through
        total.fill_diagonal_(1.0)
    with threads(1):
        return _System(weighted, torch.linalg.cholesky(total))


def _scaled(moments: Moments) -> Moments:
    """Return moments divided by the mean of their diagonal; nothing stays nothing."""
    mean = float(moments.diagonal().mean())
    return moments / mean if mean else moments.clone()
