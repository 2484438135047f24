"""The interface of an engine: a checked request in, an OpenAI-style JSON answer out."""

from collections.abc import AsyncGenerator
from typing import Protocol, runtime_checkable

import msgspec
from msgspec import Struct

from lexgraft.serving.requests import AnswerRequest


@runtime_checkable
class AnswerEngine(Protocol):
    """A model that answers requests; faults are refusals with status 502 or 504."""

    async def answer(self, request: AnswerRequest) -> bytes:
        """Return the whole answer, a JSON object with `choices`."""
        ...

    def stream(self, request: AnswerRequest) -> AsyncGenerator[bytes, None]:
        """Yield the events of an answer, each a JSON object; closing it ends the work."""
        ...

    def count(self, text: str) -> int:
        """Return how many tokens a text has, as nearly as the engine knows."""
        ...


class _Message(Struct):
    """A message or a piece of one; without text where only its role is sent."""

    content: str | None = None


class _Choice(Struct):
    """One answer, whole or a piece of it."""

    message: _Message | None = None
    delta: _Message | None = None
    text: str | None = None


class _Answer(Struct):
    """The fields of an answer that the gateway reads."""

    choices: list[_Choice]


_DECODE = msgspec.json.Decoder(_Answer).decode


def answer_text(answer: bytes) -> str:
    """Return the text of an answer, or of an event of a stream.

    Raises:
        ValueError: this is no answer.
    """
    try:
        choices = _DECODE(answer).choices
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    if not choices:
        return ""
    first = choices[0]
    message = first.message or first.delta
    return (message.content if message else first.text) or ""
