"""Token distillation (arXiv 2505.20133): new rows that write and read like the old cut."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lexgraft.errors import UserError
from lexgraft.models.lessons import Base, Lesson, Truth
from lexgraft.models.writing_rows import Contexts, contexts, fit_writing
from lexgraft.records import Progress, digest, silent
from lexgraft.shapes import Bool, Float32

BATCH = 8  # texts per step of reading
RATE = 0.01  # of the mean length of the rows, per step at the start; it falls to 0
KEPT = 4_096  # lessons, at most
_MEAN, _SQUARE, _LEAST = 0.9, 0.999, 1e-12  # of Adam (arXiv 1412.6980)


class Fitted(NamedTuple):
    """Rows that were fitted, for the tokens that texts show."""

    inputs: Float32[Tensor, "new width"]
    outputs: Float32[Tensor, "new width"] | None  # None: the inputs, for the head is tied to them
    reading: list[float]  # per step: how far hidden states are from the old cut's
    writing: list[float]  # per step: nats by which a new token costs, on lessons held back


class _Adam:
    """Adam for rows that only some steps show: the others keep their values and their moments."""

    def __init__(self, rows: Float32[Tensor, "new width"]) -> None:
        self.rows = rows.clone()
        self._rate = RATE * float(rows.norm(dim=1).mean()) / rows.shape[1] ** 0.5
        self._mean, self._square = torch.zeros_like(rows), torch.zeros_like(rows)
        self._steps = torch.zeros(len(rows), 1)

    def step(
        self, slope: Float32[Tensor, "new width"], shown: Bool[Tensor, " new"], part: float
    ) -> None:
        """Move the rows that were shown, by a part of the rate."""
        own = slope[shown]
        self._steps[shown] += 1
        self._mean[shown] = _MEAN * self._mean[shown] + (1 - _MEAN) * own
        self._square[shown] = _SQUARE * self._square[shown] + (1 - _SQUARE) * own.square()
        count = self._steps[shown]
        mean = self._mean[shown] / (1 - _MEAN**count)
        square = self._square[shown] / (1 - _SQUARE**count)
        self.rows[shown] -= part * self._rate * mean / (square.sqrt() + _LEAST)


def distil_rows(
    model: nn.Module,
    lessons: Sequence[Lesson],
    inputs: Float32[Tensor, "new width"],
    outputs: Float32[Tensor, "new width"] | None,
    first: int,
    steps: int,
    progress: Progress = silent,
) -> Fitted:
    """Return rows by which the new cut is written and read as the old one was.

    Writing first: `fit_writing` on what the base makes of every lesson. Then `steps` batches of
    reading (section 3): the squared difference of the last hidden states, relative to their size,
    at every place from a new token on. A row that is both input and output follows the sum of both
    slopes, each brought to length one. Only the rows of tokens that a text shows are changed.

    Args:
        model: The base model; it is teacher and student.
        lessons: Texts cut both ways.
        inputs: The rows to begin with, by id from `first` on.
        outputs: The head's rows to begin with; None: they are the inputs.
        first: The first new id.
        steps: How many batches of reading; with 0 rows are fitted for writing alone.
        progress: Called per lesson and per step.

    Raises:
        UserError: no text shows a new token.
    """
    if not lessons:
        raise UserError("no text shows a new token", cure="distil on text that has the words")
    order = sorted(range(len(lessons)), key=lambda number: digest("lesson", number))[:KEPT]
    taken, base, truths = [lessons[number] for number in order], Base(model), list[Truth]()
    for number, lesson in enumerate(taken):
        progress("reading the old cut", number, len(taken))
        truths.append(base.truth(lesson))
    known = contexts(taken, truths, first)
    written, writing = fit_writing(base, known, inputs if outputs is None else outputs)
    student = _Student(base, taken, truths, known, first)
    rows, reading = student.read(inputs, written, steps, tied=outputs is None, progress=progress)
    return Fitted(rows, None if outputs is None else written, reading, writing)


class _Student(NamedTuple):
    """The base with new rows, and the lessons that it reads."""

    base: Base
    lessons: list[Lesson]
    truths: list[Truth]
    known: Contexts
    first: int

    def read(
        self, inputs: Tensor, written: Tensor, steps: int, *, tied: bool, progress: Progress
    ) -> tuple[Tensor, list[float]]:
        """Return input rows after steps of reading, and the loss of every step."""
        adam, losses, order = _Adam(written if tied else inputs), list[float](), list[int]()
        for step in range(steps):
            progress("distilling", step, steps)
            if len(order) < BATCH:
                count = range(len(self.lessons))
                order += sorted(count, key=lambda n, at=step: digest("distil", at, n))
            batch, order = order[:BATCH], order[BATCH:]
            leaf = adam.rows.clone().requires_grad_()
            loss = torch.stack([self._apart(number, leaf) for number in batch]).mean()
            loss.backward()
            losses.append(float(loss.detach()))
            slope = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
            if tied:
                slopes = (slope, self.known.slope(self.base, adam.rows))
                slope = sum((nn.functional.normalize(one, dim=1) for one in slopes), slope * 0)
            adam.step(slope, self._shown(batch, len(inputs)), 1 - step / steps)
        return adam.rows, losses

    def _apart(self, number: int, rows: Tensor) -> Float32[Tensor, ""]:
        """Return how far the new cut leads from where the old one leads, relative to the latter."""
        lesson, truth = self.lessons[number], self.truths[number]
        found = self.base.read(lesson.new, rows, self.first)[lesson.new_places[lesson.first :]]
        wanted = truth.hidden[lesson.first :]
        return (found - wanted).square().mean() / wanted.square().mean().clamp_min(1e-12)

    def _shown(self, batch: Sequence[int], count: int) -> Bool[Tensor, " new"]:
        """Return which new tokens some lessons show."""
        shown = torch.zeros(count, dtype=torch.bool)
        seen = [n - self.first for number in batch for n in self.lessons[number].new]
        shown[[number for number in seen if number >= 0]] = True
        return shown
