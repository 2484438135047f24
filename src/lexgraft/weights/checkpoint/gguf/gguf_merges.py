"""The merges of a vocabulary: the file's own, or those that a SentencePiece vocabulary implies."""

from typing import cast

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.gguf.gguf_header import Gguf

SPACE = "\u2581"  # how SentencePiece writes a space
WHITE = SPACE + "\n\t"

Merges = list[list[str]]


def stored_merges(gguf: Gguf, tokens: list[str]) -> Merges:
    """Return the pairs of tokens that the file lists, in order.

    Raises:
        LexgraftError: there are none, or one is not of this vocabulary.
    """
    merges = gguf.metadata.get("tokenizer.ggml.merges")
    if not isinstance(merges, list):
        raise LexgraftError("the vocabulary has no merges", where=gguf.label)
    pairs = [str(merge).split(" ") for merge in merges]
    vocabulary = frozenset(tokens)
    for pair in pairs:
        if len(pair) != 2 or not vocabulary.issuperset((*pair, "".join(pair))):
            raise LexgraftError(
                f"merge {' '.join(pair)!r} is not in the vocabulary", where=gguf.label
            )
    return pairs


def implied_merges(gguf: Gguf, tokens: list[str], *, gemma: bool) -> Merges:
    """Return every way to cut a token in two tokens, the tokens that arose first in front.

    In Gemma's vocabulary these stand first, elsewhere they have the highest score. Of one token's
    cuts the longest left part goes first.
    """
    vocabulary = frozenset(tokens)
    pairs = [
        [text[:cut], text[cut:]]
        for text in (tokens if gemma else _by_score(gguf, tokens))
        for cut in range(len(text) - 1, 0, -1)
        if text[:cut] in vocabulary and text[cut:] in vocabulary
    ]
    return sorted(pairs, key=_white_space_first) if gemma else pairs


def _by_score(gguf: Gguf, tokens: list[str]) -> list[str]:
    """Return the tokens, the highest score first."""
    scores = gguf.metadata.get("tokenizer.ggml.scores")
    if not isinstance(scores, list) or len(scores) != len(tokens):
        raise LexgraftError("the vocabulary and its scores differ in length", where=gguf.label)
    ranks = cast("list[float]", scores)
    return [tokens[n] for n in sorted(range(len(tokens)), key=lambda number: -ranks[number])]


def _white_space_first(pair: list[str]) -> tuple[int, int]:
    """Return a sorting key: runs of one white space before the rest, longest parts first.

    The merges in Gemma's own tokenizer.json stand so; so are runs of over 31 spaces cut.
    """
    first, second = pair
    if first[0] in WHITE and first + second == first[0] * len(first + second):
        return -len(first), -len(second)
    return 0, 0
