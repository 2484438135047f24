"""The loss on answer tokens: the output head for the rows that need it, its logits never kept."""

from typing import Any

import torch
from torch import Tensor

from lexgraft.arrays.shapes import Float, Int

ROWS = 128  # rows whose logits live at the same time (128 x 262,144 x 4 bytes = 128 MiB)
NEGLIGIBLE = 2.0**-16  # probabilities below this in every row of a block are left out of gradients


class AnswerLoss(torch.autograd.Function):
    """Weighted cross-entropy of rows against a frozen head: sum_i w_i (logsumexp(z_i) - z_i[t_i]).

    The gradient for the rows, w_i (softmax(z_i) - onehot(t_i)) W, is computed beside the loss, so
    that logits are made once and never kept; words that no row of a block gives a probability
    above `NEGLIGIBLE` are left out of it (gradient filtering: Cut Your Losses, Wijmans et al.
    2024, §4.3).
    """

    @staticmethod
    def forward(  # pyright: ignore[reportIncompatibleMethodOverride] (torch's own style)
        ctx: Any,
        rows: Float[Tensor, "row hidden"],
        head: Float[Tensor, "word hidden"],
        words: Int[Tensor, " row"],
        weights: Float[Tensor, " row"],
    ) -> Float[Tensor, ""]:
        """Return the loss and keep the gradient."""
        gradient = torch.empty_like(rows)
        loss = rows.new_zeros(())
        for start in range(0, len(rows), ROWS):
            part = slice(start, start + ROWS)
            part_loss, gradient[part] = _block(rows[part], head, words[part], weights[part])
            loss += part_loss
        ctx.save_for_backward(gradient)
        return loss

    @staticmethod
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride] (torch's own style)
        ctx: Any,
        above: Float[Tensor, ""],
    ) -> tuple[Tensor, None, None, None]:
        """Return the gradient for the rows only: the head is frozen."""
        (gradient,) = ctx.saved_tensors
        return gradient * above, None, None, None


def _block(
    rows: Float[Tensor, "row hidden"],
    head: Float[Tensor, "word hidden"],
    words: Int[Tensor, " row"],
    weights: Float[Tensor, " row"],
) -> tuple[Float[Tensor, ""], Float[Tensor, "row hidden"]]:
    """Return the loss of a block of rows and its gradient for them."""
    logits = torch.nn.functional.linear(rows, head)
    right = logits.gather(1, words[:, None])[:, 0]
    top = logits.amax(dim=1, keepdim=True)
    chances = logits.sub_(top).exp_()
    mass = chances.sum(dim=1, keepdim=True)
    loss = ((mass.log() + top)[:, 0] - right).mul(weights).sum()
    kept = torch.nonzero(chances.div_(mass).amax(dim=0) > NEGLIGIBLE)[:, 0]
    gradient = chances[:, kept] @ head[kept] - head[words]
    return loss, gradient * weights[:, None]


def answer_loss(
    rows: Float[Tensor, "row hidden"],
    head: Float[Tensor, "word hidden"],
    words: Int[Tensor, " row"],
    weights: Float[Tensor, " row"],
) -> Float[Tensor, ""]:
    """Return the same loss with a gradient for the head as well, its logits kept."""
    logits = torch.nn.functional.linear(rows, head)
    each = torch.nn.functional.cross_entropy(logits, words, reduction="none")
    return (each * weights).sum()
