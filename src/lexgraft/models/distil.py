"""Token distillation (arXiv 2505.20133): new rows that write and read like the old cut."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lexgraft.errors import UserError
from lexgraft.models.lessons import Base, Lesson, Truth, read_lessons
from lexgraft.models.quiet import Rows, calmed_rows, places_of, taken
from lexgraft.models.writing_rows import Contexts, contexts, fit_writing
from lexgraft.records import Progress, digest, silent
from lexgraft.shapes import Bool, Float32

BATCH = 8  # texts per step of reading
RATE = 0.01  # of the mean length of the rows, per step at the start; it falls to 0
KEPT, PLAIN = 4_096, 128  # lessons with and without new tokens, at most
_MEAN, _SQUARE, _LEAST = 0.9, 0.999, 1e-12  # of Adam (arXiv 1412.6980)


class Fitted(NamedTuple):
    """Rows that were fitted, for the tokens that texts show; those of steps keep quiet."""

    rows: Rows
    reading: list[float]  # per step: how far hidden states are from the old cut's
    writing: list[float]  # per step: nats by which a new token costs, on lessons held back
    taken: float | None  # nats a token from old ones on general text; None: there was none


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
    start: Rows,
    first: int,
    steps: int,
    general: Sequence[Lesson] = (),
    opening: Float32[Tensor, "new width"] | None = None,
    progress: Progress = silent,
) -> Fitted:
    """Return rows by which the new cut is written and read as the old one was.

    Writing first: `fit_writing` on what the base makes of every lesson. Tokens that no text shows
    (the steps of merges) are made quiet, and all are lowered together until they take little from
    general text. Then `steps` batches of reading (section 3): the squared difference of the last
    hidden states, relative to their size, at every place from a new token on. A row that is both
    input and output follows the sum of both slopes, each brought to length one.

    Args:
        model: The base model; it is teacher and student.
        lessons: Texts cut both ways.
        start: The rows to begin with, by id from `first` on.
        first: The first new id.
        steps: How many batches of reading; with 0 rows are fitted for writing alone.
        general: Texts that both tokenizers cut alike.
        opening: The head's rows of the pieces that words begin with: where they stand, words do.
        progress: Called per lesson and per step.

    Raises:
        UserError: no text shows a new token.
    """
    if not lessons:
        raise UserError("no text shows a new token", cure="distil on text that has the words")
    base = Base(model)
    taught, plain = _some(base, lessons, KEPT, progress), _some(base, general, PLAIN, progress)
    known = contexts(
        [*taught.lessons, *plain.lessons], [*taught.truths, *plain.truths], first, bias=base.biased
    )
    head, writing = fit_writing(base, known, start, opening)
    student = _Student(base, taught, known, first)
    rows, reading = student.read(start.with_head(head), steps, progress)
    calm = places_of(base, plain.truths) if plain.lessons else None
    head = calmed_rows(base, rows.head, known.places(), known.shown(len(head)), calm)
    cost = None if calm is None else float(taken(base, head, calm).mean())
    return Fitted(rows.with_head(head), reading, writing, cost)


class _Read(NamedTuple):
    """Lessons, and what the base makes of them."""

    lessons: list[Lesson]
    truths: list[Truth]


def _some(base: Base, lessons: Sequence[Lesson], most: int, progress: Progress) -> _Read:
    """Return some lessons, the same in every run, and what the base makes of them."""
    order = sorted(range(len(lessons)), key=lambda number: digest("lesson", number))[:most]
    chosen = [lessons[number] for number in order]
    return _Read(chosen, read_lessons(base, chosen, progress))


class _Student(NamedTuple):
    """The base with new rows, and the lessons that it reads."""

    base: Base
    taught: _Read
    known: Contexts
    first: int

    def read(self, start: Rows, steps: int, progress: Progress) -> tuple[Rows, list[float]]:
        """Return rows after steps of reading, and the loss of every step."""
        adam, losses, order = _Adam(start.inputs), list[float](), list[int]()
        for step in range(steps):
            progress("distilling", step, steps)
            if len(order) < BATCH:
                count = range(len(self.taught.lessons))
                order += sorted(count, key=lambda n, at=step: digest("distil", at, n))
            batch, order = order[:BATCH], order[BATCH:]
            leaf = adam.rows.clone().requires_grad_()
            loss = torch.stack([self._apart(number, leaf) for number in batch]).mean()
            loss.backward()
            losses.append(float(loss.detach()))
            slope = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
            if start.outputs is None:
                head = start._replace(inputs=adam.rows).head
                slopes = (slope, self.known.slope(self.base, head)[:, : slope.shape[1]])
                slope = sum((nn.functional.normalize(one, dim=1) for one in slopes), slope * 0)
            adam.step(slope, self._shown(batch, len(slope)), 1 - step / steps)
        return start._replace(inputs=adam.rows), losses

    def _apart(self, number: int, rows: Tensor) -> Float32[Tensor, ""]:
        """Return how far the new cut leads from where the old one leads, relative to the latter."""
        lesson, truth = self.taught.lessons[number], self.taught.truths[number]
        found = self.base.read(lesson.new, rows, self.first)[lesson.new_places[lesson.first :]]
        wanted = truth.hidden[lesson.first :]
        return (found - wanted).square().mean() / wanted.square().mean().clamp_min(1e-12)

    def _shown(self, batch: Sequence[int], count: int) -> Bool[Tensor, " new"]:
        """Return which new tokens some lessons show."""
        shown = torch.zeros(count, dtype=torch.bool)
        seen = [n - self.first for number in batch for n in self.taught.lessons[number].new]
        shown[[number for number in seen if number >= 0]] = True
        return shown
