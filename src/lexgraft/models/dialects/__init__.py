"""GROWS  What servers call things: one file each, how a server is recognised, encodes and scores.

All servers speak OpenAI's completions; log-probabilities of a given text each gives in its own way.
"""

import math
from collections.abc import Callable, Sequence
from typing import Annotated, Any, NamedTuple, Protocol, TypeVar, runtime_checkable

from msgspec import Meta, Struct

from lexgraft.errors import LexgraftError
from lexgraft.models.server_client import ServerClient

TOO_LIKELY = 1e-3  # nats above zero that rounding may give
T = TypeVar("T")

TokenId = Annotated[int, Meta(ge=0, lt=1 << 31)]
"""A token's number, as every tokenizer has it."""


class ListedModel(Struct, frozen=True):
    """One model of a server's list; adapters name their base as `parent`."""

    id: str
    owned_by: str | None = None
    root: str | None = None
    parent: str | None = None


class ModelList(Struct, frozen=True):
    """What a server says it runs."""

    data: list[ListedModel]


class TokenIds(Struct, frozen=True):
    """A text as tokens, as every server answers."""

    tokens: list[TokenId]


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

    async def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Return the token ids of a text; with its start token as the model is given it."""
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


async def own_answer(client: ServerClient, route: str, kind: type[T], **body: Any) -> T:
    """Return what a server's own route, beside OpenAI's, answers: to no body, or to this."""
    return await client.ask(route, body or None, kind, root=True)


async def if_told(client: ServerClient, route: str, kind: type[T]) -> T | None:
    """Return what a server says of itself; None where it says nothing, as behind a proxy."""
    try:
        return await own_answer(client, route, kind)
    except LexgraftError:
        return None


def lacking(field: str, where: str, cure: str = "") -> LexgraftError:
    """Return the error of an answer in which a field is missing, empty or not what it must be."""
    return LexgraftError(
        f"the server's answer has no usable `{field}`",
        where=where,
        cure=cure
        or "update the server, name its kind with --server-kind, or give the model's folder",
    )


def mismatched(answers: int, prompts: int, where: str) -> LexgraftError:
    """Return the error of as many answers as no prompts were sent."""
    return LexgraftError(
        f"{answers} answers came to {prompts} prompts",
        where=where,
        cure="is there a proxy between that splits or joins requests?",
    )


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
