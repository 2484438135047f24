"""Questions to a server in JSON: asked again while it is busy or away, within limits."""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec
from msgspec.json import Decoder

from lexgraft.errors import LexgraftError
from lexgraft.models.server_address import ServerAddress, bearer_header, parse_address
from lexgraft.models.server_connection import REDIRECTS, ask_server

KEY = "OPENAI_API_KEY"
"""Environment variable that holds the key; it is sent to the server and kept nowhere."""
TOGETHER = 8  # requests under way at a time
PATIENCE = 120.0  # seconds for one answer, from the first byte to the last
CONNECT_SECONDS = 1.0  # for which a server that is busy or away is asked again at first
RUN_SECONDS = 120.0  # and once it has answered: it may be started again in the meantime
STRIKES = 3  # answers that make no sense, or errors of the server's own, before it is given up
FIRST_WAIT, LONGEST_WAIT = 0.25, 10.0  # seconds between two tries, doubled from one to the next
ANSWER_BYTES = 64 << 20  # of one answer
SHOWN = 200  # characters of a server's own words in a message
API = "/v1"  # where OpenAI's routes lie; a server's own ones lie beside it
_BUSY = (408, 425, 429, 502, 503, 504)
R = TypeVar("R")
T = TypeVar("T")


class ServerRefusalError(LexgraftError):
    """A server's status that asking again does not change, in its own words."""

    def __init__(self, status: int, words: str, where: str) -> None:
        super().__init__(f"no answer from the server: {status} {words}", where=where, cure=RUNNING)
        self.status = status


RUNNING = "is it running?"


class _TryAgainError(Exception):
    """A failure that may pass by itself."""

    def __init__(self, what: str, *, strike: bool = False, wait: float = 0.0) -> None:
        super().__init__(what)
        self.strike, self.wait = strike, wait


class ServerClient:
    """A server at one address, and how long it is waited for."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._address = parse_address(self.url)
        self.retry_seconds = CONNECT_SECONDS
        root = self._address.path.removesuffix(API)
        self._root = msgspec.structs.replace(self._address, path=root)

    def persevere(self) -> None:
        """Wait longer from now on: the server was there."""
        self.retry_seconds = RUN_SECONDS

    async def ask(
        self, route: str, body: object, kind: type[T] | Decoder[T], *, root: bool = False
    ) -> T:
        """Return the server's answer to JSON (None: to no body at all).

        Args:
            route: below the address, or with `root` beside its `/v1`.
            body: sent as JSON.
            kind: what the answer must be, or its decoder.
            root: the route is the server's own, not OpenAI's.

        Raises:
            ServerRefusalError: a status that asking again does not change.
            LexgraftError: it is away or busy for too long, or answers with something else.
        """
        address = self._root if root else self._address
        data = None if body is None else msgspec.json.encode(body)
        began, strikes, wait = time.monotonic(), 0, FIRST_WAIT
        while True:
            tried = time.monotonic()
            try:
                return await self._try(address, route, data, kind)
            except _TryAgainError as failure:
                began = tried if wait == FIRST_WAIT else began
                strikes += failure.strike
                wait = max(wait, failure.wait)
                if strikes >= STRIKES or tried - began + wait > self.retry_seconds:
                    raise LexgraftError(
                        f"no answer from the server: {failure}", where=self.url, cure=RUNNING
                    ) from failure
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    async def _try(
        self, address: ServerAddress, route: str, data: bytes | None, kind: type[T] | Decoder[T]
    ) -> T:
        """Return one answer.

        Raises:
            _TryAgainError: the server is away, busy or has broken off.
            LexgraftError: it answers with something else.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                status, said, later = await self._exchange(address, route, data)
        except TimeoutError as error:
            raise _TryAgainError(f"it was not there after {PATIENCE:g} seconds") from error
        except OSError as error:
            raise _TryAgainError(str(error)) from error
        words = shown(said)
        if status in _BUSY:
            raise _TryAgainError(f"{status} {words}", wait=later)
        if status >= 500:
            raise _TryAgainError(f"{status} {words}", strike=True)
        if status != 200:
            raise ServerRefusalError(status, words, self.url)
        return self._understood(said, kind)

    async def _exchange(
        self, address: ServerAddress, route: str, data: bytes | None
    ) -> tuple[int, bytes, float]:
        """Return status, body and seconds to wait; the key goes to the address that was given."""
        key = bearer_header(os.environ.get(KEY, ""), KEY)
        async with ask_server(address, route, data, key, PATIENCE) as response:
            if response.status in REDIRECTS:
                raise LexgraftError(
                    f"the server sends requests on to `{shown(response.location.encode())}`",
                    where=self.url,
                    cure="give that address if you trust it: no key is sent after a redirect",
                )
            said = await response.whole(ANSWER_BYTES)
        if said is None:
            raise LexgraftError(f"an answer of more than {ANSWER_BYTES:,} bytes", where=self.url)
        return response.status, said, response.retry_after

    def _understood(self, said: bytes, kind: type[T] | Decoder[T]) -> T:
        try:
            if isinstance(kind, Decoder):
                return kind.decode(said)
            return msgspec.json.decode(said, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            if said and not isinstance(error, msgspec.ValidationError) and _is_half(said):
                raise _TryAgainError(f"half an answer: `{shown(said)}`", strike=True) from error
            raise LexgraftError(
                f"not an answer as OpenAI's API has it: {error}: `{shown(said)}`",
                where=self.url,
                cure="give the address of the API, e.g. http://host:port/v1",
            ) from error


def _is_half(said: bytes) -> bool:
    """Return whether this is the beginning of a JSON object or list."""
    start, end = said.lstrip()[:1], said.rstrip()[-1:]
    return (start == b"{" and end != b"}") or (start == b"[" and end != b"]")


def shown(said: bytes) -> str:
    """Return the beginning of a server's words with nothing in it that a terminal would obey."""
    text = said[: 4 * SHOWN].decode(errors="replace")[:SHOWN]
    return "".join(sign if sign.isprintable() else " " for sign in text)


def finished(work: Coroutine[Any, Any, R]) -> R:
    """Return what a coroutine does; in a thread, since a notebook has a loop of its own."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def all_of(work: Sequence[Callable[[], Coroutine[Any, Any, R]]]) -> list[R]:
    """Return what calls return, in order, as many at a time as a server is asked."""

    async def limited() -> list[R]:
        turn = asyncio.Semaphore(TOGETHER)

        async def in_turn(call: Callable[[], Coroutine[Any, Any, R]]) -> R:
            async with turn:
                return await call()

        return await asyncio.gather(*map(in_turn, work))

    return finished(limited())
