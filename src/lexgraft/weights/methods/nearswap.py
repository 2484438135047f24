"""Towards another model, but never farther than a small step."""

from typing import Annotated

from msgspec import Meta

from lexgraft.weights.methods.registry import Base, Deltas, Merged, TensorContext, method
from lexgraft.weights.methods.slerp import two_ends


@method(
    paper="alchemonaut 2024, QuartetAnemoi model card",
    base="optional",
    models=(1, 2),
    anywhere=True,
)
def nearswap(
    base: Base,
    deltas: Deltas,
    _context: TensorContext,
    *,
    t: Annotated[float, Meta(ge=0, le=100)] = 1e-4,
) -> Merged:
    """Return a + min(1, t/|b - a|) · (b - a): b where it is nearer to a than t, or a ± t.

    a and b are the two models; one model alone is b, and the base is a.
    """
    first, second = two_ends(deltas)
    return base + (first + (second - first).clamp(-t, t))
