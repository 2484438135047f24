"""Pages for who has the token: another host's name is refused, nothing but GET answered."""

from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from socket import AF_INET, SOCK_STREAM, socket
from threading import Thread
from urllib.parse import urljoin, urlsplit

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.serving.loopback_pages import PageServer, ServedPage, open_pages

SAID: list[str] = []
PAGES = {"/": "/report.html", "/report.html": ServedPage("<p>語</p>".encode(), "text/html")}


@pytest.fixture
def server() -> Iterator[PageServer]:
    opened = open_pages(PAGES.get, 0, SAID.append)
    thread = Thread(target=opened.serve_forever, daemon=True)
    thread.start()
    yield opened
    opened.shutdown()
    thread.join()
    opened.server_close()


def _ask(
    server: PageServer,
    path: str,
    method: str = "GET",
    host: str | None = None,
    cookie: str | None = None,
) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=5)
    headers = {} if host is None else {"Host": host}
    headers["Cookie"] = f"{server.cookie}={server.token}" if cookie is None else cookie
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
    "host", ["evil.example", "evil.example:{port}", "", "127.1:{port}", "localhost.evil.example"]
)
def test_another_hosts_name_is_refused(server: PageServer, host: str):
    named = host.format(port=server.server_address[1])
    assert _ask(server, "/report.html", host=named)[0].status == 421


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "LOCALHOST:9000", "[::1]:80"])
def test_this_machine_may_be_asked_for_by_every_port(server: PageServer, host: str):
    """Port 80 is left out by browsers, and another one is forwarded by ssh."""
    assert _ask(server, "/report.html", host=host)[0].status == 200


def test_nobody_without_the_token_sees_anything(server: PageServer):
    for cookie in ("", "x=1", f"{server.cookie}=", f"{server.cookie}=x", f"other={server.token}"):
        for path in ("/", "/report.html", "/nothing", "/report.html?token=", "/?token=x"):
            answer, body = _ask(server, path, cookie=cookie)
            assert (answer.status, b"token" in body) == (403, True)
            assert "Set-Cookie" not in answer.headers
    twice = f"{server.cookie}=x; {server.cookie}={server.token}"
    assert _ask(server, "/report.html", cookie=twice)[0].status == 403


def test_the_address_gives_a_cookie_and_leads_to_the_page_without_the_token(server: PageServer):
    address = urlsplit(server.address)
    answer, _ = _ask(server, f"{address.path}?{address.query}", cookie="")
    assert (answer.status, answer.headers["Location"]) == (302, "/")
    cookie, *settings = answer.headers["Set-Cookie"].split("; ")
    assert set(settings) == {"HttpOnly", "SameSite=Lax", "Path=/"}
    answer, body = _ask(server, "/report.html", cookie=f'json={{"a": 1}}; {cookie}; x="y')
    assert (answer.status, body.decode()) == (200, "<p>語</p>")


@pytest.mark.parametrize("path", ["//evil.example/x", "///evil.example", "/\\evil.example"])
def test_no_token_leads_elsewhere(server: PageServer, path: str):
    answer, _ = _ask(server, f"{path}?token={server.token}")
    assert answer.headers["Location"].startswith("/")
    assert urlsplit(urljoin(server.address, answer.headers["Location"])).hostname == "127.0.0.1"


def test_two_servers_have_tokens_of_their_own(server: PageServer):
    with open_pages(PAGES.get, 0, SAID.append) as other:
        assert other.token != server.token
        assert other.cookie != server.cookie


def test_what_goes_wrong_is_said_and_the_next_request_is_answered(server: PageServer):
    SAID.clear()

    def find(path: str) -> ServedPage | str | None:
        raise PermissionError(13, "Permission denied", path)

    server.find = find
    for _ in range(2):
        answer, body = _ask(server, "/report.html")
        assert answer.status == 500
        assert "Permission denied: '/report.html'" in body.decode()
        assert body.count(b"\n") == 1
    server.shutdown()
    assert len(SAID) == 2
    assert all("Permission denied" in line for line in SAID)


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
        open_pages(PAGES.get, server.server_address[1], SAID.append)
