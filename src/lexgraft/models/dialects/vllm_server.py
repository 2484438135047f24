"""vLLM's server: token ids in, `prompt_logprobs` out (formats of 0.11 to 0.33)."""

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
    mismatched,
    own_answer,
)
from lexgraft.models.server_client import ServerClient

_DIGITS = 9  # of a token's number, at most
_ID = "token_id:"  # before a token's number where ids are asked for as tokens


class _Version(Struct, frozen=True):
    version: str


class _VllmText(Struct, frozen=True):
    prompt: str


class _Logprob(Struct, frozen=True):
    logprob: float | None


class _WrittenTokens(Struct, frozen=True):
    tokens: list[str]
    token_logprobs: list[float | None]


class _VllmChoice(Struct, frozen=True):
    index: int
    prompt_logprobs: list[dict[str, _Logprob] | None] | None = None
    logprobs: _WrittenTokens | None = None


class _VllmCompletion(Struct, frozen=True):
    choices: list[_VllmChoice]


class VllmServer:
    """Options as whole prompts of token ids, those of a question in one request."""

    kind = "vllm"

    def __init__(self, client: ServerClient, listed: ListedModel) -> None:
        self._client, self.name = client, listed.id

    async def version(self) -> str:
        """Return what `/version` says; a proxy may hide it."""
        reported = await if_told(self._client, "/version", _Version)
        return reported.version if reported else ""

    async def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Return the token ids of a text, with its start token if these are special."""
        body = {"model": self.name, "prompt": text, "add_special_tokens": special}
        return (await own_answer(self._client, "/tokenize", TokenIds, **body)).tokens

    async def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids."""
        body = {"model": self.name, "tokens": list(ids)}
        return (await own_answer(self._client, "/detokenize", _VllmText, **body)).prompt

    async def score(self, question: ServedQuestion) -> list[list[float]]:
        """Return log P of every option's tokens, from `prompt_logprobs`."""
        context = list(question.context)
        prompts = [[*context, *option] for option in question.options]
        choices = await self._complete(prompts, prompt_logprobs=0)
        return [
            checked(self._values(choice, prompt, len(context)), len(option), self._client.url)
            for choice, prompt, option in zip(choices, prompts, question.options, strict=True)
        ]

    async def continued(self, question: ServedQuestion) -> NextToken:
        """Return the likeliest next token after the context."""
        (choice,) = await self._complete(
            [list(question.context)], logprobs=0, return_tokens_as_token_ids=True
        )
        written = choice.logprobs or _WrittenTokens([], [])
        (value,) = checked(written.token_logprobs, 1, self._client.url)
        number = written.tokens[0].removeprefix(_ID) if written.tokens else ""
        if not (number.isascii() and number.isdigit() and len(number) <= _DIGITS):
            raise lacking("choices[0].logprobs.tokens", self._client.url)
        return NextToken(int(number), number, value)

    async def _complete(self, prompts: list[list[int]], **what: object) -> list[_VllmChoice]:
        """Return one choice per prompt, in order."""
        body = {
            "model": self.name,
            "prompt": prompts,
            "max_tokens": 1,
            "temperature": 0,
            "add_special_tokens": False,
            **what,
        }
        answer = await self._client.ask("/completions", body, _VllmCompletion)
        choices = sorted(answer.choices, key=lambda choice: choice.index)
        if [choice.index for choice in choices] != [*range(len(prompts))]:
            raise mismatched(len(choices), len(prompts), self._client.url)
        return choices

    def _values(self, choice: _VllmChoice, prompt: Sequence[int], start: int) -> list[float | None]:
        """Return the values of the prompt's own tokens from `start` on."""
        steps = choice.prompt_logprobs
        if steps is None:
            raise LexgraftError(
                "the server gives no log-probabilities of the prompt",
                where=self._client.url,
                cure="vLLM gives them as `prompt_logprobs`: is there a proxy that leaves them out?",
            )
        values: list[float | None] = []
        for token, step in zip(prompt[start:], steps[start:], strict=False):
            entry = (step or {}).get(str(token))
            values.append(entry.logprob if entry else None)
        return values if len(steps) == len(prompt) else values[: len(steps) - len(prompt)]
