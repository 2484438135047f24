"""How far a model has moved from noted predictions: a divergence, its logits never kept."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from lexgraft.arrays.shapes import Float, Int
from lexgraft.models.float32_head import head_logits
from lexgraft.tuning.answer_loss import NEGLIGIBLE, ROWS

REMAINDER = 1e-6  # the least that all words beside the noted ones count for, together


class WordChances(NamedTuple):
    """The likeliest next words of a model at some tokens, with the logarithms of their chances.

    All other words are one event: their chance is what these leave.
    """

    words: Int[Tensor, "row likeliest"]  # the likeliest first
    logs: Float[Tensor, "row likeliest"]

    def to(self, device: torch.device) -> "WordChances":
        """Return the same on a device."""
        return WordChances(self.words.to(device), self.logs.to(device))


def chances_of(
    states: Float[Tensor, "row hidden"], head: Float[Tensor, "word hidden"], likeliest: int
) -> WordChances:
    """Return the chances of so many of the likeliest words, of all where there are no more."""
    words: list[Tensor] = []
    logs: list[Tensor] = []
    for start in range(0, len(states), ROWS):
        logits = head_logits(states[start : start + ROWS].float(), head)
        highest = logits.topk(min(likeliest, logits.shape[1]), dim=1)
        words.append(highest.indices)
        logs.append(highest.values - _log_mass(logits))
    return WordChances(torch.cat(words), torch.cat(logs))


class HeldDivergence(torch.autograd.Function):
    """Weighted divergence of rows from noted chances, against a frozen head.

    Per row, with p₀ the noted chances of the words K, p the model's, r₀ = 1 - Σ_K p₀ and
    r = 1 - Σ_K p:

        KL = Σ_K p₀ ln(p₀ / p) + r₀ ln(r₀ / r)

    the forward divergence KL(noted ‖ model) with all words outside K taken together: never above
    the divergence over all words, and 0 only where the noted words have kept their chances. (A
    model held to its own earlier predictions: Li and Hoiem 2016, arXiv 1606.09282, §3; how far it
    moves is what it forgets: Shenfeld et al. 2025, arXiv 2509.04259.) The gradient for a logit is
    p - p₀ in K and p (1 - r₀ / r) outside; it is worked out beside the value, as in `AnswerLoss`.
    """

    @staticmethod
    def forward(  # pyright: ignore[reportIncompatibleMethodOverride] (torch's own style)
        ctx: Any,
        rows: Float[Tensor, "row hidden"],
        head: Float[Tensor, "word hidden"],
        words: Int[Tensor, "row likeliest"],
        logs: Float[Tensor, "row likeliest"],
        weights: Float[Tensor, " row"],
    ) -> Float[Tensor, ""]:
        """Return the divergence and keep the gradient."""
        gradient = torch.empty_like(rows)
        total = rows.new_zeros(())
        for start in range(0, len(rows), ROWS):
            block = slice(start, start + ROWS)
            noted = WordChances(words[block], logs[block])
            moved, slope = _block(rows[block], head, noted)
            gradient[block] = slope * weights[block, None]
            total += (moved * weights[block]).sum()
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride] (torch's own style)
        ctx: Any,
        above: Float[Tensor, ""],
    ) -> tuple[Tensor, None, None, None, None]:
        """Return the gradient for the rows only: the head is frozen."""
        (gradient,) = ctx.saved_tensors
        return gradient * above, None, None, None, None


def _block(
    rows: Float[Tensor, "row hidden"], head: Float[Tensor, "word hidden"], noted: WordChances
) -> tuple[Float[Tensor, " row"], Float[Tensor, "row hidden"]]:
    """Return the divergence of each row of a block, and its gradient for them."""
    logits = head_logits(rows, head)
    mass = _log_mass(logits)
    logs = logits.gather(1, noted.words) - mass
    before, after = _remainder(noted.logs), _remainder(logs)
    chances = logits.sub_(mass).exp_().mul_(1 - before / after)
    chances.scatter_(1, noted.words, logs.exp() - noted.logs.exp())
    moving = torch.nonzero(chances.abs().amax(dim=0) > NEGLIGIBLE)[:, 0]
    return _divergence(noted.logs, logs, before, after), chances[:, moving] @ head[moving].float()


def divergence(
    rows: Float[Tensor, "row hidden"],
    head: Float[Tensor, "word hidden"],
    noted: WordChances,
    weights: Float[Tensor, " row"],
) -> Float[Tensor, ""]:
    """Return the same with a gradient for the head as well, its logits kept."""
    logits = head_logits(rows, head)
    logs = logits.log_softmax(dim=1).gather(1, noted.words)
    before, after = _remainder(noted.logs), _remainder(logs)
    return (_divergence(noted.logs, logs, before, after) * weights).sum()


def _divergence(before: Tensor, after: Tensor, rest_before: Tensor, rest_after: Tensor) -> Tensor:
    """Return the divergence of each row: of the noted words, and of all others together."""
    of_words = (before.exp() * (before - after)).sum(dim=1)
    return of_words + (rest_before * (rest_before / rest_after).log())[:, 0]


def _remainder(logs: Float[Tensor, "row likeliest"]) -> Float[Tensor, "row 1"]:
    """Return what noted words leave to all others."""
    return (1 - logs.exp().sum(dim=1, keepdim=True)).clamp(min=REMAINDER)


def _log_mass(logits: Float[Tensor, "row word"]) -> Float[Tensor, "row 1"]:
    return logits.logsumexp(dim=1, keepdim=True)
