"""Pages for a browser on this machine: another host's name is refused, nothing but GET answered."""

from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from socket import AF_INET, SOCK_STREAM, socket
from threading import Thread

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.serving.loopback_pages import PageServer, ServedPage, open_pages

PAGES = {"/": "/report.html", "/report.html": ServedPage("<p>語</p>".encode(), "text/html")}


@pytest.fixture
def server() -> Iterator[PageServer]:
    opened = open_pages(PAGES.get, 0)
    thread = Thread(target=opened.serve_forever, daemon=True)
    thread.start()
    yield opened
    opened.shutdown()
    thread.join()
    opened.server_close()


def _ask(
    server: PageServer, path: str, method: str = "GET", host: str | None = None
) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=5)
    headers = {} if host is None else {"Host": host}
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_a_page_comes_with_headers_that_keep_it_here(server: PageServer):
    answer, body = _ask(server, "/report.html?x=1")
    assert (answer.status, body.decode()) == (200, "<p>語</p>")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_path_may_lead_to_another(server: PageServer):
    answer, body = _ask(server, "/")
    assert (answer.status, answer.headers["Location"], body) == (302, "/report.html", b"")


def test_a_head_has_no_body(server: PageServer):
    answer, body = _ask(server, "/report.html", "HEAD")
    assert (answer.status, body, answer.headers["Content-Length"]) == (200, b"", "10")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT"])
def test_nothing_else_is_answered(server: PageServer, method: str):
    assert _ask(server, "/report.html", method)[0].status == 501


@pytest.mark.parametrize(
    "path", ["/../report.html", "/%2e%2e/report.html", "/etc/passwd", "/report"]
)
def test_what_is_not_a_page_is_not_there(server: PageServer, path: str):
    assert _ask(server, path)[0].status == 404


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "localhost:1", "", "127.1:{port}"]
)
def test_another_hosts_name_is_refused(server: PageServer, host: str):
    named = host.format(port=server.server_address[1])
    assert _ask(server, "/report.html", host=named)[0].status == 421


def test_two_hosts_are_refused(server: PageServer):
    own = f"localhost:{server.server_address[1]}"
    request = (
        f"GET /report.html HTTP/1.1\r\nHost: {own}\r\nHost: {own}\r\nConnection: close\r\n\r\n"
    )
    with socket(AF_INET, SOCK_STREAM) as client:
        client.settimeout(5)
        client.connect(("127.0.0.1", server.server_address[1]))
        client.sendall(request.encode())
        assert b" 421 " in client.recv(1 << 16).splitlines()[0]


def test_it_listens_on_this_machine_alone(server: PageServer):
    assert server.server_address[0] == "127.0.0.1"


def test_a_port_that_is_taken_is_named(server: PageServer):
    with pytest.raises(LexgraftError, match="cannot listen on"):
        open_pages(PAGES.get, server.server_address[1])
