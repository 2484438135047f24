"""HTTP/1.1 server over asyncio streams and h11, with a limit on everything."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import h11
import msgspec
from msgspec import Struct

from lexgraft.serving import GatewayLimits, RequestRefusal

_CHUNK = 1 << 16
_SINGLE = ("authorization", "content-type", "x-glossary")  # headers that must not come twice
JSON = "application/json"


class RequestHead(Struct, frozen=True):
    """The first lines of a request: path without its query, header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]


class HttpReply:
    """The response to one request: complete, or a head followed by pieces of the body."""

    def __init__(self, conn: h11.Connection, writer: asyncio.StreamWriter, seconds: float) -> None:
        self._conn, self._writer, self._seconds = conn, writer, seconds
        self.status = 0
        self.head_only = False  # what answers HEAD has no body

    async def send_complete(
        self, status: int, body: bytes, kind: str = JSON, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send a complete answer."""
        length = {"content-length": str(len(body))}
        head = self._head(status, kind, {**(headers or {}), **length})
        await self._send(head, h11.Data(data=body), h11.EndOfMessage())

    async def start(self, status: int, kind: str, headers: Mapping[str, str]) -> None:
        """Send the head of an answer."""
        await self._send(self._head(status, kind, headers))

    def _head(self, status: int, kind: str, headers: Mapping[str, str]) -> h11.Response:
        """Return the head of an answer, which is thereby begun."""
        self.status = status
        named = {"content-type": kind, "cache-control": "no-store", **headers}
        return h11.Response(
            status_code=status,
            headers=[(name.encode(), text.encode("latin-1")) for name, text in named.items()],
        )

    async def send_chunk(self, data: bytes) -> None:
        """Send a piece of the body; ends in an error when the client does not take it in time."""
        await self._send(h11.Data(data=data))

    async def end(self) -> None:
        """Send the end of the body."""
        await self._send(h11.EndOfMessage())

    async def _send(self, *events: h11.Response | h11.Data | h11.EndOfMessage) -> None:
        passed = [event for event in events if not (self.head_only and isinstance(event, h11.Data))]
        if data := b"".join(self._conn.send(event) or b"" for event in passed):
            self._writer.write(data)
        async with asyncio.timeout(self._seconds):
            await self._writer.drain()


Admit = Callable[[RequestHead], None]
"""Raises a refusal before the body is read."""
Respond = Callable[[RequestHead, bytes, HttpReply], Awaitable[None]]


class HttpWire:
    """Reads requests from connections and hands them on, one after the other on each."""

    def __init__(self, limits: GatewayLimits, admit: Admit, respond: Respond) -> None:
        self._limits, self._admit, self._respond = limits, admit, respond
        self._open = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side ends it."""
        writer.transport.set_write_buffer_limits(high=_CHUNK)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _CHUNK)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio sets it only by luck
        self._open += 1
        try:
            if self._open <= self._limits.connections:
                await _HttpConversation(
                    reader, writer, self._limits, self._admit, self._respond
                ).run()
        except (ConnectionError, TimeoutError, h11.LocalProtocolError):
            pass  # the client has left, or does not read: there is nobody to tell
        finally:
            self._open -= 1
            writer.close()
            try:
                with suppress(ConnectionError, TimeoutError):
                    await asyncio.wait_for(writer.wait_closed(), 1)
            finally:
                writer.transport.abort()  # what nobody reads would keep it open for ever


class _HttpConversation:
    """One connection."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        limits: GatewayLimits,
        admit: Admit,
        respond: Respond,
    ) -> None:
        self._reader, self._writer, self._limits = reader, writer, limits
        self._admit, self._respond = admit, respond
        self._conn = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.header_bytes)

    async def run(self) -> None:
        """Answer requests until the connection is to be closed."""
        while await self._exchange():
            if self._conn.our_state is not h11.DONE or self._conn.their_state is not h11.DONE:
                return
            self._conn.start_next_cycle()

    async def _exchange(self) -> bool:
        """Answer one request; return whether another may follow."""
        reply = HttpReply(self._conn, self._writer, self._limits.write_seconds)
        try:
            head = await self._head()
            if head is None:
                return False
            reply.head_only = head.method == "HEAD"
            self._admit(head)
            body = await self._body(head)
        except RequestRefusal as refusal:
            await self._refuse(reply, refusal)
            return False
        except h11.RemoteProtocolError as error:
            await self._refuse(
                reply, RequestRefusal(error.error_status_hint, "not a valid request")
            )
            return False
        return await self._answer(head, body, reply)

    async def _head(self) -> RequestHead | None:
        """Return the next request's head; None when the client has left."""
        try:
            async with asyncio.timeout(self._limits.header_seconds):
                event = await self._event()
        except TimeoutError:
            raise RequestRefusal(408, "the request did not come in time") from None
        if not isinstance(event, h11.Request):
            return None
        names = [name for name, _ in event.headers]
        if any(names.count(name.encode()) > 1 for name in _SINGLE):
            raise RequestRefusal(400, "a header that may come once came twice")
        if b"transfer-encoding" in names and b"content-length" in names:
            raise RequestRefusal(400, "a body of two lengths")  # and the connection ends here
        headers = {name.decode("latin-1"): text.decode("latin-1") for name, text in event.headers}
        path = event.target.decode("latin-1").partition("?")[0]
        return RequestHead(event.method.decode("latin-1"), path, headers)

    async def _body(self, head: RequestHead) -> bytes:
        """Return the body, which may not be larger nor slower than allowed."""
        limit = self._limits.body_bytes
        declared = head.headers.get("content-length", "0")
        if not declared.isdecimal() or len(declared) > len(str(limit)) or int(declared) > limit:
            raise RequestRefusal(413, f"the body may have {limit} bytes")
        if self._conn.they_are_waiting_for_100_continue:
            informed = h11.InformationalResponse(status_code=100, headers=[])
            self._writer.write(self._conn.send(informed) or b"")
        body = bytearray()
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                while isinstance(event := await self._event(), h11.Data):
                    body += event.data
                    if len(body) > limit:
                        raise RequestRefusal(413, f"the body may have {limit} bytes")
        except TimeoutError:
            raise RequestRefusal(408, "the request did not come in time") from None
        return bytes(body)

    async def _event(self) -> object:
        """Return what comes next from the client."""
        while (event := self._conn.next_event()) is h11.NEED_DATA:
            self._conn.receive_data(await self._reader.read(_CHUNK))
        return event

    async def _answer(self, head: RequestHead, body: bytes, reply: HttpReply) -> bool:
        """Have the request answered, unless the client leaves; return if another may follow."""
        answering = asyncio.ensure_future(self._respond(head, body, reply))
        watching = asyncio.ensure_future(self._watch())
        try:
            await asyncio.wait({answering, watching}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                answering.result()
                return True
            return False
        finally:
            for task in (answering, watching):
                task.cancel()
            await asyncio.gather(answering, watching, return_exceptions=True)

    async def _watch(self) -> None:
        """Return when the client has left; what it sends meanwhile is kept for the next request."""
        early = 0
        while data := await self._reader.read(_CHUNK):
            self._conn.receive_data(data)
            early += len(data)
            if early > self._limits.header_bytes + self._limits.body_bytes:
                return

    async def _refuse(self, reply: HttpReply, refusal: RequestRefusal) -> None:
        """Send a refusal and close, reading on a little so that the client gets to see it."""
        if self._conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        body = msgspec.json.encode(refusal.record())
        await reply.send_complete(refusal.status, body, headers={"connection": "close"})
        with suppress(ConnectionError, TimeoutError):
            self._writer.write_eof()
            async with asyncio.timeout(1):
                for _ in range(64):
                    if not await self._reader.read(_CHUNK):
                        break
