"""What the compiled loops must know of a method: one tensor's merge as a record of numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Chances = np.ndarray[Any, np.dtype[np.int32]]
Arc = Callable[[float], tuple[float, tuple[float, ...]]]
"""From the cosine between the two models to the base's scale and the models' weights."""


@dataclass(frozen=True)
class KernelSpec:
    """base · scale + λ · (the sum, or the disjoint merge, of what is left of the deltas)."""

    weights: tuple[float, ...]
    scale: float = 1.0
    lambda_: float = 1.0
    elect: bool = False
    normalize: bool = False
    thresholds: tuple[tuple[int, int], ...] = ()  # (model, k): keep the k largest; surveyed
    band: bool = False  # two thresholds for every model: above the first nothing is kept
    steps: tuple[int, ...] = ()  # chances in 65,536ths, one for every model
    ranked: tuple[Callable[[int], Chances] | None, ...] = ()
    """Per model, from a row's width to the chance of every rank in it; None: all is kept."""
    rescale: bool = False  # divide by the chance
    arc: Arc | None = None  # slerp: the weights come from the angle
    select: float | None = None  # sce: the weights come from the squares

    @property
    def surveys(self) -> bool:
        """Whether something must be known about the whole tensor first."""
        return bool(self.thresholds) or self.arc is not None or self.select is not None
