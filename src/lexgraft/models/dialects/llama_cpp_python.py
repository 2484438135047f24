"""The server of llama-cpp-python: text in, `echo` and `logprobs` out (0.3.35).

It takes no token ids, and needs `--logits_all true`. A model without a start token is refused by
the check of connecting: its values then stand one place too far on.
"""

from collections.abc import Sequence

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.models.dialects import (
    ListedModel,
    NextToken,
    ServedQuestion,
    TokenIds,
    checked,
    if_told,
    lacking,
    own_answer,
)
from lexgraft.models.server_client import ServerClient


class _ApiInfo(Struct, frozen=True):
    version: str


class _OpenApi(Struct, frozen=True):
    info: _ApiInfo


class _PythonText(Struct, frozen=True):
    text: str


class _Echoed(Struct, frozen=True):
    tokens: list[str]
    token_logprobs: list[float | None]


class _EchoChoice(Struct, frozen=True):
    logprobs: _Echoed | None = None


class _Usage(Struct, frozen=True):
    prompt_tokens: int
    completion_tokens: int


class _EchoCompletion(Struct, frozen=True):
    choices: list[_EchoChoice]
    usage: _Usage


class LlamaCppPythonServer:
    """Options as whole texts, one request each: the server counts the tokens."""

    kind = "llama-cpp-python"

    def __init__(self, client: ServerClient, listed: ListedModel) -> None:
        self._client, self.name = client, listed.id

    async def version(self) -> str:
        """Return the release that its description of itself names."""
        reported = await if_told(self._client, "/openapi.json", _OpenApi)
        return reported.info.version if reported else ""

    async def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Return the token ids of a text, with its start token if these are special."""
        start = [] if special else await self.encode("", special=True)
        body = {"model": self.name, "input": text}
        whole = (await own_answer(self._client, "/extras/tokenize", TokenIds, **body)).tokens
        return whole[len(start) :]

    async def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids."""
        body = {"model": self.name, "tokens": list(ids)}
        return (await own_answer(self._client, "/extras/detokenize", _PythonText, **body)).text

    async def score(self, question: ServedQuestion) -> list[list[float]]:
        """Return log P of every option's tokens, from the end of the echoed text.

        Raises:
            LexgraftError: an option's tokens are not those of the whole text, or nothing stands
                before it: the server never gives a text's first value.
        """
        if not question.text:
            raise LexgraftError(
                "this server gives no log-probability of the beginning of a text",
                where=self._client.url,
                cure="leave --texts and --general out, or serve the model with llama-server",
            )
        if any(question.crossed):
            raise LexgraftError(
                f"the option {question.texts[question.crossed.index(True)]!r} shares a token with "
                "what stands before it, and this server takes text, not tokens",
                where=self._client.url,
                cure="serve the model with llama-server, vLLM or SGLang, or give its folder",
            )
        return [
            await self._option(question, text, ids)
            for text, ids in zip(question.texts, question.options, strict=True)
        ]

    async def _option(self, question: ServedQuestion, text: str, ids: Sequence[int]) -> list[float]:
        completion = await self._complete(question.text + text, echo=True)
        echoed = _echo(completion, self._client.url)
        count = len(question.context) + len(ids)
        written = completion.usage.completion_tokens
        if not 0 <= written <= len(echoed.token_logprobs):
            raise lacking("usage.completion_tokens", self._client.url)
        values = echoed.token_logprobs[: len(echoed.token_logprobs) - written]
        if completion.usage.prompt_tokens != count:
            return checked(values, count, self._client.url)
        return checked(values[len(values) - len(ids) :], len(ids), self._client.url)

    async def continued(self, question: ServedQuestion) -> NextToken:
        """Return the likeliest next token after the context, as text."""
        completion = await self._complete(question.text, echo=False)
        echoed = _echo(completion, self._client.url)
        (value,) = checked(echoed.token_logprobs[:1], 1, self._client.url)
        if not echoed.tokens:
            raise lacking("choices[0].logprobs.tokens", self._client.url)
        return NextToken(None, echoed.tokens[0], value)

    async def _complete(self, text: str, *, echo: bool) -> _EchoCompletion:
        body = {
            "model": self.name,
            "prompt": text,
            "max_tokens": 1,
            "temperature": 0,
            "logprobs": 1,
            "echo": echo,
        }
        return await self._client.ask("/completions", body, _EchoCompletion)


def _echo(completion: _EchoCompletion, where: str) -> _Echoed:
    """Return the tokens of the only answer, with their log-probabilities."""
    echoed = completion.choices[0].logprobs if len(completion.choices) == 1 else None
    if echoed is None:
        raise LexgraftError(
            "the server gives no log-probabilities",
            where=where,
            cure="start it with `--logits_all true`",
        )
    return echoed
