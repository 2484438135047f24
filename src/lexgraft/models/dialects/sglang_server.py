"""SGLang's server: token ids in, `input_token_logprobs` out (formats of 0.4.6 to 0.5.23)."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.json import Decoder

from lexgraft.errors import LexgraftError
from lexgraft.models.dialects import (
    ListedModel,
    NextToken,
    ServedQuestion,
    TokenId,
    TokenIds,
    checked,
    if_told,
    mismatched,
    own_answer,
)
from lexgraft.models.server_client import ServerClient

Triple = tuple[float | None, TokenId, str | None]


class _Info(Struct, frozen=True):
    version: str


class _SglangText(Struct, frozen=True):
    text: str


class _Meta(Struct, frozen=True):
    prompt_tokens: int
    input_token_logprobs: list[Triple] | None = None
    output_token_logprobs: list[Triple] | None = None


class _Generated(Struct, frozen=True):
    meta_info: _Meta


_ANSWERS = Decoder(list[_Generated])


class SglangServer:
    """Options as whole prompts of token ids; what they begin with is taken from the cache."""

    kind = "sglang"

    def __init__(self, client: ServerClient, listed: ListedModel) -> None:
        self._client, self.name = client, listed.id
        self._adapter = listed.id if listed.parent else None

    async def version(self) -> str:
        """Return what the server's own information says; a proxy may hide it."""
        for route in ("/server_info", "/get_server_info"):
            reported = await if_told(self._client, route, _Info)
            if reported:
                return reported.version
        return ""

    async def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Return the token ids of a text, with its start token if these are special."""
        body = {"model": self.name, "prompt": text, "add_special_tokens": special}
        return (await own_answer(self._client, "/tokenize", TokenIds, **body)).tokens

    async def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids."""
        body = {"model": self.name, "tokens": list(ids), "skip_special_tokens": False}
        return (await own_answer(self._client, "/detokenize", _SglangText, **body)).text

    async def score(self, question: ServedQuestion) -> list[list[float]]:
        """Return log P of every option's tokens, from `input_token_logprobs`.

        The first value from `logprob_start_len` on is null, so that starts a token earlier.
        """
        context = list(question.context)
        prompts = [[*context, *option] for option in question.options]
        answers = await self._generate(prompts, len(context) - 1)
        return [
            checked(self._values(answer.meta_info, prompt), len(option), self._client.url)
            for answer, prompt, option in zip(answers, prompts, question.options, strict=True)
        ]

    async def continued(self, question: ServedQuestion) -> NextToken:
        """Return the likeliest next token after the context."""
        (answer,) = await self._generate([list(question.context)], -1)
        values = answer.meta_info.output_token_logprobs or []
        (value,) = checked([value for value, *_ in values], 1, self._client.url)
        return NextToken(values[0][1], str(values[0][1]), value)

    async def _generate(self, prompts: list[list[int]], start: int) -> list[_Generated]:
        """Return one answer per prompt, in order."""
        body = {
            "input_ids": prompts,
            "sampling_params": {"max_new_tokens": 1, "temperature": 0},
            "return_logprob": True,
            "logprob_start_len": start,
            "top_logprobs_num": 0,
            **({"lora_path": self._adapter} if self._adapter else {}),
        }
        answers = await self._client.ask("/generate", body, _ANSWERS, root=True)
        if len(answers) != len(prompts):
            raise mismatched(len(answers), len(prompts), self._client.url)
        return answers

    def _values(self, meta: _Meta, prompt: Sequence[int]) -> list[float | None]:
        """Return the values of an option's tokens, which must be those that were sent."""
        if meta.input_token_logprobs is None:
            raise LexgraftError(
                "the server gives no log-probabilities of the prompt",
                where=self._client.url,
                cure="SGLang gives them as `input_token_logprobs`: is there a proxy between?",
            )
        triples = meta.input_token_logprobs[1:]
        same = [token for _, token, _ in triples] == list(prompt[len(prompt) - len(triples) :])
        return (
            [value for value, *_ in triples] if same and meta.prompt_tokens == len(prompt) else []
        )
