"""A donor's rows in the base's space: sparse combinations of shared tokens (arXiv 2506.06607)."""

import torch
from torch import Tensor

from lexgraft.arrays.shapes import Float, Int

NONZERO = 64  # tokens that one row is combined of, as in the paper
BATCH = 256  # rows fitted together
_RIDGE = 1e-6  # keeps equal anchors from making the fit singular


def combine(
    donor: Float[Tensor, "new donor_width"],
    donor_shared: Float[Tensor, "shared donor_width"],
    base_shared: Float[Tensor, "shared base_width"],
    nonzero: int = NONZERO,
) -> Float[Tensor, "new base_width"]:
    """Return donor rows written in the donor's shared tokens, with the base's put in their place.

    Orthogonal matching pursuit (section 3): of all shared tokens, the one most parallel to what is
    left joins, all coefficients are fitted again, `nonzero` times.
    """
    rows: list[Tensor] = []
    for block in donor.split(BATCH):
        chosen, factors = pursue(block, donor_shared, nonzero)
        rows.append((base_shared[chosen] * factors.unsqueeze(-1)).sum(1))
    return torch.cat(rows) if rows else base_shared.new_zeros(0, base_shared.shape[1])


def pursue(
    targets: Float[Tensor, "new width"], anchors: Float[Tensor, "shared width"], nonzero: int
) -> tuple[Int[Tensor, "new chosen"], Float[Tensor, "new chosen"]]:
    """Return which anchors each target is combined of, and their factors."""
    count = min(nonzero, *anchors.shape)
    candidates = torch.nn.functional.normalize(anchors, dim=1)
    chosen = torch.zeros(len(targets), 0, dtype=torch.int64)
    factors = targets.new_zeros(len(targets), 0)
    residual = targets
    for _ in range(count):
        near = (residual @ candidates.T).abs_()
        near.scatter_(1, chosen, -1.0)
        chosen = torch.cat([chosen, near.argmax(1, keepdim=True)], 1)
        factors = _fit(targets, anchors[chosen])
        residual = targets - (anchors[chosen] * factors.unsqueeze(-1)).sum(1)
    return chosen, factors


def _fit(
    targets: Float[Tensor, "new width"], chosen: Float[Tensor, "new chosen width"]
) -> Float[Tensor, "new chosen"]:
    """Return the least-squares factors of each target's own anchors."""
    gram = (chosen @ chosen.mT).double()
    scale = gram.diagonal(dim1=1, dim2=2).mean(1).clamp_min(1e-30)
    gram.diagonal(dim1=1, dim2=2).add_(_RIDGE * scale.unsqueeze(1))
    right = (chosen @ targets.unsqueeze(-1)).double()
    return torch.linalg.solve(gram, right).squeeze(-1).to(targets.dtype)
