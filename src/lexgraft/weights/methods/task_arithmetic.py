"""Sum of the models' deltas on the base."""

from lexgraft.weights.methods.ordered_sums import summed, summed_spec
from lexgraft.weights.methods.registry import (
    Base,
    Deltas,
    Factor,
    Factors,
    Merged,
    TensorContext,
    method,
)


@method(paper="arXiv 2212.04089, section 4", native=summed_spec, anywhere=True)
def task_arithmetic(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
    *,
    weight: Factors = 1.0,
    normalize: bool = False,
    lambda_: Factor = 1.0,
) -> Merged:
    """Return base + λ · Σ wᵢ·δᵢ; a negative weight takes a model's ability away.

    With `normalize` the sum is divided by Σ wᵢ. A profile of λ over the depth is LiNeS
    (arXiv 2410.17146, equation 4): `lambda: [α, α + β]`.
    """
    return summed(base, deltas, context, weight, normalize=normalize, lambda_=lambda_)
