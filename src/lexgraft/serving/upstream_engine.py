"""Another server as the engine: one address, no redirect, no retry."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager

import msgspec

from lexgraft.models.server_address import bearer_header, parse_address
from lexgraft.models.server_connection import (
    CHUNK,
    ServerResponse,
    UnreachableServerError,
    ask_server,
)
from lexgraft.serving import GatewayLimits, RequestRefusal
from lexgraft.serving.engine_interface import answer_text
from lexgraft.serving.event_stream import read_events
from lexgraft.serving.requests import AnswerRequest
from lexgraft.terms.glossary.prompt_block import estimated_tokens

UPSTREAM_KEY = "LEXGRAFT_UPSTREAM_KEY"
"""Environment variable that holds the upstream's key."""
_EVENT = 1 << 20  # bytes of one event of a stream
_OK, _CLIENT, _BUSY, _SERVER = 200, 400, 429, 500
_OURS = (401, 403, 407)  # the gateway's own key is wrong there: nothing a client can mend
_DONE = b"[DONE]"


class UpstreamEngine:
    """An OpenAI-compatible server at a fixed address."""

    def __init__(self, url: str, key: str, limits: GatewayLimits) -> None:
        self._address = parse_address(url.rstrip("/").removesuffix("/v1"))
        self._key, self._limits = bearer_header(key, UPSTREAM_KEY), limits

    async def answer(self, request: AnswerRequest) -> bytes:
        """Return the whole answer as it came."""
        async with self._response(request) as response:
            answer = await response.whole(self._limits.answer_bytes)
        if answer is None:
            raise _too_long()
        _check(answer)
        return answer

    async def stream(self, request: AnswerRequest) -> AsyncGenerator[bytes, None]:
        """Yield the events' data as they came, up to the end that the engine declares.

        Each event must be whole before the engine counts as silent, however it drips.
        """
        size = 0
        async with (
            self._response(request) as response,
            aclosing(read_events(response.body(), _EVENT)) as events,
        ):
            while (data := await self._next(events)) is not None:
                if data.strip() == _DONE:
                    return
                size += len(data)
                if size > self._limits.answer_bytes:
                    raise _too_long()
                _check(data)
                yield data
        raise RequestRefusal(502, "the engine ended in the middle of its answer", "engine_error")

    async def _next(self, events: AsyncGenerator[bytes]) -> bytes | None:
        async with asyncio.timeout(self._limits.silent_seconds):
            try:
                return await anext(events, None)
            except ValueError:  # one event without end
                raise _too_long() from None

    def count(self, text: str) -> int:
        """Return an estimate: the upstream's tokenizer is not here."""
        return estimated_tokens(text)

    @asynccontextmanager
    async def _response(self, request: AnswerRequest) -> AsyncGenerator[ServerResponse]:
        """Send a request, give its response; the connection closes with the context."""
        accept = "text/event-stream" if request.stream else "application/json"
        headers = [("accept", accept), *self._key]  # nothing of what the client sent
        body, seconds = msgspec.json.encode(request), self._limits.silent_seconds
        try:
            async with ask_server(self._address, request.route, body, headers, seconds) as response:
                await _accept(response)
                yield response
        except TimeoutError:
            raise RequestRefusal(504, "the engine has fallen silent", "engine_error") from None
        except UnreachableServerError as error:
            raise RequestRefusal(502, "the engine cannot be reached", "engine_error") from error
        except OSError as error:
            raise RequestRefusal(502, "the engine broke off", "engine_error") from error


async def _accept(response: ServerResponse) -> None:
    """Go on after status 200; hand on what a client can mend, hide what it cannot."""
    status = response.status
    if status == _OK:
        return
    if _CLIENT <= status < _SERVER and status not in _OURS:
        body = await response.whole(CHUNK) or b""
        kind = "rate_limit_error" if status == _BUSY else "invalid_request_error"
        raise RequestRefusal(status, _reason(body) or "the engine refuses this request", kind)
    raise RequestRefusal(502, f"the engine failed with status {status}", "engine_error")


def _too_long() -> RequestRefusal:
    return RequestRefusal(502, "the engine's answer is too long", "engine_error")


def _check(answer: bytes) -> None:
    """Refuse what is not an answer."""
    try:
        answer_text(answer)
    except ValueError as error:
        raise RequestRefusal(
            502, "the engine's answer is not understood", "engine_error"
        ) from error


def _reason(body: bytes) -> str:
    """Return the message of an error, cut short; empty when there is none."""
    try:
        error = msgspec.json.decode(body, type=dict[str, dict[str, object]])["error"]
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError):
        return ""
    return str(error.get("message", ""))[:500]
