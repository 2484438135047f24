"""Pages over HTTP for a browser on this machine, and for nobody else."""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, NamedTuple, cast
from urllib.parse import urlsplit

from lexgraft.errors import LexgraftError

HOST: Final = "127.0.0.1"
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


class PageServer(ThreadingHTTPServer):
    """Serves what a function finds, on the loopback address.

    Only GET and HEAD are answered, and only where this very host was asked for: a name of somebody
    else's that leads here is refused, so that no page of the web reads what stands here.
    """

    def __init__(self, find: PageFinder, port: int) -> None:
        self.find = find
        super().__init__((HOST, port), _Handler)

    @property
    def hosts(self) -> frozenset[str]:
        """Return what a browser on this machine may call this server."""
        return frozenset(f"{name}:{self.server_address[1]}" for name in (HOST, "localhost"))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of browsers that went away."""
        _ = (request, client_address)


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
        server, named = cast("PageServer", self.server), self.headers.get_all("Host", [])
        if len(named) != 1 or named[0] not in server.hosts:
            self._send(421, ServedPage(b"another host was asked for\n", "text/plain"))
            return
        page = server.find(urlsplit(self.path).path)
        if page is None:
            self._send(404, ServedPage(b"nothing here\n", "text/plain"))
        elif isinstance(page, str):
            self._send(302, ServedPage(b"", "text/plain"), Location=page)
        else:
            self._send(200, page)

    def _send(self, status: int, page: ServedPage, **headers: str) -> None:
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


def open_pages(find: PageFinder, port: int) -> PageServer:
    """Return a server of pages; port 0: any that is free.

    Raises:
        LexgraftError: the port cannot be had.
    """
    try:
        return PageServer(find, port)
    except OSError as error:
        raise LexgraftError(
            f"cannot listen on {HOST}:{port}: {error.strerror}", cure="give another --port"
        ) from error
