"""Any server that speaks OpenAI's completions (vLLM, llama.cpp, …): free answers only."""

import asyncio
import os
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError, nearest
from lexgraft.models import RunOptions, backend
from lexgraft.models.generation_only import GenerationOnly
from lexgraft.models.server_address import bearer_header, parse_address
from lexgraft.models.server_connection import REDIRECTS, ask_server
from lexgraft.records import digest

KEY = "OPENAI_API_KEY"
"""Environment variable that holds the key; it is sent to the server and kept nowhere."""
TOGETHER = 8  # requests under way at a time
TRIES = 3
PATIENCE = 120.0  # seconds for one answer, from the first byte to the last
ANSWER_BYTES = 16 << 20  # of one answer
SHOWN = 200  # characters of a server's own words in a message
_BUSY = (408, 429, 500, 502, 503, 504)
R = TypeVar("R")
T = TypeVar("T")


class _Listed(Struct, frozen=True):
    """One model of a server's list."""

    id: str


class _ModelList(Struct, frozen=True):
    """What a server says it runs."""

    data: list[_Listed]


class _Written(Struct, frozen=True):
    """One free answer."""

    text: str


class _Completion(Struct, frozen=True):
    """The answer to one prompt."""

    choices: list[_Written]


class OpenAIModel(GenerationOnly):
    """A model behind a server: its address and name stand for weights that cannot be seen.

    Servers give the log-likelihood of a given option differently or not at all, and some cut it
    short in silence; it is refused here.
    """

    def __init__(self, address: str, name: str, revision: str = "") -> None:
        self._url, self._name = address.rstrip("/"), name
        self._address = parse_address(self._url)
        self._digest = digest("openai", self._url, name, revision)

    @classmethod
    def connect(cls, address: str) -> "OpenAIModel":
        """Return the model of `http://host:port/v1` or `http://host:port/v1#name`.

        Raises:
            LexgraftError: no such address, no answer, or a name the server does not know.
        """
        url, _, name = address.partition("#")
        model = cls(url, name)
        listed = _finished(model._call("/models", None, _ModelList))
        names = [one.id for one in listed.data]
        if not name and len(names) != 1:
            raise LexgraftError("which model?", where=url, cure=f"add #NAME; {nearest('', names)}")
        if name and name not in names:
            raise LexgraftError(f"the server has no model `{name}`", cure=nearest(name, names))
        return cls(url, name or names[0])

    @property
    def digest(self) -> str:
        """Return the digest of address, name and revision: the weights cannot be seen."""
        return self._digest

    @property
    def scoring(self) -> str:
        """Return how answers are made."""
        return "server"

    def generate(self, prompts: Sequence[str], max_tokens: int, stop: Sequence[str]) -> list[str]:
        """Return the greedy continuation of every prompt, cut before the first stop text.

        Raises:
            LexgraftError: the server refuses, is silent, or does not answer with one text.
        """

        async def answer(prompt: str, turn: asyncio.Semaphore) -> str:
            asked = {
                "model": self._name,
                "prompt": prompt,
                "max_tokens": max_tokens,
                "temperature": 0,
                "seed": 0,
                **({"stop": list(stop)} if stop else {}),
            }
            async with turn:
                completion = await self._call(
                    "/completions", msgspec.json.encode(asked), _Completion
                )
            return _cut(self._only(completion), stop)

        async def answers() -> list[str]:
            turn = asyncio.Semaphore(TOGETHER)
            return await asyncio.gather(*(answer(prompt, turn) for prompt in prompts))

        return _finished(answers())

    def refusal(self) -> LexgraftError:
        """Return why options cannot be scored here, and what can be done instead."""
        return LexgraftError(
            "a server gives no log-likelihoods that can be trusted, so options cannot be scored",
            where=self._url,
            cure="ask for free answers only, or give the model's folder",
        )

    def _only(self, completion: _Completion) -> str:
        """Return the one text of an answer."""
        if len(completion.choices) != 1:
            raise LexgraftError(
                f"one answer was asked for, and {len(completion.choices)} came", where=self._url
            )
        return completion.choices[0].text

    async def _call(self, route: str, body: bytes | None, kind: type[T]) -> T:
        """Return the server's JSON answer; tries again while it is busy or away."""
        failure = ""
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(2.0 ** (attempt - 1) / 4)
            try:
                async with asyncio.timeout(PATIENCE):
                    status, said = await self._exchange(route, body)
            except TimeoutError:
                failure = f"it was not there after {PATIENCE:g} seconds"
                break
            except OSError as error:
                failure = str(error)
                continue
            if status == 200:
                return self._understood(said, kind)
            failure = f"{status} {shown(said)}"
            if status not in _BUSY:
                break
        raise LexgraftError(
            f"no answer from the server: {failure}", where=self._url, cure="is it running?"
        )

    async def _exchange(self, route: str, body: bytes | None) -> tuple[int, bytes]:
        """Return status and body of one answer; the key goes to the address that was given."""
        key = bearer_header(os.environ.get(KEY, ""), KEY)
        async with ask_server(self._address, route, body, key, PATIENCE) as response:
            if response.status in REDIRECTS:
                raise LexgraftError(
                    f"the server sends requests on to `{shown(response.location.encode())}`",
                    where=self._url,
                    cure="give that address if you trust it: no key is sent after a redirect",
                )
            said = await response.whole(ANSWER_BYTES)
        if said is None:
            raise LexgraftError(f"an answer of more than {ANSWER_BYTES:,} bytes", where=self._url)
        return response.status, said

    def _understood(self, said: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(said, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise LexgraftError(
                f"not an answer as OpenAI's API has it: {error}: `{shown(said)}`",
                where=self._url,
                cure="give the address of the API, e.g. http://host:port/v1",
            ) from error


@backend("server", "http://", "https://")
def load_server(reference: str, options: RunOptions) -> OpenAIModel:
    """Return the model behind an address; how it is run is the server's affair."""
    return OpenAIModel.connect(reference)


def shown(said: bytes) -> str:
    """Return the beginning of a server's words with nothing in it that a terminal would obey."""
    text = said[: 4 * SHOWN].decode(errors="replace")[:SHOWN]
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _cut(text: str, stop: Sequence[str]) -> str:
    """Return a text up to the first stop text in it."""
    stops = [offset for offset in map(text.find, stop) if offset >= 0]
    return text[: min(stops)] if stops else text


def _finished(work: Coroutine[Any, Any, R]) -> R:
    """Return what a coroutine does; in a thread, since a notebook has a loop of its own."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
