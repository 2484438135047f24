"""Examples → rows of tokens → batches, in a fixed order and with little padding."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.records import digest
from lexgraft.tuning.training_examples import TrainingExample

Encode = Callable[[str], Sequence[int]]
"""Text to token numbers, the start token included."""

WINDOW = 8  # batches among which examples are sorted by length: order is kept otherwise


class TrainingRow(Struct, frozen=True):
    """One example in tokens; those from `start` on are learned."""

    tokens: tuple[int, ...]
    start: int


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
        prompt = encode(example.prompt)
        tokens = tuple(encode(example.prompt + example.answer)[:max_tokens])
        pairs = zip(prompt, tokens, strict=False)
        start = next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(prompt), len(tokens)))
        if len(tokens) > max(1, start):
            rows.append(TrainingRow(tokens, max(1, start)))
    if not rows:
        raise LexgraftError(
            "no example has an answer within its first tokens", cure="raise max_tokens"
        )
    return tuple(rows)


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
