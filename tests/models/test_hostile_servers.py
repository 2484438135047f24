"""Servers that answer oddly, on a raw socket: a message each, soon, whatever they send."""

import json
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.models import server_client
from lexgraft.models.openai_server import OpenAIModel, connect
from lexgraft.models.server_client import KEY, ServerClient

Answer = bytes | Callable[[], Iterable[bytes]]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


def answered(body: object) -> bytes:
    """Return a whole answer that ends with its connection."""
    return HEAD + b"\r\n" + (body if isinstance(body, bytes) else json.dumps(body).encode())


MODELS = answered({"data": [{"id": "m"}]})


class RawServer:
    """Reads a request up to its blank line, remembers it, and sends what it is told to."""

    def __init__(self, answer: Answer) -> None:
        self.heads: list[bytes] = []
        self._answer = answer
        self._sock = socket.create_server(("127.0.0.1", 0))
        self.port = self._sock.getsockname()[1]
        self._ended = False

    def serve(self) -> None:
        while not self._ended:
            with suppress(OSError):
                connection, _ = self._sock.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(1 << 16) or b"\r\n\r\n"
            self.heads.append(head)
            for piece in [self._answer] if isinstance(self._answer, bytes) else self._answer():
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1 << 16)

    def close(self) -> None:
        self._ended = True
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()


@contextmanager
def raw_server(answer: Answer) -> Generator[RawServer]:
    server = RawServer(answer)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    yield server
    server.close()
    thread.join(5)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_client, "CONNECT_SECONDS", 0.0)
    monkeypatch.setattr(server_client, "RUN_SECONDS", 0.0)
    monkeypatch.setattr(server_client, "PATIENCE", 0.2)
    monkeypatch.setattr(server_client, "ANSWER_BYTES", 1 << 20)
    monkeypatch.setenv(KEY, "sk-secret")


def drip() -> Iterable[bytes]:
    """Send a sign at a time, each before any patience with silence ends."""
    for sign in HEAD * 50:
        time.sleep(0.02)
        yield bytes([sign])


def slow_body() -> Iterable[bytes]:
    yield HEAD + b"\r\n"
    for _ in range(200):
        time.sleep(0.02)
        yield b" "


def endless() -> Iterable[bytes]:
    yield HEAD + b"\r\n"
    for _ in range(100):
        yield b" " * (1 << 16)


def informing() -> Iterable[bytes]:
    while True:
        yield b"HTTP/1.1 100 Continue\r\n\r\n"


ODD: dict[str, Answer] = {
    "nothing": b"",
    "junk": b"\x00\x01\x02\r\n\r\n",
    "half a head": HEAD,
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "status of letters": b"HTTP/1.1 abc OK\r\n\r\n",
    "status 99999": b"HTTP/1.1 99999 OK\r\n\r\n",
    "endless header": b"HTTP/1.1 200 OK\r\nx: " + b"a" * (1 << 20),
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 100_000 + b"\r\n",
    "length too long": HEAD + b"content-length: 999999999999\r\n\r\n{}",
    "length negative": HEAD + b"content-length: -1\r\n\r\n{}",
    "length of 40 digits": HEAD + b"content-length: " + b"9" * 40 + b"\r\n\r\n{}",
    "two lengths": HEAD + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}",
    "chunk of letters": HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n",
    "chunk too long": HEAD + b"transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n{}",
    "chunk cut": HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\n{}",
    "other encoding": HEAD + b"transfer-encoding: gzip\r\n\r\n{}",
    "gzip": HEAD + b"content-encoding: gzip\r\n\r\n\x1f\x8b\x08\x00\x00",
    "HTML": answered(b"<html><body>Welcome</body></html>"),
    "empty": answered(b""),
    "null": answered(None),
    "a number": answered(7),
    "a list": answered([]),
    "a text": answered("hello"),
    "other keys": answered({"object": "list"}),
    "null inside": answered({"data": None, "choices": None}),
    "objects inside": answered({"data": {"a": 1}, "choices": {"a": 1}}),
    "numbers inside": answered({"data": [1, 2], "choices": [1, 2]}),
    "names missing": answered({"data": [{}], "choices": [{}]}),
    "names null": answered({"data": [{"id": None}], "choices": [{"text": None}]}),
    "names numbers": answered({"data": [{"id": 5}], "choices": [{"text": 5}]}),
    "none": answered({"data": [], "choices": []}),
    "two": answered({"data": [{"id": "a"}, {"id": "b"}], "choices": [{"text": "a"}] * 2}),
    "deep": answered(b"[" * 200_000),
    "deep after a key": answered(b'{"x": ' + b"[" * 200_000),
    "bytes": answered(b'{"data": [{"id": "\xff\xfe"}], "choices": [{"text": "\xff"}]}'),
    "half of a pair": answered(b'{"data": [{"id": "\\ud800"}], "choices": [{"text": "\\udc00"}]}'),
    "NaN": answered(b'{"data": [NaN], "choices": [{"text": NaN}]}'),
    "a BOM": answered(b"\xef\xbb\xbf<xml/>"),
    "an error with status 200": answered({"error": {"message": "no"}}),
    "401": b"HTTP/1.1 401 No\r\ncontent-length: 3\r\n\r\n\x1b[2",
    "500": b"HTTP/1.1 500 No\r\n\r\n" + b"x" * 1000,
    "204": b"HTTP/1.1 204 No\r\n\r\n",
    "101": b"HTTP/1.1 101 Switching\r\n\r\n",
    "drips its head": drip,
    "drips its body": slow_body,
    "endless": endless,
    "informs for ever": informing,
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_answer_is_told_in_a_line_and_soon(name: str) -> None:
    with raw_server(ODD[name]) as server:
        began = time.monotonic()
        url = f"http://127.0.0.1:{server.port}/v1"
        with pytest.raises(LexgraftError) as first:
            connect(url)
        with pytest.raises(LexgraftError) as second:
            OpenAIModel(ServerClient(url), "m", "").generate(["p"], 3, ())
        assert time.monotonic() - began < 3
    for error in (first.value, second.value):
        assert url in str(error)
        assert "secret" not in str(error)
        assert "\x1b" not in str(error)
        assert len(str(error)) < 700


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("elsewhere", ["http://127.0.0.1:{}/v1/models", "//localhost:{}/", "/v2"])
def test_no_key_follows_a_redirect(status: int, elsewhere: str) -> None:
    with raw_server(MODELS) as other:
        location = elsewhere.format(other.port)
        head = f"HTTP/1.1 {status} Go\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n"
        with raw_server(head.encode()) as server:
            with pytest.raises(LexgraftError, match="sends requests on to") as error:
                connect(f"http://127.0.0.1:{server.port}/v1")
            assert location in str(error.value)
            assert len(server.heads) == 1
            assert b"authorization: bearer sk-secret" in server.heads[0].lower()
        assert other.heads == []


def test_no_key_goes_to_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(MODELS) as proxy, raw_server(MODELS) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        connect(f"http://127.0.0.1:{server.port}/v1")
        assert (len(server.heads), proxy.heads) == (1, [])


@pytest.mark.parametrize("key", ["sk-a\nx: y", "sk a", "schlüssel", "a\x00b", "sk\r\n"])
def test_a_key_that_fits_into_no_header_is_refused_and_not_shown(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.environ", {KEY: key})
    with raw_server(MODELS) as server:
        with pytest.raises(LexgraftError, match="the key holds") as error:
            connect(f"http://127.0.0.1:{server.port}/v1")
        assert key not in str(error.value)
        assert server.heads == []


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "http://:80",
        "http://host:99999/v1",
        "http://host:port/v1",
        "http://[::1/v1",
        "http://user:hunter2@host/v1",
        "http://host/v1?key=x",
        "http://" + "a" * 300 + "/v1",
        "http://ho st/v1",
        "http://ho\x00st/v1",
        "http://.../v1",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(LexgraftError) as error:
        connect(url)
    assert "hunter2" not in str(error.value)


def test_a_server_with_tls_by_no_known_authority_is_refused() -> None:
    alert = b"\x15\x03\x01\x00\x02\x02\x46"
    with raw_server(alert) as server, pytest.raises(LexgraftError, match="no answer from"):
        connect(f"https://127.0.0.1:{server.port}/v1")


def test_a_model_is_asked_from_within_a_running_loop() -> None:
    import asyncio

    async def notebook() -> str:
        return connect(url).digest

    with raw_server(MODELS) as server:
        url = f"http://127.0.0.1:{server.port}/v1"
        assert asyncio.run(notebook()) == connect(f"{url}#m").digest
