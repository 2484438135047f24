"""GROWS  What servers call things: one file each, how a server is recognised, encodes and scores.

All servers speak OpenAI's completions; log-probabilities of a given text each gives in its own way.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.models.server_client import ServerClient

TOO_LIKELY = 1e-3  # nats above zero that rounding may give


class ListedModel(Struct, frozen=True):
    """One model of a server's list; adapters name their base as `parent`."""

    id: str
    owned_by: str = ""
    root: str | None = None
    parent: str | None = None


class ModelList(Struct, frozen=True):
    """What a server says it runs."""

    data: list[ListedModel]


class TokenIds(Struct, frozen=True):
    """A text as tokens, as every server answers."""

    tokens: list[int]


class ServedQuestion(NamedTuple):
    """A context and its options, in token ids and as text."""

    context: Sequence[int]
    options: Sequence[Sequence[int]]
    text: str  # of the context, without spaces at its end
    texts: Sequence[str]  # of the options, with those spaces
    crossed: Sequence[bool] = ()  # options whose ids are not those of the text as a whole


class NextToken(NamedTuple):
    """The likeliest token after a context: its id where the server says it, and its text."""

    token: int | None
    text: str  # empty where it is half a character
    logprob: float


@runtime_checkable
class Dialect(Protocol):
    """How one kind of server is asked about one of its models."""

    kind: str
    name: str  # of the model

    async def version(self) -> str:
        """Return the release that the server reports; empty where it reports none."""
        ...

    async def encode(self, text: str) -> list[int]:
        """Return the token ids of a text, without start or end tokens."""
        ...

    async def encode_whole(self, text: str) -> list[int]:
        """Return the token ids of a text as the model is given it, with its start token."""
        ...

    async def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids."""
        ...

    async def score(self, question: ServedQuestion) -> list[list[float]]:
        """Return, per option, log P of each of its tokens after the context and those before."""
        ...

    async def continued(self, question: ServedQuestion) -> NextToken:
        """Return the likeliest next token after the context."""
        ...


DialectMaker = Callable[[ServerClient, ListedModel], Dialect]
"""The class of a dialect: made for one model of a server."""


def checked(values: Sequence[float | None], count: int, where: str) -> list[float]:
    """Return log-probabilities as they are, if there are as many as tokens and all are such.

    Raises:
        LexgraftError: the server cut them short, left some out, or gave no log-probabilities.
    """
    if len(values) != count:
        raise LexgraftError(
            f"log-probabilities of {len(values)} tokens came, of {count} asked for",
            where=where,
            cure="the server cuts long prompts, or counts tokens otherwise: raise its longest "
            "context, or give the model's folder",
        )
    numbers = [math.nan if value is None else value for value in values]
    wrong = next((n for n in numbers if not n <= TOO_LIKELY), None)
    if wrong is not None:
        raise LexgraftError(
            f"the server gives {wrong} for the log-probability of a token",
            where=where,
            cure="such numbers cannot be compared: update the server, or give the model's folder",
        )
    return [min(number, 0.0) for number in numbers]
