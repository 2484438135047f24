"""The loss on answer tokens: the output head for the rows that need it, its logits never kept."""

from typing import Any

import torch
from torch import Tensor

from lexgraft.arrays.shapes import Float, Int
from lexgraft.models.float32_head import head_logits

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
            block = slice(start, start + ROWS)
            block_loss, gradient[block] = _block(rows[block], head, words[block], weights[block])
            loss += block_loss
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
    logits = head_logits(rows, head)
    target_logits = logits.gather(1, words[:, None])[:, 0]
    largest = logits.amax(dim=1, keepdim=True)
    chances = logits.sub_(largest).exp_()
    mass = chances.sum(dim=1, keepdim=True)
    loss = ((mass.log() + largest)[:, 0] - target_logits).mul(weights).sum()
    likely = torch.nonzero(chances.div_(mass).amax(dim=0) > NEGLIGIBLE)[:, 0]
    gradient = chances[:, likely] @ head[likely].float() - head[words].float()
    return loss, gradient * weights[:, None]


def answer_loss(
    rows: Float[Tensor, "row hidden"],
    head: Float[Tensor, "word hidden"],
    words: Int[Tensor, " row"],
    weights: Float[Tensor, " row"],
) -> Float[Tensor, ""]:
    """Return the same loss with a gradient for the head as well, its logits kept."""
    logits = head_logits(rows, head)
    row_losses = torch.nn.functional.cross_entropy(logits, words, reduction="none")
    return (row_losses * weights).sum()
