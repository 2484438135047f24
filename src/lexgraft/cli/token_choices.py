"""Whose row a token gets: `--token` and `--choices` of `vocabulary align`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lexgraft.errors import LexgraftError

if TYPE_CHECKING:
    from lexgraft.weights.vocabulary.token_sources import TokenSource


def token_choices(path: Path | None, given: Sequence[str]) -> "dict[str, TokenSource]":
    """Return whose row each token gets, of a file and of `--token`, which comes before it.

    Raises:
        LexgraftError: the file cannot be read, or a text is no TOKEN=MODEL.
    """
    from msgspec import ValidationError, convert

    from lexgraft.files.safe_text import read_text
    from lexgraft.files.safe_yaml import read_yaml
    from lexgraft.weights.vocabulary.token_sources import TokenSource

    choices: dict[str, str | TokenSource] = {}
    if path is not None:
        try:
            read = read_yaml(read_text(path), str(path))
            choices |= convert(read, dict[str, str | TokenSource])
        except (OSError, UnicodeDecodeError, ValidationError) as error:
            raise LexgraftError(
                f"cannot read these choices: {error}",
                where=str(path),
                cure="write TOKEN: MODEL, or TOKEN: {source: MODEL, token: …, force: true}",
            ) from error
    for text in given:
        token, sign, source = text.rpartition("=")
        if not (token and sign and source):
            raise LexgraftError(f"`--token {text}` is no choice", cure="write --token TOKEN=MODEL")
        choices[token] = source
    return {
        token: TokenSource(choice) if isinstance(choice, str) else choice
        for token, choice in choices.items()
    }
