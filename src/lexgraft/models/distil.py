"""Token distillation (arXiv 2505.20133): new rows that write and read like the old cut."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor, nn

from lexgraft.errors import UserError
from lexgraft.models.lessons import Base, Lesson, Truth, read_lessons
from lexgraft.models.quiet import Rows, calmed_rows, places_of, taken
from lexgraft.models.reading_rows import fit_reading, shown_in
from lexgraft.models.writing_rows import Contexts, contexts, fit_writing
from lexgraft.records import Progress, digest, silent
from lexgraft.shapes import Float32

KEPT, PLAIN = 4_096, 128  # lessons with and without new tokens that writing looks at, at most
READ = 16_384  # lessons that reading looks at, at most


class Fitted(NamedTuple):
    """Rows that were fitted, for the tokens that texts show; those of steps keep quiet."""

    rows: Rows
    writing: tuple[float, float]  # nats a new token costs on lessons held back, before and after
    reading: tuple[float, float] | None  # nats a place from the old cut's, held back, likewise
    taken: float | None  # nats a token from old ones on general text; None: there was none


def distil_rows(
    model: nn.Module,
    lessons: Sequence[Lesson],
    start: Rows,
    first: int,
    steps: int,
    general: Sequence[Lesson] = (),
    opening: Float32[Tensor, "new width"] | None = None,
    read: Sequence[Lesson] = (),
    reader: nn.Module | None = None,
    progress: Progress = silent,
) -> Fitted:
    """Return rows by which the new cut is written and read as the old one was.

    With `steps`, reading first: `fit_reading` on all lessons. Output rows of their own are fitted
    by `fit_writing` on what the base makes of every lesson. Tied rows stay as reading left them,
    but for a shift by which each is as likely as its token comes; without `steps` they are fitted
    for writing. Tokens that no text shows (the steps of merges) are made quiet, and all are lowered
    together until they take little from general text.

    Args:
        model: The base model; it is teacher and student.
        lessons: Texts cut both ways.
        start: The rows to begin with, by id from `first` on.
        first: The first new id.
        steps: How many batches of reading; with 0 rows are fitted for writing alone.
        general: Texts that both tokenizers cut alike.
        opening: The head's rows of the pieces that words begin with: where they stand, words do.
        read: Further texts, for reading alone.
        reader: The same model in another number format, to read in.
        progress: Called per lesson and per step.

    Raises:
        UserError: no text shows a new token.
    """
    if not lessons:
        raise UserError("no text shows a new token", cure="distil on text that has the words")
    base = Base(model)
    taught, plain = (
        _Told(one, read_lessons(base, one, progress))
        for one in (_some(lessons, KEPT), _some(general, PLAIN))
    )
    known = contexts(
        [*taught.lessons, *plain.lessons], [*taught.truths, *plain.truths], first, bias=base.biased
    )
    rows, reading, shown = start, None, known.shown(len(start.inputs))
    if steps:
        told = [*taught.lessons, *_some(read, READ)]
        found = fit_reading(Base(reader or model), told, start.inputs, first, steps, progress)
        rows, reading = start._replace(inputs=found.rows), found.apart
        shown |= shown_in(told, first, len(shown))
    head, writing = _written(base, known, start, rows, opening)
    calm = places_of(base, plain.truths) if plain.lessons else None
    head = calmed_rows(base, head, known.places(), shown, calm)
    cost = None if calm is None else float(taken(base, head, calm).mean())
    return Fitted(rows.with_head(head), writing, reading, cost)


def _written(
    base: Base,
    known: Contexts,
    start: Rows,
    rows: Rows,
    opening: Float32[Tensor, "new width"] | None,
) -> tuple[Float32[Tensor, "new long"], tuple[float, float]]:
    """Return the head's rows, and what a new token costs before and after.

    Tied rows that have learned to read keep what they are, but for a shift.
    """
    if rows.outputs is not None or rows is start:
        head, losses = fit_writing(base, known, rows, opening)
        return head, (losses[0], min(losses))
    before, head = (known.settle(base, one.head) for one in (start, rows))
    first, last = (float(known.loss(base, one, known.held)) for one in (before, head))
    return head, (first, last)


class _Told(NamedTuple):
    """Lessons, and what the base makes of them."""

    lessons: list[Lesson]
    truths: list[Truth]


def _some(lessons: Sequence[Lesson], most: int) -> list[Lesson]:
    """Return some lessons, the same in every run."""
    order = sorted(range(len(lessons)), key=lambda number: digest("lesson", number))[:most]
    return [lessons[number] for number in order]
