"""One request to a server and its answer as it comes: no redirect, no proxy, no second address."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import h11

from lexgraft.models.server_address import ServerAddress

CHUNK = 1 << 16  # bytes read at once
_INFORMED = 16  # answers of status 1xx that may come before the one that counts
REDIRECTS = range(300, 400)
LONGEST_RETRY = 60.0  # seconds that a server may ask for


class UnreachableServerError(ConnectionError):
    """No connection to a server."""


class ServerResponse:
    """The answer to one request."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        connection: h11.Connection,
        seconds: float,
    ) -> None:
        self._reader, self._connection, self._seconds = reader, connection, seconds
        self.status = 0
        self.location = ""  # where a redirect points
        self.retry_after = 0.0  # seconds that a busy server asks for

    async def read_head(self) -> None:
        """Read status and headers."""
        for _ in range(_INFORMED):
            event = await self._event()
            if isinstance(event, h11.Response):
                self.status = event.status_code
                named = dict(event.headers)
                self.location = named.get(b"location", b"").decode("ascii", "replace")
                seconds = named.get(b"retry-after", b"")
                if seconds.isdigit():
                    self.retry_after = min(float(seconds), LONGEST_RETRY)
                return
            if not isinstance(event, h11.InformationalResponse):
                break
        raise ConnectionError("no answer")

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes."""
        while isinstance(event := await self._event(), h11.Data):
            yield bytes(event.data)

    async def whole(self, limit: int) -> bytes | None:
        """Return the whole body; None where it has more than `limit` bytes."""
        body = bytearray()
        async for piece in self.body():
            body += piece
            if len(body) > limit:
                return None
        return bytes(body)

    async def _event(self) -> object:
        try:
            while (event := self._connection.next_event()) is h11.NEED_DATA:
                async with asyncio.timeout(self._seconds):
                    self._connection.receive_data(await self._reader.read(CHUNK))
        except h11.RemoteProtocolError as error:
            raise ConnectionError(f"not HTTP: {error}") from error
        return event


@asynccontextmanager
async def ask_server(
    address: ServerAddress,
    route: str,
    body: bytes | None,
    headers: Sequence[tuple[str, str]],
    seconds: float,
) -> AsyncGenerator[ServerResponse]:
    """Send a request (GET without a body), give its response; the connection ends with the context.

    Args:
        address: the only one that is contacted.
        route: follows the address's path.
        body: JSON, or None.
        headers: besides those that the request needs.
        seconds: of silence, after which it ends; callers limit the whole.

    Raises:
        UnreachableServerError: no connection.
        OSError: the server broke off, or does not speak HTTP.
        TimeoutError: it was silent.
    """
    tls = ssl.create_default_context() if address.tls else None
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(address.host, address.port, ssl=tls)
    except TimeoutError:
        raise
    except (OSError, UnicodeError) as error:
        raise UnreachableServerError(str(error)) from error
    try:
        connection = h11.Connection(h11.CLIENT)
        writer.write(_request(connection, address, route, body, headers))
        async with asyncio.timeout(seconds):
            await writer.drain()
        response = ServerResponse(reader, connection, seconds)
        await response.read_head()
        yield response
    finally:
        writer.close()
        with suppress(OSError):
            writer.transport.abort()


def _request(
    connection: h11.Connection,
    address: ServerAddress,
    route: str,
    body: bytes | None,
    headers: Sequence[tuple[str, str]],
) -> bytes:
    """Return a request's bytes: nothing in it but what its caller names."""
    fields = [("host", address.name), ("connection", "close"), *headers]
    if body is not None:
        fields += [("content-type", "application/json"), ("content-length", str(len(body)))]
    request = h11.Request(
        method="GET" if body is None else "POST", target=address.path + route, headers=fields
    )
    parts = [request, *([h11.Data(data=body)] if body else []), h11.EndOfMessage()]
    return b"".join(connection.send(part) or b"" for part in parts)
