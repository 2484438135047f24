"""llama.cpp's own server: a token is forced, and its log P before that read (b11549, October 2026).

It gives no log-probabilities of a prompt. A bias on one token's logit decides what is written, and
`completion_probabilities` hold what the model said before the bias: one small answer per token.
"""

import math
from collections.abc import Sequence

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.models.dialects import (
    ListedModel,
    NextToken,
    ServedQuestion,
    TokenId,
    TokenIds,
    checked,
    if_told,
    lacking,
    own_answer,
)
from lexgraft.models.server_client import ServerClient

FORCED = 1000.0  # added to a logit so that its token is written for certain
BOTH, AHEAD = 100.0, 20.0  # added to two logits, and to that of the token to be written once more
LIKELIER = 60.0  # nats by which that one may be the less likely of the two


class _Properties(Struct, frozen=True):
    build_info: str


class _LlamaText(Struct, frozen=True):
    content: str


class _Candidate(Struct, frozen=True):
    id: TokenId
    prob: float = 0.0


class _Step(Struct, frozen=True):
    id: TokenId
    logprob: float | None = None
    prob: float = 0.0
    top_probs: list[_Candidate] = []


class _Completed(Struct, frozen=True):
    tokens_evaluated: int
    truncated: bool = False
    completion_probabilities: list[_Step] = []


class LlamaServer:
    """Options token by token; the context is taken from the server's cache."""

    kind = "llama-server"

    def __init__(self, client: ServerClient, listed: ListedModel) -> None:
        self._client, self.name = client, listed.id
        self._plain: int | None = None  # a token that is a whole character

    async def version(self) -> str:
        """Return the build that `/props` reports."""
        reported = await if_told(self._client, "/props", _Properties)
        return reported.build_info if reported else ""

    async def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Return the token ids of a text, with its start token if these are special."""
        body = {"content": text, "add_special": special}
        return (await own_answer(self._client, "/tokenize", TokenIds, **body)).tokens

    async def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids."""
        return (await own_answer(self._client, "/detokenize", _LlamaText, tokens=list(ids))).content

    async def score(self, question: ServedQuestion) -> list[list[float]]:
        """Return log P of every option's tokens; equal beginnings are asked once."""
        scored: dict[tuple[int, ...], float] = {}
        for option in question.options:
            for end in range(1, len(option) + 1):
                line = tuple(option[:end])
                if line not in scored:
                    scored[line] = await self._logprob([*question.context, *line])
        return [
            [scored[tuple(option[:end])] for end in range(1, len(option) + 1)]
            for option in question.options
        ]

    async def continued(self, question: ServedQuestion) -> NextToken:
        """Return the likeliest next token after the context."""
        step = await self._written(list(question.context), {})
        if step is None:  # half a character
            return NextToken(None, "", 0.0)
        return NextToken(step.id, str(step.id), self._value(step))

    async def _logprob(self, line: list[int]) -> float:
        """Return log P of the last token after the others."""
        context, token = line[:-1], line[-1]
        step = await self._written(context, {token: FORCED})
        if step is not None and step.id == token:
            return self._value(step)
        return await self._beside_plain(context, token)

    async def _beside_plain(self, context: list[int], token: int) -> float:
        """Return log P of a token that is half a character: the server tells of whole ones only.

        It is compared with a whole one: equal biases leave the ratio of two probabilities as it is.
        """
        if self._plain is None:
            letters = await self.encode("a")
            if not letters:
                raise lacking("tokens", self._client.url)
            self._plain = letters[-1]
        plain = await self._written(context, {self._plain: FORCED})
        ahead = AHEAD
        while plain is not None and ahead <= AHEAD + LIKELIER:
            bias = {token: BOTH, self._plain: BOTH + ahead}
            pair = await self._written(context, bias, sampled=True)
            if pair is not None and pair.id == self._plain:
                probabilities = {candidate.id: candidate.prob for candidate in pair.top_probs}
                if not pair.prob > 0:
                    raise lacking("completion_probabilities[0].prob", self._client.url)
                ratio = probabilities.get(token, 0.0) / pair.prob
                if ratio > 0:
                    return self._checked(self._value(plain) + math.log(ratio) + ahead)
            ahead += AHEAD
        raise LexgraftError(
            f"the server gives no probability of the token {token}",
            where=self._client.url,
            cure="update llama.cpp, or give the model's folder",
        )

    async def _written(
        self, context: list[int], bias: dict[int, float], *, sampled: bool = False
    ) -> _Step | None:
        """Return the token written after a context; None where it is half a character."""
        body = {
            "model": self.name,
            "prompt": context,
            "n_predict": 1,
            "n_probs": 2,
            "logit_bias": [[token, nats] for token, nats in bias.items()],
            "samplers": ["temperature"],
            "temperature": 1 if sampled else 0,
            "seed": 0,
            "post_sampling_probs": sampled,
            "cache_prompt": True,
        }
        answer = await own_answer(self._client, "/completion", _Completed, **body)
        if answer.truncated or answer.tokens_evaluated != len(context):
            raise LexgraftError(
                f"the server has read {answer.tokens_evaluated} of {len(context)} tokens",
                where=self._client.url,
                cure="give llama-server a longer context (-c)",
            )
        return answer.completion_probabilities[0] if answer.completion_probabilities else None

    def _value(self, step: _Step) -> float:
        """Return a step's log-probability, if it is one."""
        return self._checked(step.logprob)

    def _checked(self, value: float | None) -> float:
        (number,) = checked([value], 1, self._client.url)
        return number
