"""What an architecture does to logits after its output head: a scale, then a soft cap."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from lexgraft.arrays.shapes import Float

NEAR_CAP = 0.9999  # share of a soft cap up to which it is inverted; at the cap that is infinite


class LogitTransform(NamedTuple):
    """Scale and soft cap of a model's logits; both None for most architectures."""

    scale: float | None  # Cohere's factor, or one over Granite's divisor
    softcap: float | None  # Gemma 2's: logits stay within (-softcap, softcap)

    @classmethod
    def of(cls, config: Any) -> "LogitTransform":
        """Return what a text model's `transformers` configuration says."""
        divisor: float | None = getattr(config, "logits_scaling", None)
        factor: float | None = getattr(config, "logit_scale", None)
        softcap: float | None = getattr(config, "final_logit_softcapping", None)
        return cls(factor if divisor is None else 1 / divisor, softcap)

    def apply(self, logits: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Return scaled and soft-capped logits: cap · tanh(scale · logit / cap)."""
        if self.scale is not None:
            logits = logits * self.scale
        if self.softcap is None:
            return logits
        return torch.tanh(logits / self.softcap) * self.softcap

    def invert(self, logits: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Return the head's logits that `apply` makes these of.

        What lies beyond the soft cap, which no logit reaches, is taken as just within it.
        """
        if self.softcap is not None:
            within = (logits / self.softcap).clamp(-NEAR_CAP, NEAR_CAP)
            logits = torch.atanh(within) * self.softcap
        return logits if self.scale is None else logits / self.scale
