"""One model as it is, or scaled."""

from lexgraft.weights.methods.registry import Base, Deltas, Factors, Merged, TensorContext, method


@method(paper="none: a copy, for slices of layers and single tensors", models=(1, 1))
def passthrough(
    base: Base, deltas: Deltas, place: TensorContext, *, scale: Factors = 1.0
) -> Merged:
    """Return s·θ of the only model."""
    return (base + deltas[0]) * place.each(scale)[0]
