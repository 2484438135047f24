"""Rows that write: new tokens as likely as text has them, in the contexts that the base knows."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from lexgraft.models.lessons import Base, Lesson, Truth
from lexgraft.shapes import Bool, Float32, Int64

STEPS = 60  # at most; the best on lessons held back is kept
RATE = 0.01  # of the mean length of the rows, per step of Adam
HELD_BACK = 5  # every so many lessons
OTHERS = 4  # every so many contexts in which an old token comes next are looked at


class Contexts(NamedTuple):
    """Places of lessons: what the base makes of them, and which new token comes next."""

    hidden: Float32[Tensor, "place width"]
    total: Float32[Tensor, " place"]  # log of the sum of exp(logit) over the base's vocabulary
    follow: Int64[Tensor, " place"]  # the new token's place among the new; -1: an old one
    weight: Float32[Tensor, " place"]
    held: Bool[Tensor, " place"]  # of lessons that are held back

    def loss(
        self, base: Base, rows: Float32[Tensor, "new width"], at: Bool[Tensor, " place"]
    ) -> Float32[Tensor, ""]:
        """Return the nats that new tokens cost at some places, per new token there.

        Where an old token comes next, what the new rows take from it: softmax over the base's
        vocabulary and the new rows.
        """
        total, follow = self.total[at], self.follow[at]
        logits = base.finish(self.hidden[at] @ rows.T)
        whole = torch.logaddexp(total, logits.logsumexp(1))
        own = logits.gather(1, follow.clamp(min=0).unsqueeze(1)).squeeze(1)
        cost = whole - torch.where(follow >= 0, own, total)
        return (cost * self.weight[at]).sum() / (follow >= 0).sum().clamp(min=1)

    def slope(self, base: Base, rows: Float32[Tensor, "new width"]) -> Float32[Tensor, "new width"]:
        """Return the slope of the loss at the places that are not held back."""
        leaf = rows.clone().requires_grad_()
        self.loss(base, leaf, ~self.held).backward()
        assert leaf.grad is not None
        return leaf.grad


def contexts(lessons: Sequence[Lesson], truths: Sequence[Truth], first: int) -> Contexts:
    """Return the places of lessons, thinned where an old token comes next."""
    hidden, total, follow, held = list[Tensor](), list[Tensor](), list[int](), list[bool]()
    others = 0
    for number, (lesson, truth) in enumerate(zip(lessons, truths, strict=True)):
        for place, at in enumerate(lesson.new_places):
            if at + 1 == len(lesson.new):
                continue
            following = lesson.new[at + 1] - first
            others += following < 0
            if following < 0 and others % OTHERS:
                continue
            hidden.append(truth.hidden[place])
            total.append(truth.total[place])
            follow.append(max(following, -1))
            held.append(number % HELD_BACK == 0)
    named = torch.tensor(follow, dtype=torch.int64)
    weight = torch.where(named < 0, float(OTHERS), 1.0)
    return Contexts(
        torch.stack(hidden), torch.stack(total), named, weight, torch.tensor(held, dtype=torch.bool)
    )


def fit_writing(
    base: Base, known: Contexts, start: Float32[Tensor, "new width"]
) -> tuple[Float32[Tensor, "new width"], list[float]]:
    """Return output rows by which the new tokens are written, and the held-back loss per step.

    Adam on all contexts at once; the step that is best on lessons held back counts, so that few
    contexts of a token are not learned by heart. Without a new token in those, the last one counts.
    """
    rows = start.clone().requires_grad_()
    shown = torch.zeros(len(start), dtype=torch.bool)
    shown[known.follow[known.follow >= 0]] = True
    adam = torch.optim.Adam(
        [rows], lr=RATE * float(start.norm(dim=1).mean()) / start.shape[1] ** 0.5
    )
    judged = known.held if bool((known.follow[known.held] >= 0).any()) else ~known.held
    best, losses = start.clone(), list[float]()
    for _ in range(STEPS + 1):
        with torch.no_grad():
            losses.append(float(known.loss(base, rows, judged)))
        if losses[-1] == min(losses):
            best = rows.detach().clone()
        adam.zero_grad()
        known.loss(base, rows, ~known.held).backward()
        assert rows.grad is not None
        rows.grad[~shown] = 0
        adam.step()
    return best, losses
