"""Tokens of a text by its scripts, roughly, before a tokenizer is at hand."""

from math import ceil

from lexgraft.terms.text.scripts import FIRST_DENSE

SPACED_CHARACTERS_PER_TOKEN = 4.0

DENSE_CHARACTERS_PER_TOKEN = 1.6


def tokens_of(text: str) -> int:
    """Return a rough token count: 4 characters a token, 1.6 in scripts without spaces."""
    dense = sum(ord(character) >= FIRST_DENSE for character in text)
    spaced = len(text) - dense
    return max(1, ceil(spaced / SPACED_CHARACTERS_PER_TOKEN + dense / DENSE_CHARACTERS_PER_TOKEN))
