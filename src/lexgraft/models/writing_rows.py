"""Rows that write: new tokens as likely as text has them, in the contexts that the base knows."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lexgraft.models.lessons import Base, Lesson, Truth
from lexgraft.models.quiet import Places, Rows, mean_direction, settled_rows
from lexgraft.shapes import Bool, Float32, Int64

STEPS = 60  # at most; the best on lessons held back is kept
RATE = 0.01  # of the mean length of the rows, per step of Adam
HELD_BACK = 5  # every so many lessons
FREE, TIED = (0.0, 0.5, 1.0), (0.0, 0.25)  # shares of the first piece's row in a row's beginning
OTHERS = 4  # every so many contexts in which an old token comes next are looked at


class Contexts(NamedTuple):
    """Places of lessons: what the base makes of them, and which new token comes next."""

    hidden: Float32[Tensor, "place long"]  # with a column of ones where the head has a bias
    total: Float32[Tensor, " place"]  # log of the sum of exp(logit) over the base's vocabulary
    follow: Int64[Tensor, " place"]  # the new token's place among the new; -1: an old one
    weight: Float32[Tensor, " place"]
    held: Bool[Tensor, " place"]  # of lessons that are held back

    def places(self) -> Places:
        """Return the places without what comes next."""
        return Places(self.hidden, self.total)

    def shown(self, count: int) -> Bool[Tensor, " new"]:
        """Return which of so many new tokens come next somewhere."""
        found = torch.zeros(count, dtype=torch.bool)
        found[self.follow[self.follow >= 0]] = True
        return found

    def settle(self, base: Base, rows: Float32[Tensor, "new long"]) -> Float32[Tensor, "new long"]:
        """Return rows shifted along what all contexts share: each as likely as it comes."""
        direction = mean_direction(self.hidden, bias=base.biased)
        return settled_rows(base, rows, self.places(), self.weight, self.follow, direction)

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


def contexts(
    lessons: Sequence[Lesson], truths: Sequence[Truth], first: int, *, bias: bool = False
) -> Contexts:
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
    whole = torch.stack(hidden)
    if bias:
        whole = nn.functional.pad(whole, (0, 1), value=1.0)
    named = torch.tensor(follow, dtype=torch.int64)
    weight = torch.where(named < 0, float(OTHERS), 1.0)
    return Contexts(whole, torch.stack(total), named, weight, torch.tensor(held, dtype=torch.bool))


def fit_writing(
    base: Base, known: Contexts, start: Rows, opening: Float32[Tensor, "new width"] | None = None
) -> tuple[Float32[Tensor, "new long"], list[float]]:
    """Return output rows by which the new tokens are written, and the held-back loss per step.

    The rows begin between their start and those of the pieces that words begin with, each as likely
    as it comes. Then Adam on all contexts at once. What is best on lessons held back counts, so
    that few contexts of a token are not learned by heart. Without a new token in those, all count.
    """
    judged = known.held if bool((known.follow[known.held] >= 0).any()) else ~known.held
    best = _begun(base, known, start, opening, judged)
    rows, shown = best.clone().requires_grad_(), known.shown(len(best))
    adam = torch.optim.Adam([rows], lr=RATE * float(best.norm(dim=1).mean()) / best.shape[1] ** 0.5)
    losses: list[float] = []
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


def _begun(
    base: Base, known: Contexts, start: Rows, opening: Tensor | None, judged: Tensor
) -> Float32[Tensor, "new long"]:
    """Return the best of some rows to begin with, each likely as often as its token comes."""
    shares = (0.0,) if opening is None else TIED if start.outputs is None else FREE
    tried: list[tuple[float, Tensor]] = []
    for share in shares:
        rows = start if opening is None else start.towards(opening, share)
        head = known.settle(base, rows.head)
        tried.append((float(known.loss(base, head, judged)), head))
    return min(tried, key=lambda one: one[0])[1]
