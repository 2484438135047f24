"""Examples → rows of tokens → batches, in a fixed order and with little padding."""

from collections.abc import Callable, Sequence

from msgspec import Struct, structs

from lexgraft.errors import LexgraftError
from lexgraft.records import digest
from lexgraft.tuning.training_examples import TrainingExample

Encode = Callable[[str], Sequence[int]]
"""Text to token numbers, the start token included."""

WINDOW = 8  # batches among which examples are sorted by length: order is kept otherwise


class TrainingRow(Struct, frozen=True, omit_defaults=True):
    """One example in tokens; those from `start` on are learned."""

    tokens: tuple[int, ...]
    start: int
    replayed: bool = False  # general text, by which the model is held to where it started
    teacher: tuple[int, ...] = ()  # what the model that teaches reads: another prompt, then these
    written: int = 0  # of the answer's tokens: up to the end of the term
    concept: str = ""  # of a lesson that is distilled


def encode_examples(
    examples: Sequence[TrainingExample], encode: Encode, max_tokens: int
) -> tuple[TrainingRow, ...]:
    """Return the examples in tokens; an answer starts where prompt and full text differ.

    Examples whose answer lies beyond `max_tokens` are left out.

    Raises:
        LexgraftError: no examples, or none with an answer within `max_tokens`.
    """
    if not examples:
        raise LexgraftError("nothing to train on", cure="give terms or texts")
    rows: list[TrainingRow] = []
    for example in examples:
        tokens = tuple(encode(example.prompt + example.answer)[:max_tokens])
        start = max(1, _shared(encode(example.prompt), tokens))
        if len(tokens) > start:
            row = TrainingRow(tokens, start, example.replayed)
            rows.append(_distilled(row, example, encode) if example.distilled else row)
    if not rows:
        raise LexgraftError(
            "no example has an answer within its first tokens", cure="raise max_tokens"
        )
    return tuple(rows)


def _shared(prompt: Sequence[int], tokens: Sequence[int]) -> int:
    """Return how many tokens a prompt and the full text begin with in common."""
    pairs = zip(prompt, tokens, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(prompt), len(tokens)))


def _distilled(row: TrainingRow, example: TrainingExample, encode: Encode) -> TrainingRow:
    """Return a row with what its teacher reads: its prompt's tokens, then the row's own answer.

    Of the prompt's last token the answer may have taken hold, in both alike.
    """
    lesson = example.distilled
    assert lesson is not None  # who calls this has looked
    taken = len(encode(example.prompt)) - row.start
    prompt = encode(lesson.prompt)
    teacher = (*prompt[: len(prompt) - max(0, taken)], *row.tokens[row.start :])
    before_term = example.answer.partition(lesson.term)[0]
    up_to_term = encode(example.prompt + before_term + lesson.term)
    in_common = _shared(up_to_term, row.tokens)
    last = in_common < min(len(up_to_term), len(row.tokens))  # one token with what follows the term
    written = in_common + last - row.start
    return structs.replace(row, teacher=teacher, written=written, concept=lesson.concept)


def batches(rows: Sequence[TrainingRow], batch: int, seed: int) -> list[tuple[TrainingRow, ...]]:
    """Return the batches in order: rows sorted by length within windows, so that padding is small.

    Batches of one window follow in an order keyed by the seed.
    """
    window_rows, ordered = batch * WINDOW, list[tuple[TrainingRow, ...]]()
    for begin in range(0, len(rows), window_rows):
        window = sorted(rows[begin : begin + window_rows], key=lambda row: len(row.tokens))
        window_batches = [tuple(window[n : n + batch]) for n in range(0, len(window), batch)]
        order = sorted(range(len(window_batches)), key=lambda n: digest("batch", seed, begin, n))
        ordered.extend(window_batches[n] for n in order)
    return ordered
