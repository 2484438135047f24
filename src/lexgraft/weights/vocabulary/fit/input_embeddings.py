"""Fit input embeddings so that the model continues after a new token as after its pieces."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from lexgraft.arrays.shapes import Bool, Float32, Int64
from lexgraft.records import Progress, digest, silent
from lexgraft.weights.vocabulary.fit.aligned_texts import AlignedText, Teacher
from lexgraft.weights.vocabulary.fit.fit_cache import NOTHING, FitCache

BATCH = 32  # texts per step
KEEP = 20  # steps, after which the state is kept
POOL = 8  # batches that are sorted by length together
RATE = 0.1  # of the mean length of the rows, per step at the start; it falls to 0
NEXT = 6_144  # tokens told apart at every place: those that the lessons hold most often
HELD_BACK, JUDGED = 20, 256  # every so many lessons, and how many of them at most
PULLED = 100.0  # what moving a row costs in a pull, at the start
_MEAN, _SQUARE, _LEAST = 0.9, 0.999, 1e-12  # of Adam (arXiv 1412.6980)

Pull = Callable[[Tensor, float], Tensor]
"""Takes rows and what moving them costs; returns them moved towards something."""


class _Adam:
    """Adam for sparse rows: those that a step does not touch keep their values and moments."""

    def __init__(self, rows: Float32[Tensor, "new width"]) -> None:
        self.rows = rows.clone()
        self._rate = RATE * float(rows.norm(dim=1).mean()) / rows.shape[1] ** 0.5
        self._mean, self._square = torch.zeros_like(rows), torch.zeros_like(rows)
        self._steps = torch.zeros(len(rows), 1)

    def step(
        self,
        slope: Float32[Tensor, "new width"],
        occurring: Bool[Tensor, " new"],
        rate_share: float,
    ) -> None:
        """Move the rows that were shown, by a part of the rate."""
        slopes = slope[occurring]
        self._steps[occurring] += 1
        self._mean[occurring] = _MEAN * self._mean[occurring] + (1 - _MEAN) * slopes
        self._square[occurring] = (
            _SQUARE * self._square[occurring] + (1 - _SQUARE) * slopes.square()
        )
        count = self._steps[occurring]
        mean = self._mean[occurring] / (1 - _MEAN**count)
        square = self._square[occurring] / (1 - _SQUARE**count)
        self.rows[occurring] -= rate_share * self._rate * mean / (square.sqrt() + _LEAST)

    def state(self, done: int) -> dict[str, Tensor]:
        """Return what is needed to resume after `done` steps."""
        return {
            "rows": self.rows,
            "mean": self._mean,
            "square": self._square,
            "steps": self._steps,
            "done": torch.tensor(done),
        }

    def take(self, state: Mapping[str, Tensor]) -> int:
        """Take such a state back, if there is one; return after how many steps it was."""
        if not state:
            return 0
        self.rows, self._mean = state["rows"], state["mean"]
        self._square, self._steps = state["square"], state["steps"]
        return int(state["done"])


class FittedInputs(NamedTuple):
    """Rows that were fitted to read."""

    rows: Float32[Tensor, "new width"]
    apart: tuple[float, float]  # nats a place on lessons held back, before and after


def fit_inputs(
    base: Teacher,
    aligned_texts: Sequence[AlignedText],
    start: Float32[Tensor, "new width"],
    first: int,
    steps: int,
    pull: Pull | None = None,
    cache: FitCache = NOTHING,
    progress: Progress = silent,
) -> FittedInputs:
    """Return input rows after which the model continues as after the old tokens.

    Token distillation (arXiv 2505.20133, section 3), with the Kullback-Leibler divergence of the
    next token, after the old tokens and after the new ones, in place of the distance of hidden
    states: one row cannot hold all that its pieces led to, and this spends it on what is said next.
    Every position from a new token on counts alike. The softmax is over the most frequent tokens of
    the texts.

    Args:
        base: Teacher and student; nothing of it is changed.
        aligned_texts: Texts cut both ways; some are held back, the same in every run.
        start: The rows to begin with, by id from `first` on.
        first: The first new id.
        steps: How many batches.
        pull: What moves rows towards something else after every step (proximal gradient; Parikh
            and Boyd, 2014, section 4.2); it is told how little, the less the smaller the step.
        cache: Where the state of the optimizer is kept now and then, and where it may be found.
        progress: Called per batch of texts and per step.
    """
    student = _Student(base, aligned_texts, first, progress)
    order = sorted(range(len(aligned_texts)), key=lambda number: digest("read", number))
    judged = order[::HELD_BACK][:JUDGED]
    taught = sorted(set(order).difference(judged)) or judged
    adam, batches = _Adam(start), list[list[int]]()
    done = adam.take(cache.tensors("reading"))
    before = student.judge(judged, start)
    for step in range(steps):
        batches = batches or student.batches(taught, step)
        batch = batches.pop()
        if step < done:
            continue
        progress("distilling", step, steps)
        leaf = adam.rows.clone().requires_grad_()
        student.apart(batch, leaf).mean().backward()
        assert leaf.grad is not None
        occurring = occurring_in([aligned_texts[number] for number in batch], first, len(leaf))
        rate_share = 1 - step / steps
        adam.step(leaf.grad, occurring, rate_share)
        if pull is not None:
            adam.rows = pull(adam.rows, PULLED / rate_share)
        if (step + 1) % KEEP == 0:
            cache.keep("reading", adam.state(step + 1))
    return FittedInputs(adam.rows, (before, student.judge(judged, adam.rows)))


def occurring_in(
    aligned_texts: Sequence[AlignedText], first: int, count: int
) -> Bool[Tensor, " new"]:
    """Return which of `count` new tokens occur in texts."""
    occurring = torch.zeros(count, dtype=torch.bool)
    numbers: Int64[Tensor, " token"] = torch.tensor(
        [n - first for aligned in aligned_texts for n in aligned.new]
    )
    occurring[numbers[numbers >= 0]] = True
    return occurring


class _Student:
    """The base model with rows for new tokens, and the teacher's hidden states of every text."""

    def __init__(
        self, base: Teacher, aligned_texts: Sequence[AlignedText], first: int, progress: Progress
    ) -> None:
        self._base, self._lessons, self._first = base, aligned_texts, first
        counts = Counter(number for aligned in aligned_texts for number in aligned.old)
        self._next = torch.tensor([number for number, _ in counts.most_common(NEXT)])
        self._wanted: dict[int, Tensor] = {}
        order = sorted(range(len(aligned_texts)), key=self._length)
        for offset in range(0, len(order), BATCH):
            progress("reading the old cut of further texts", offset, len(order))
            batch = order[offset : offset + BATCH]
            self._wanted |= dict(
                zip(batch, base.hidden([aligned_texts[n] for n in batch]), strict=True)
            )

    def batches(self, numbers: Sequence[int], turn: int) -> list[list[int]]:
        """Return batches that hold each text once, shuffled per epoch, similar lengths together."""
        order = sorted(numbers, key=lambda number: digest("distil", turn, number))
        batches: list[list[int]] = []
        for start in range(0, len(order), POOL * BATCH):
            pool = sorted(order[start : start + POOL * BATCH], key=self._length)
            batches += [pool[offset : offset + BATCH] for offset in range(0, len(pool), BATCH)]
        return sorted(batches, key=lambda batch: digest("batch", turn, batch))

    def apart(self, batch: Sequence[int], rows: Tensor) -> Float32[Tensor, " place"]:
        """Return the divergence (nats) of the next token after old and after new tokens."""
        aligned_texts = [self._lessons[number] for number in batch]
        lines = self._base.read([aligned.new for aligned in aligned_texts], rows, self._first)
        pairs = zip(lines, aligned_texts, strict=True)
        student_states = torch.cat(
            [line[aligned.new_places[aligned.first :]] for line, aligned in pairs]
        )
        teacher_states = torch.cat([self._wanted[number] for number in batch])
        new, old = (
            self._base.logits(h, self._next).log_softmax(1)
            for h in (student_states, teacher_states)
        )
        return (old.exp() * (old - new)).sum(1)

    @torch.no_grad()
    def judge(self, numbers: Sequence[int], rows: Tensor) -> float:
        """Return the mean divergence (nats) per position over some texts."""
        order = sorted(numbers, key=self._length)
        losses = [
            self.apart(order[offset : offset + BATCH], rows)
            for offset in range(0, len(order), BATCH)
        ]
        return float(torch.cat(losses).mean())

    def _length(self, number: int) -> tuple[int, int]:
        return len(self._lessons[number].new), number
