"""General texts and the model's own answers → replay, spread among the examples (pure)."""

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from unicodedata import normalize

from msgspec import structs

from lexgraft.errors import LexgraftError
from lexgraft.records import Document, digest
from lexgraft.tuning.training_examples import TrainingExample, repeat

PIECE = 400  # characters of a piece of replay
TAIL = 0.2  # share of the replay that stands at the end, after the last term
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")
_TELLING = 20  # characters from which a sentence that occurs twice is the same text


def text_examples(
    documents: Sequence[Document], seed: int, piece: int = PIECE
) -> list[TrainingExample]:
    """Return pieces of the documents, learned whole: every document's first before any second.

    Registers take turns, so that one with few documents is not lost among others.
    """
    order = sorted(documents, key=lambda document: digest("replay", seed, document.id))
    registers = sorted({document.register for document in order})
    columns = [
        _first_pieces([d for d in order if d.register == register], piece) for register in registers
    ]
    return [TrainingExample("", text) for row in zip_longest(*columns) for text in row if text]


def _first_pieces(documents: Sequence[Document], size: int) -> list[str]:
    """Return the documents' first pieces, then their second ones, and so on."""
    cut = [_pieces(document.text, size) for document in documents]
    return [text for row in zip_longest(*cut) for text in row if text]


def mix_replay(
    examples: Sequence[TrainingExample],
    documents: Sequence[Document],
    share: float,
    seed: int,
    generated: Sequence[TrainingExample] = (),
) -> list[TrainingExample]:
    """Return the examples with replay spread among them, some of it at the end.

    The replay makes up `share` of the result, and comes from as many documents as there are:
    its breadth matters more than its share, and what comes late restores most (Dang et al. 2025).
    Every second piece is one of `generated`, texts the model itself wrote, where there are any.

    Raises:
        LexgraftError: replay is asked for and there is nothing to replay.
    """
    count = round(len(examples) * share / (1 - share))
    if not count:
        return list(examples)
    if not documents and not generated:
        raise LexgraftError(
            "no texts to replay", cure="give `tune.replay_texts`, or set replay to 0"
        )
    replay = [
        structs.replace(example, replayed=True)
        for example in _in_turn(text_examples(documents, seed), generated, count)
    ]
    spread = replay[: count - round(count * TAIL)]
    keyed = [((n + 0.5) / len(examples), 0, example) for n, example in enumerate(examples)]
    keyed += [((n + 0.5) / len(spread), 1, example) for n, example in enumerate(spread)]
    mixed = sorted(keyed, key=lambda row: row[:2])
    return [example for _, _, example in mixed] + replay[len(spread) :]


def disjoint(documents: Iterable[Document], measured: Iterable[Document]) -> list[Document]:
    """Return the documents that share no sentence with a measured one, by hash.

    Who measures what was lost on what was replayed sees nothing lost.
    """
    measured_marks = {mark for document in measured for mark in _marks(document.text)}
    return [document for document in documents if measured_marks.isdisjoint(_marks(document.text))]


def _marks(text: str) -> list[str]:
    """Return a hash per sentence that is long enough to tell, and of the whole."""
    sentences = [
        " ".join(sentence.split())
        for sentence in _SENTENCE.split(normalize("NFKC", text).casefold())
    ]
    joined = " ".join(sentences)
    return [
        digest(joined),
        *(digest(sentence) for sentence in sentences if len(sentence) >= _TELLING),
    ]


def _in_turn(
    texts: Sequence[TrainingExample], generated: Sequence[TrainingExample], count: int
) -> list[TrainingExample]:
    """Return `count` pieces from both in turn, from one where there is only one."""
    if not texts or not generated:
        return repeat(texts or generated, count)
    pairs = zip(repeat(texts, count), repeat(generated, count), strict=True)
    return [example for pair in pairs for example in pair][:count]


def _pieces(text: str, size: int) -> list[str]:
    """Return the text cut into pieces of about `size` characters, at white space where there is."""
    pieces: list[str] = []
    while text:
        cut = len(text) if len(text) <= size else text.rfind(" ", size // 2, size) + 1 or size
        pieces.append(text[:cut])
        text = text[cut:]
    return pieces
