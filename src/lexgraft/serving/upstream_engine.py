"""Another server as the engine: one address, no redirect, no retry; h11 as a client."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import h11
import msgspec

from lexgraft.errors import LexgraftError
from lexgraft.serving import GatewayLimits, RequestRefusal
from lexgraft.serving.engine_interface import answer_text
from lexgraft.serving.requests import AnswerRequest
from lexgraft.terms.glossary.prompt_block import estimated_tokens

_CHUNK, _EVENT = 1 << 16, 1 << 20  # bytes read at once; bytes of one event of a stream
_OK, _CLIENT, _BUSY, _SERVER = 200, 400, 429, 500
_OURS = (401, 403, 407)  # the gateway's own key is wrong there: nothing a client can mend
_DONE = b"[DONE]"


class UpstreamEngine:
    """An OpenAI-compatible server at a fixed address."""

    def __init__(self, url: str, key: str, limits: GatewayLimits) -> None:
        address = urlsplit(url)
        if address.scheme not in ("http", "https") or not address.hostname or address.username:
            raise LexgraftError(f"`{url}` is not an upstream", cure="e.g. http://127.0.0.1:8001/v1")
        if address.query or address.fragment:
            raise LexgraftError(
                f"`{url}` has more than a path", cure="e.g. http://127.0.0.1:8001/v1"
            )
        self._host, self._path = address.hostname, address.path.rstrip("/").removesuffix("/v1")
        self._port = address.port or (443 if address.scheme == "https" else 80)
        self._tls = ssl.create_default_context() if address.scheme == "https" else None
        self._name = address.netloc
        self._key, self._limits = key, limits

    async def answer(self, request: AnswerRequest) -> bytes:
        """Return the whole answer as it came."""
        async with self._response(request) as answer:
            body = bytearray()
            async for data in answer:
                body += data
                if len(body) > self._limits.answer_bytes:
                    raise RequestRefusal(502, "the engine's answer is too long", "engine_error")
        _check(bytes(body))
        return bytes(body)

    async def stream(self, request: AnswerRequest) -> AsyncGenerator[bytes, None]:
        """Yield the events' data as they came, up to the end that the engine declares."""
        async with self._response(request) as answer:
            async for data in _events(answer):
                if data == _DONE:
                    return
                _check(data)
                yield data
        raise RequestRefusal(502, "the engine ended in the middle of its answer", "engine_error")

    def count(self, text: str) -> int:
        """Return an estimate: the upstream's tokenizer is not here."""
        return estimated_tokens(text)

    @asynccontextmanager
    async def _response(self, request: AnswerRequest) -> AsyncGenerator[AsyncIterator[bytes], None]:
        """Send a request, give the body of its response; the connection closes with the context."""
        try:
            async with asyncio.timeout(self._limits.silent_seconds):
                reader, writer = await asyncio.open_connection(
                    self._host, self._port, ssl=self._tls
                )
        except TimeoutError:
            raise RequestRefusal(504, "the engine does not answer", "engine_error") from None
        except OSError as error:
            raise RequestRefusal(502, "the engine cannot be reached", "engine_error") from error
        try:
            conversation = _UpstreamConversation(reader, writer, self._limits.silent_seconds)
            await conversation.send(self._request(request), msgspec.json.encode(request))
            await self._accept(conversation)
            yield conversation.body()
        except TimeoutError:
            raise RequestRefusal(504, "the engine has fallen silent", "engine_error") from None
        except (OSError, h11.RemoteProtocolError) as error:
            raise RequestRefusal(502, "the engine broke off", "engine_error") from error
        finally:
            writer.close()
            with suppress(OSError):
                writer.transport.abort()

    def _request(self, request: AnswerRequest) -> list[tuple[str, str]]:
        """Return the path and headers: nothing of what the client sent but its request."""
        key = [("authorization", f"Bearer {self._key}")] if self._key else []
        accept = "text/event-stream" if request.stream else "application/json"
        return [
            (":path", self._path + request.route),
            ("host", self._name),
            ("content-type", "application/json"),
            ("accept", accept),
            ("connection", "close"),
            *key,
        ]

    async def _accept(self, conversation: "_UpstreamConversation") -> None:
        """Go on after status 200; hand on what a client can mend, hide what it cannot."""
        status = await conversation.status()
        if status == _OK:
            return
        if _CLIENT <= status < _SERVER and status not in _OURS:
            body = b""
            async for data in conversation.body():
                body += data
                if len(body) > _CHUNK:
                    break
            kind = "rate_limit_error" if status == _BUSY else "invalid_request_error"
            raise RequestRefusal(status, _reason(body) or "the engine refuses this request", kind)
        raise RequestRefusal(502, f"the engine failed with status {status}", "engine_error")


class _UpstreamConversation:
    """One request and its answer."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float
    ) -> None:
        self._reader, self._writer, self._seconds = reader, writer, seconds
        self._conn = h11.Connection(h11.CLIENT)

    async def send(self, fields: list[tuple[str, str]], body: bytes) -> None:
        """Send a request."""
        (_, path), *headers = fields
        headers.append(("content-length", str(len(body))))
        request = h11.Request(method="POST", target=path, headers=headers)
        for event in (request, h11.Data(data=body), h11.EndOfMessage()):
            self._writer.write(self._conn.send(event) or b"")
        async with asyncio.timeout(self._seconds):
            await self._writer.drain()

    async def status(self) -> int:
        """Return the answer's status."""
        while not isinstance(event := await self._event(), h11.Response):
            if not isinstance(event, h11.InformationalResponse):
                raise ConnectionError("no answer")
        return event.status_code

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the answer's body as it comes."""
        while isinstance(event := await self._event(), h11.Data):
            yield bytes(event.data)

    async def _event(self) -> object:
        while (event := self._conn.next_event()) is h11.NEED_DATA:
            async with asyncio.timeout(self._seconds):
                self._conn.receive_data(await self._reader.read(_CHUNK))
        return event


async def _events(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the data of server-sent events (WHATWG HTML, §9.2.6): lines up to a blank one."""
    unfinished = b""
    lines: list[bytes] = []
    async for data in body:
        *complete, unfinished = (unfinished + data.replace(b"\r\n", b"\n")).split(b"\n")
        if len(unfinished) + sum(map(len, lines)) > _EVENT:
            raise RequestRefusal(502, "the engine's answer is too long", "engine_error")
        for line in complete:
            text = line.removesuffix(b"\r")  # left where an end of line was cut in two
            if text.startswith(b"data:"):
                lines.append(text[5:].removeprefix(b" "))
            elif not text and lines:
                yield b"\n".join(lines)
                lines = []


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
