"""Token distillation (arXiv 2505.20133): new rows that write and read like the old cut."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lexgraft.errors import UserError
from lexgraft.models.lessons import Base, Lesson, Truth, read_lessons
from lexgraft.models.quiet import Rows, calmed_rows, places_of, taken
from lexgraft.models.writing_rows import Contexts, contexts, fit_writing
from lexgraft.records import Progress, digest, silent
from lexgraft.shapes import Bool, Float32

BATCH = 16  # texts per step of reading
POOL = 8  # batches that are sorted by length together
RATE = 0.1  # of the mean length of the rows, per step at the start; it falls to 0
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
    read: Sequence[Lesson] = (),
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
        read: Further texts, for reading alone.
        progress: Called per lesson and per step.

    Raises:
        UserError: no text shows a new token.
    """
    if not lessons:
        raise UserError("no text shows a new token", cure="distil on text that has the words")
    base = Base(model)
    taught, plain = (
        _Read(one, read_lessons(base, one, progress))
        for one in (_some(lessons), _some(general, PLAIN))
    )
    known = contexts(
        [*taught.lessons, *plain.lessons], [*taught.truths, *plain.truths], first, bias=base.biased
    )
    head, writing = fit_writing(base, known, start, opening)
    read = _some(read) if steps else []
    told = [base.hidden(one) for one in _counted(read, progress)]
    hidden = [*(truth.hidden for truth in taught.truths), *told]
    student = _Student(base, [*taught.lessons, *read], hidden, known, first)
    rows, reading = student.read(start.with_head(head), steps, progress)
    calm = places_of(base, plain.truths) if plain.lessons else None
    head = calmed_rows(base, rows.head, known.places(), known.shown(len(head)), calm)
    cost = None if calm is None else float(taken(base, head, calm).mean())
    return Fitted(rows.with_head(head), reading, writing, cost)


class _Read(NamedTuple):
    """Lessons, and what the base makes of them."""

    lessons: list[Lesson]
    truths: list[Truth]


def _some(lessons: Sequence[Lesson], most: int = KEPT) -> list[Lesson]:
    """Return some lessons, the same in every run."""
    order = sorted(range(len(lessons)), key=lambda number: digest("lesson", number))[:most]
    return [lessons[number] for number in order]


def _counted(lessons: Sequence[Lesson], progress: Progress) -> Iterator[Lesson]:
    """Yield lessons, and tell how many of them are read."""
    for number, lesson in enumerate(lessons):
        progress("reading further texts", number, len(lessons))
        yield lesson


class _Student(NamedTuple):
    """The base with new rows, and the lessons that it reads."""

    base: Base
    lessons: list[Lesson]
    hidden: list[Tensor]  # per lesson: where its old cut leads, place by width
    known: Contexts
    first: int

    def read(self, start: Rows, steps: int, progress: Progress) -> tuple[Rows, list[float]]:
        """Return rows after steps of reading, and the loss of every step."""
        adam, losses, batches = _Adam(start.inputs), list[float](), list[list[int]]()
        for step in range(steps):
            progress("distilling", step, steps)
            batches = batches or self._batches(step)
            batch = batches.pop()
            leaf = adam.rows.clone().requires_grad_()
            loss = self._apart(batch, leaf)
            loss.backward()
            losses.append(float(loss.detach()))
            slope = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
            if start.outputs is None:
                head = start._replace(inputs=adam.rows).head
                slopes = (slope, self.known.slope(self.base, head)[:, : slope.shape[1]])
                slope = sum((nn.functional.normalize(one, dim=1) for one in slopes), slope * 0)
            adam.step(slope, self._shown(batch, len(slope)), 1 - step / steps)
        return start._replace(inputs=adam.rows), losses

    def _batches(self, turn: int) -> list[list[int]]:
        """Return all lessons once, in an order of this turn, those of one length side by side."""
        order = sorted(range(len(self.lessons)), key=lambda n: digest("distil", turn, n))
        found: list[list[int]] = []
        for start in range(0, len(order), POOL * BATCH):
            pool = sorted(order[start : start + POOL * BATCH], key=self._length)
            found += [pool[at : at + BATCH] for at in range(0, len(pool), BATCH)]
        return sorted(found, key=lambda batch: digest("batch", turn, batch))

    def _length(self, number: int) -> tuple[int, int]:
        return len(self.lessons[number].new), number

    def _apart(self, batch: Sequence[int], rows: Tensor) -> Float32[Tensor, ""]:
        """Return how far the new cut leads from where the old one leads, relative to the latter."""
        lessons = [self.lessons[number] for number in batch]
        lines = self.base.read([lesson.new for lesson in lessons], rows, self.first)
        parts: list[Tensor] = []
        for lesson, line, number in zip(lessons, lines, batch, strict=True):
            found = line[lesson.new_places[lesson.first :]]
            wanted = self.hidden[number][lesson.first :]
            size = wanted.square().mean().clamp_min(1e-12)
            parts.append((found - wanted).square().mean() / size)
        return torch.stack(parts).mean()

    def _shown(self, batch: Sequence[int], count: int) -> Bool[Tensor, " new"]:
        """Return which new tokens some lessons show."""
        shown = torch.zeros(count, dtype=torch.bool)
        seen = [n - self.first for number in batch for n in self.lessons[number].new]
        shown[[number for number in seen if number >= 0]] = True
        return shown
