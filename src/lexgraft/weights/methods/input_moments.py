"""What a linear layer reads: second moments over two sets of texts, and what tells them apart."""

from collections.abc import Callable
from threading import Lock

from lexgraft.arrays.lazy_torch import Tensor, torch
from lexgraft.arrays.shapes import Float64
from lexgraft.arrays.threads import threads

Moments = Float64[Tensor, "input input"]
"""Σ x·xᵀ of the inputs x of a linear layer."""
Projection = Float64[Tensor, "input input"]


class InputMoments:
    """The moments of one input over general text and over questions, read when first needed.

    Layers that read the same input share it, and with it the projection, which is solved once.
    """

    def __init__(self, read: Callable[[], tuple[Moments, Moments]]) -> None:
        self._read, self._lock = read, Lock()
        self._solved: tuple[tuple[float, float], Projection] | None = None

    def projection(self, alpha: float, ridge: float) -> Projection:
        """Return what `projection` makes of the moments; that of the last settings is kept."""
        with self._lock:
            if self._solved is None or self._solved[0] != (alpha, ridge):
                self._solved = None  # two of them need not be in memory
                self._solved = (alpha, ridge), projection(*self._read(), alpha, ridge)
            return self._solved[1]


def projection(general: Moments, questions: Moments, alpha: float, ridge: float) -> Projection:
    """Return P = α·Q·(C + α·Q + ρ)⁻¹, on what questions use and general text does not nearly I.

    Each moment is first divided by the mean of its diagonal; ρ is `ridge` times the mean of the
    diagonal of C + α·Q. Inputs that no question uses are projected to nothing.

    Raises:
        RuntimeError: moments that are not finite.
    """
    weighted, total = _scaled(questions) * alpha, _scaled(general)
    total += weighted
    diagonal = total.diagonal()
    diagonal += ridge * diagonal.mean()
    if not weighted.any():
        return weighted
    with threads(1):
        return torch.cholesky_solve(weighted, torch.linalg.cholesky(total)).T.contiguous()


def _scaled(moments: Moments) -> Moments:
    """Return moments divided by the mean of their diagonal; nothing stays nothing."""
    mean = float(moments.diagonal().mean())
    return moments / mean if mean else moments.clone()
