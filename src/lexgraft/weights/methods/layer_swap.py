"""Outer layers from one model, inner layers from the other."""

from typing import Annotated, Literal

from msgspec import Meta

from lexgraft.errors import LexgraftError
from lexgraft.weights.methods.registry import Base, Deltas, Fraction, Merged, TensorContext, method


@method(paper="arXiv 2410.01335, section 3", anywhere=True)
def layer_swap(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
    *,
    bottom: Fraction = 0.25,
    top: Fraction = 0.75,
    blend: Annotated[int, Meta(ge=0, le=100)] = 1,
    outer: Literal["language", "domain"] = "language",
) -> Merged:
    """Return base + (1-s)·δ_outer + s·δ_inner, s being the inner model's share of the layer.

    `bottom` and `top` are shares of the depth, rounded to layers: below the first and from the
    second on s = 0, between them s = 1, and in the first and last `blend` layers of the middle
    it rises and falls evenly. What belongs to no layer (embeddings, last norm, head) is outer.
    """
    inner = "domain" if outer == "language" else "language"
    if sorted(context.labels) != ["domain", "language"]:
        raise LexgraftError(
            "exactly the models `language` and `domain` are needed", where="layer_swap"
        )
    if bottom > top:
        raise LexgraftError("`bottom` is above `top`", where="layer_swap")
    share = inner_share(
        context.layer, round(bottom * context.layers), round(top * context.layers), blend
    )
    outside, inside = (deltas[context.labels.index(label)] for label in (outer, inner))
    return base + (outside * (1 - share) + inside * share)


def inner_share(layer: int | None, bottom: int, top: int, blend: int) -> float:
    """Return the inner model's share of one layer: 0 outside [bottom, top), at most 1 inside."""
    if layer is None or not bottom <= layer < top:
        return 0.0
    steps = min(layer - bottom, top - 1 - layer) + 1
    return min(1.0, steps / (blend + 1))
