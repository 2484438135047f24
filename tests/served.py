"""A real gateway in a thread, and behind it an engine that does what a request's `user` says."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from lexgraft.serving import GatewayLimits
from lexgraft.serving.bearer_keys import BearerKey
from lexgraft.serving.gateway import AppliedTerms, Gateway
from lexgraft.serving.server import listen, serve_until
from lexgraft.serving.upstream_engine import UpstreamEngine
from lexgraft.terms.glossary import GlossaryEntry
from lexgraft.terms.glossary.termbase import OpenGlossary

MODEL = "tiny"
ENTRIES = (
    GlossaryEntry("fever", "発熱", "A high temperature.", ("熱病",), "H:1"),
    GlossaryEntry("heart attack", "心筋梗塞", "", (), "H 2"),
)
QUICK = GatewayLimits(header_seconds=0.3, body_seconds=0.3, silent_seconds=0.3, write_seconds=0.5)


class FakeEngine:
    """An OpenAI-compatible server that misbehaves on demand and remembers what it was sent."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.open = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            size = int(head.lower().partition("content-length:")[2].split()[0])
            body = json.loads(await reader.readexactly(size))
            self.heads.append(head)
            self.bodies.append(body)
            await self._act(body, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open -= 1
            writer.close()

    async def _act(
        self, body: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        act, text = body.get("user", ""), text_of(body)
        if act == "silent":
            await reader.read()
        elif act in DRIPS:
            await self._drip(act, writer)
        elif act in RAW or act.startswith("status"):
            writer.write(RAW.get(act) or failure(act.split()[1]))
        elif body.get("stream"):
            await self._stream(text, act, writer)
        else:
            obeys = act == "obedient" and len(self.bodies) > 1
            data = json.dumps(whole(body, "発熱です" if obeys else text)).encode()
            writer.write(head("200 OK", len(data)) + data)

    async def _drip(self, act: str, writer: asyncio.StreamWriter) -> None:
        begun, piece = DRIPS[act]
        writer.write(begun)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)

    async def _stream(self, text: str, act: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
        pieces = text.split(" ") if act != "endless" else ["x " * 500] * 10**6
        for number, piece in enumerate(pieces):
            if act == "dies" and number == 2:
                return
            if act == "babbles" and number == 2:
                writer.write(b"data: {nonsense\n\n")
                return
            if act == "stalls" and number == 2:
                await asyncio.sleep(5)
            choice = {"index": 0, "delta": {"content": piece + " "}, "finish_reason": None}
            event = {
                "id": "x",
                "object": "chat.completion.chunk",
                "created": 1,
                "model": MODEL,
                "choices": [choice],
            }
            writer.write(b"data: " + json.dumps(event).encode() + b"\n\n")
            await writer.drain()
            await asyncio.sleep(0)
        writer.write(b"data: [DONE]\n\n")


def text_of(body: dict[str, Any]) -> str:
    if "prompt" in body:
        return body["prompt"]
    return str(body["messages"][-1]["content"])


def head(status: str, size: int) -> bytes:
    return (
        f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {size}\r\n\r\n"
    ).encode()


def failure(status: str) -> bytes:
    error = json.dumps({"error": {"message": "too long for me"}}).encode()
    return head(f"{status} Oh", len(error)) + error


def whole(body: dict[str, Any], text: str) -> dict[str, Any]:
    message = {"message": {"role": "assistant", "content": text}}
    choice = {"text": text} if "prompt" in body else message
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": MODEL,
        "choices": [{"index": 0, "finish_reason": "stop", **choice}],
    }


RAW = {
    "redirect": b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
    "nonsense": head("200 OK", 5) + b"<oh/>",
    "bomless": b"HTTP/1.1 200 OK\r\n\r\n"
    b'\xef\xbb\xbfdata: {\r\ndata: "choices": [{"delta": {"content": "one"}}]\rdata: }\r\n\r'
    b': still here\nid: 7\nretry: 1\nevent: x\ndata:{"choices": []}\n\ndata: [DONE] \n\n',
    "junk": b"\x00\x01 what\r\n\r\n",
}


_STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
DRIPS = {
    "drips its head": (b"", b"H"),
    "drips headers": (b"HTTP/1.1 200 OK\r\n", b"x: y\r\n"),
    "informs": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "drips its body": (head("200 OK", 10**6), b" "),
    "drips an event": (_STREAM + b"data: ", b"x"),
    "drips comments": (_STREAM, b": still here\n\n"),
    "drips pieces": (_STREAM, b'data: {"choices": [{"delta": {"content": "x"}}]}\n\n'),
    "floods": (_STREAM, b'data: {"choices": [{"delta": {"content": "' + b"x" * 9000 + b'"}}]}\n\n'),
    "floods an event": (_STREAM + b"data: ", b"x" * 100_000),
}


class Served:
    """A running gateway."""

    def __init__(self, gateway: Gateway, port: int, engine: FakeEngine) -> None:
        self.gateway, self.port, self.engine = gateway, port, engine
        self.lines: list[dict[str, object]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def raw(self, data: bytes, seconds: float = 5) -> tuple[int, dict[str, str], bytes]:
        """Send bytes as they are and return status, headers and body of what comes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as sock:
            sock.sendall(data)
            return read_answer(sock)

    def post(
        self, body: object, route: str = "/v1/chat/completions", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Post JSON (or bytes) and return status, headers and body."""
        return self.raw(request(body, route, **headers))

    def chat(self, text: str, act: str = "", **more: object) -> dict[str, Any]:
        """Return the body of a chat request."""
        message = {"role": "user", "content": text}
        return {"model": MODEL, "messages": [message], "user": act, **more}


def request(body: object, route: str = "/v1/chat/completions", **headers: str) -> bytes:
    """Return a request that closes the connection."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {
        "host": "localhost",
        "content-type": "application/json",
        "connection": "close",
        "content-length": str(len(data)),
        **{name.replace("_", "-"): text for name, text in headers.items()},
    }
    lines = "".join(f"{name}: {text}\r\n" for name, text in named.items())
    return f"POST {route} HTTP/1.1\r\n{lines}\r\n".encode() + data


def read_answer(sock: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Return what comes until the connection ends."""
    data = b""
    while piece := sock.recv(1 << 16):
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    headers = {name.lower(): text for name, _, text in (line.partition(": ") for line in rest)}
    if headers.get("transfer-encoding") == "chunked":
        body = unchunked(body)
    return int(first.split()[1]), headers, body


def unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        whole, body = whole + rest[:length], rest[length + 2 :]
    return whole


@asynccontextmanager
async def _upstream(engine: FakeEngine) -> AsyncGenerator[int, None]:
    server = await asyncio.start_server(engine.talk, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@contextmanager
def served(
    limits: GatewayLimits = QUICK,
    keys: tuple[BearerKey, ...] = (),
    engine: Any = None,
    *,
    glossary: bool = True,
    repair: bool = False,
) -> Generator[Served, None, None]:
    """Give a gateway with two entries before the fake engine, or before another."""
    fake, ready = FakeEngine(), threading.Event()
    found: list[Any] = []

    async def main() -> None:
        ending = asyncio.Event()
        async with _upstream(fake) as port:
            behind = engine or UpstreamEngine(f"http://127.0.0.1:{port}/v1", "secret", limits)
            terms = AppliedTerms(OpenGlossary(ENTRIES, "ja"), repair=repair) if glossary else None
            lines: list[dict[str, object]] = []
            gateway = Gateway(MODEL, behind, terms, limits, keys, log=lines.append)
            listening = listen("127.0.0.1", 0, guarded=False)
            one = Served(gateway, listening.getsockname()[1], fake)
            one.lines = lines
            found.extend([one, asyncio.get_running_loop(), ending])
            ready.set()
            await serve_until(gateway, limits, listening, ending)

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert ready.wait(10)
    one, loop, ending = found
    try:
        yield one
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join(20)
        assert not thread.is_alive()
