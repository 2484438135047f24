"""Ranges by a signed address: filled whole and of the object as listed, or not at all."""

from collections.abc import Generator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from lexgraft.files.direct_reads import DirectReads
from lexgraft.files.store_url import StoredObject, StoreUrl

DATA = bytes(range(256)) * 64
STORED = StoredObject(StoreUrl("s3", "bucket/model"), len(DATA), '"1"')


class Server:
    """A store that gives ranges, with what a test makes of them."""

    def __init__(self) -> None:
        self.status, self.tag, self.cut, self.closes = 206, '"1"', 0, False
        self.asked: list[tuple[str, str | None]] = []
        self.connections, self.address = 0, ""

    def url(self, path: str, *, expires: int) -> str:
        return f"{self.address}/{path}?signed={expires}"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Generator[Server]:
    made = Server()
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            made.connections += 1
            super().setup()

        def do_GET(self) -> None:
            made.asked.append((self.path, self.headers["If-Match"]))
            first, last = self.headers["Range"].removeprefix("bytes=").split("-")
            body = DATA[int(first) : int(last) + 1]
            self.send_response(made.status)
            self.send_header("ETag", made.tag)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(body[: len(body) - made.cut])
            if made.cut or made.closes:
                self.close_connection = True

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        made.address = f"http://127.0.0.1:{listening.server_port}"
        Thread(target=listening.serve_forever, args=(0.02,), daemon=True).start()
        yield made
        listening.shutdown()


def read(reads: DirectReads, start: int, size: int) -> bytes | None:
    view = memoryview(bytearray(size))
    return bytes(view) if reads.fill(STORED, start, view) else None


def test_ranges_come_over_a_connection_that_is_kept(server: Server) -> None:
    reads = DirectReads(server)
    assert read(reads, 0, 100) == DATA[:100]
    assert read(reads, 1000, 9000) == DATA[1000:10_000]
    assert server.connections == 1
    assert server.asked == [("/bucket/model?signed=3600", '"1"')] * 2


def test_a_connection_that_the_store_closed_is_made_anew(server: Server) -> None:
    reads = DirectReads(server)
    server.closes = True
    assert [read(reads, start, 10) for start in (0, 10)] == [DATA[:10], DATA[10:20]]


@pytest.mark.parametrize(
    ("name", "value"), [("status", 412), ("status", 200), ("tag", '"2"'), ("cut", 5)]
)
def test_what_is_not_that_range_of_that_object_fills_nothing(
    server: Server, name: str, value: object
) -> None:
    setattr(server, name, value)
    reads = DirectReads(server)
    assert read(reads, 0, 100) is None
    setattr(server, name, getattr(Server(), name))
    assert read(reads, 0, 100) == DATA[:100]


def test_after_three_refusals_it_is_not_tried_again(server: Server) -> None:
    server.status = 403
    reads = DirectReads(server)
    assert [read(reads, 0, 10) for _ in range(5)] == [None] * 5
    assert len(server.asked) == 3


def test_requests_that_are_to_be_paid_for_are_left_to_the_client(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "s3_additional_kwargs", {"RequestPayer": "x"}, raising=False)
    assert read(DirectReads(server), 0, 10) is None
    assert not server.asked


def test_behind_a_proxy_the_client_is_asked(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert read(DirectReads(server), 0, 10) is None
    assert not server.asked
