"""The donor's change for those inputs that glossary questions use and general text does not."""

from typing import Annotated

from msgspec import Meta

from lexgraft.arrays.lazy_torch import torch
from lexgraft.arrays.threads import threads
from lexgraft.weights.methods.registry import (
    Base,
    Deltas,
    Factor,
    Merged,
    TensorContext,
    method,
)

Strength = Annotated[float, Meta(gt=0, le=100)]
Ridge = Annotated[float, Meta(gt=0, le=1)]


@method(
    paper="least squares over inputs, after arXiv 2212.09849, section 3",
    unit="tensor",
    models=(2, 2),
    learns=True,
)
def guided_inputs(
    base: Base,
    deltas: Deltas,
    context: TensorContext,
    *,
    alpha: Strength = 0.03,
    beta: Factor = 1.5,
    gamma: Factor = 1.0,
    ridge: Ridge = 0.001,
) -> Merged:
    """Return base + δ₁ + (β·δ₂ - γ·δ₁)·P, P = α·Q·(C + α·Q + ρ)⁻¹.

    C = E x·xᵀ over inputs x of general text, Q over inputs of questions about the terms: the least
    squares answer to "act as the first model on general text, as base + (1 - γ)·δ₁ + β·δ₂ on the
    questions, which weigh α". Both are scaled to mean variance 1; ρ is `ridge` times the mean of
    the diagonal of C + α·Q. What nothing was learnt about (embeddings, norms, a head, stacked
    experts) is the first model's: base + δ₁.
    """
    recipient, donor = deltas
    if context.inputs is None or base.ndim != len(("rows", "inputs")):
        return base + recipient
    of_recipient, of_donor = context.low_rank() or (None, None)
    with threads(1):
        if of_recipient is None or of_donor is None:
            wanted = donor.double() * beta - recipient.double() * gamma
            change = wanted @ context.inputs.projection(alpha, ridge)
        else:  # thin factors are projected: (Σ Bᵢ·Aᵢ)·P = Σ Bᵢ·(Aᵢ·P)
            down = torch.cat([of_donor.down * beta, of_recipient.down * -gamma])
            up = torch.cat([of_donor.up, of_recipient.up], dim=1)
            change = up @ context.inputs.projected(down, alpha, ridge)
    return (base.double() + recipient + change).float()
