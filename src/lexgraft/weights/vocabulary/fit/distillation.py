"""Token distillation (arXiv 2505.20133): new rows that behave like the pieces they replace."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor, nn

from lexgraft.arrays.shapes import Float32
from lexgraft.errors import LexgraftError
from lexgraft.records import Progress, digest, silent
from lexgraft.weights.vocabulary.fit.aligned_texts import AlignedText, Teacher, teacher_outputs
from lexgraft.weights.vocabulary.fit.fit_cache import NOTHING, FitCache
from lexgraft.weights.vocabulary.fit.input_embeddings import PULLED, fit_inputs, occurring_in
from lexgraft.weights.vocabulary.fit.output_embeddings import output_contexts
from lexgraft.weights.vocabulary.fit.suppress_new_tokens import (
    NewTokenRows,
    limit_leakage,
    probability_leaked,
    text_positions,
)

KEPT, PLAIN = 16_384, 128  # lessons with and without new tokens that are looked at, at most


class FittedRows(NamedTuple):
    """Fitted rows of the tokens that occur in texts; those of all others are suppressed."""

    rows: NewTokenRows
    writing: tuple[float, float]  # nats a new token is off, held back, before and after
    reading: tuple[float, float] | None  # nats a place from the old cut's, held back, likewise
    leaked: float | None  # nats a token from old ones on general text; None: there was none


def distil_rows(
    model: nn.Module,
    aligned_texts: Sequence[AlignedText],
    start: NewTokenRows,
    pieces: Sequence[Sequence[int]],
    first: int,
    steps: int,
    general: Sequence[AlignedText] = (),
    opening: Float32[Tensor, "new width"] | None = None,
    reader: nn.Module | None = None,
    cache: FitCache = NOTHING,
    progress: Progress = silent,
) -> FittedRows:
    """Return rows by which new tokens are predicted, and read, as their pieces were.

    The outputs are solved for with `output_contexts`: each new token as likely as its pieces. With
    `steps`, the inputs are trained with `fit_inputs`; where the head is tied to them, every step is
    followed by a small one towards the solved outputs. Tokens that no text shows are suppressed,
    and all are lowered together until they take little probability from general text.

    Args:
        model: The base model; it is teacher and student.
        aligned_texts: Texts in both tokenizations.
        start: The rows to begin with, by id from `first` on.
        pieces: The base's tokens for every new one, likewise.
        first: The first new id.
        steps: How many batches of reading; with 0 rows are fitted for writing alone.
        general: Texts that both tokenizers split alike.
        opening: The head's rows of the pieces that words begin with: where they stand, words do.
        reader: The same model in another number format, to read in.
        cache: What an interrupted call with the same arguments has kept.
        progress: Called per text, place and step.

    Raises:
        LexgraftError: no text shows a new token.
    """
    if not aligned_texts:
        raise LexgraftError("no text shows a new token", cure="distil on text that has the words")
    base, fast = Teacher(model), Teacher(reader or model)
    taught, plain = _some(aligned_texts, KEPT), _some(general, PLAIN)
    occurring = occurring_in(aligned_texts, first, len(start.inputs))
    output_fit = output_contexts(fast, taught, plain, pieces, occurring, first, cache, progress)
    tied, rows, reading = start.outputs is None, start, None

    def pull(inputs: Tensor, stay: float) -> Tensor:
        return start.with_head(output_fit.pulled(start._replace(inputs=inputs).head, stay)).inputs

    if steps:
        inputs_fit = fit_inputs(
            fast, taught, start.inputs, first, steps, pull if tied else None, cache, progress
        )
        rows, reading = start._replace(inputs=inputs_fit.rows), inputs_fit.apart
    head = (
        output_fit.pulled(rows.head, PULLED) if tied and steps else output_fit.begun(rows, opening)
    )
    writing = output_fit.error(start.head), output_fit.error(head)
    background = text_positions(base, teacher_outputs(base, plain, progress)) if plain else None
    head = limit_leakage(base, head, output_fit.places, occurring, background)
    cost = None if background is None else float(probability_leaked(base, head, background).mean())
    return FittedRows(rows.with_head(head), writing, reading, cost)


def _some(aligned_texts: Sequence[AlignedText], limit: int) -> list[AlignedText]:
    """Return a sample of texts, the same in every run."""
    order = sorted(range(len(aligned_texts)), key=lambda number: digest("lesson", number))[:limit]
    return [aligned_texts[number] for number in order]
