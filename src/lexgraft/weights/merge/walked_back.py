"""A merge walked back towards the recipient: a share of the way, whatever the method."""

from dataclasses import replace
from typing import Any

from lexgraft.weights.methods import Method
from lexgraft.weights.methods.registry import Base, Deltas, Merged, TensorContext


def walked_back(method: Method, share: float) -> Method:
    """Return a method that goes only a share of the way from the first model to its merge.

    With G = base + δ₁ and the method's own merge C it returns G + share·(C - G), in float32 before
    anything is rounded (WiSE-FT, arXiv 2109.01903, with G for the model one starts from).

    Args:
        method: any method; its compiled loops do not know shares and are not used.
        share: from 0, which is the first model, to 1, which is the method itself.
    """
    if share == 1:
        return method

    def combine(
        base: Base, deltas: Deltas, context: TensorContext, *survey: object, **values: Any
    ) -> Merged:
        start = base + deltas[0]
        return start + share * (method.combine(base, deltas, context, *survey, **values) - start)

    return replace(method, combine=combine, native=None)
