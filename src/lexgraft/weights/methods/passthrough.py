"""One model as it is, or scaled."""

from lexgraft.weights.methods.registry import Base, Deltas, Factors, Merged, TensorContext, method


@method(
    paper="none: a copy, for slices of layers and single tensors",
    base="none",
    models=(1, 1),
    anywhere=True,
)
def passthrough(
    base: Base, deltas: Deltas, context: TensorContext, *, scale: Factors = 1.0
) -> Merged:
    """Return s·θ of the only model."""
    return (base + deltas[0]) * context.each(scale)[0]
