"""Pages over HTTP for a browser on this machine, and for who has their address.

The loopback address is open to every user of the machine: a token in the address that is printed
tells one from another. The first request with it gets a cookie, which all others bring along.
"""

import secrets
import sys
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, NamedTuple, cast
from urllib.parse import parse_qs, urlsplit

from lexgraft.errors import LexgraftError
from lexgraft.serving.loopback_hosts import asks_for_this_machine

HOST: Final = "127.0.0.1"
_QUERY: Final = "token"
_NO_HEADERS: Final[Mapping[str, str]] = {}
_SILENCE = 10  # seconds that a browser may leave its request unfinished
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


class ServedPage(NamedTuple):
    """What an address holds."""

    content: bytes
    kind: str  # media type


PageFinder = Callable[[str], ServedPage | str | None]
"""Path → the page, the path of another one to go to, or None: there is none."""
Say = Callable[[str], object]
"""Takes a line about an error."""


class PageServer(ThreadingHTTPServer):
    """Serves what a function finds, on the loopback address.

    Only GET and HEAD are answered, only to who has the token, and only where this machine was asked
    for: a name of somebody else's that leads here is refused, so that no page of the web reads it.
    """

    def __init__(self, find: PageFinder, port: int, say: Say) -> None:
        self.find, self.token, self.say = find, secrets.token_urlsafe(24), say
        super().__init__((HOST, port), _Handler)

    @property
    def address(self) -> str:
        """Return the address to open, with the token in it: a name might lead to ::1 as well."""
        return f"http://{HOST}:{self.server_address[1]}/?{_QUERY}={self.token}"

    @property
    def cookie(self) -> str:
        """Return the name of the cookie: a browser sends those of all ports of a host."""
        return f"lexgraft-{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say in a line what went wrong, but nothing of browsers that went away."""
        _ = (request, client_address)
        error = sys.exception()
        if error and not isinstance(error, (ConnectionError, TimeoutError)):
            self.say(_in_a_line(error))


def _in_a_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:500]


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    timeout = _SILENCE

    def do_GET(self) -> None:
        """Send what the address holds."""
        self._answer()

    def do_HEAD(self) -> None:
        """Send its headers."""
        self._answer()

    def _answer(self) -> None:
        server, hosts = cast("PageServer", self.server), self.headers.get_all("Host", [])
        address = urlsplit(self.path)
        if len(hosts) != 1 or not asks_for_this_machine(hosts[0]):
            self._say(421, "another host was asked for")
        elif self._is_token(*parse_qs(address.query).get(_QUERY, [])):
            cookie = f"{server.cookie}={server.token}; HttpOnly; SameSite=Lax; Path=/"
            self._lead(address.path, {"Set-Cookie": cookie})
        elif not self._is_token(*self._cookies()):
            self._say(403, "open the address that `lexgraft view` has printed, with its token")
        else:
            self._show(server.find, address.path)

    def _show(self, find: PageFinder, path: str) -> None:
        """Send what the address holds, or what went wrong in finding it."""
        try:
            page = find(path)
        except Exception as error:
            self._say(500, _in_a_line(error))
            raise
        if page is None:
            self._say(404, "nothing here")
        elif isinstance(page, str):
            self._lead(page)
        else:
            self._send(200, page)

    def _is_token(self, *tokens: str) -> bool:
        """Return whether this is the one token, compared in constant time."""
        token = cast("PageServer", self.server).token
        return len(tokens) == 1 and secrets.compare_digest(tokens[0].encode(), token.encode())

    def _cookies(self) -> list[str]:
        """Return what the browser brought along under this server's name."""
        pairs = ";".join(self.headers.get_all("Cookie", [])).split(";")
        split = (pair.strip().partition("=") for pair in pairs)
        return [value for name, _, value in split if name == cast("PageServer", self.server).cookie]

    def _say(self, status: int, what: str) -> None:
        self._send(status, ServedPage(f"{what}\n".encode(), "text/plain"))

    def _lead(self, path: str, headers: Mapping[str, str] = _NO_HEADERS) -> None:
        """Lead to another path of this server, never to another one."""
        self._send(
            302, ServedPage(b"", "text/plain"), {"Location": f"/{path.lstrip('/')}", **headers}
        )

    def _send(
        self, status: int, page: ServedPage, headers: Mapping[str, str] = _NO_HEADERS
    ) -> None:
        self.send_response_only(status)
        for name, value in {**_HEADERS, **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"{page.kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(page.content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(page.content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: the terminal is the user's."""


def open_pages(find: PageFinder, port: int, say: Say) -> PageServer:
    """Return a server of pages; port 0: any that is free. `say` is told what goes wrong.

    Raises:
        LexgraftError: the port cannot be had.
    """
    try:
        return PageServer(find, port, say)
    except OSError as error:
        raise LexgraftError(
            f"cannot listen on {HOST}:{port}: {error.strerror}", cure="give another --port"
        ) from error
