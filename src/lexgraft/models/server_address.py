"""Addresses of servers, and the key that goes to such an address alone."""

from urllib.parse import quote, urlsplit

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.files.store_url import without_secrets

EXAMPLE = "e.g. http://127.0.0.1:8001/v1"
_PORTS = {"http": 80, "https": 443}


class ServerAddress(Struct, frozen=True):
    """Where a server is: nothing that it says changes that."""

    host: str
    port: int
    tls: bool
    name: str  # host and port as a Host header has them
    path: str  # before every route, without its last slash


def parse_address(url: str) -> ServerAddress:
    """Return the address that a URL names.

    Raises:
        LexgraftError: not http or https, no host, a user or password, a query, a port out of range.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = parts.port
    except ValueError:  # also UnicodeError; what it says may hold a secret
        raise _refused(url, "is no address of a server") from None
    if parts.scheme not in _PORTS or not host or not host.isprintable() or " " in host:
        raise _refused(url, "is no address of a server")
    if parts.username is not None or parts.password is not None:
        raise LexgraftError(
            "an address with a user or a password", cure="give the key in the environment"
        )
    if parts.query or parts.fragment:
        raise _refused(url, "has more than a path")
    named = f"[{host}]" if ":" in host else host
    return ServerAddress(
        host=host,
        port=_PORTS[parts.scheme] if port is None else port,
        tls=parts.scheme == "https",
        name=named if port is None else f"{named}:{port}",
        path=quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~"),
    )


def bearer_header(key: str, variable: str) -> list[tuple[str, str]]:
    """Return the header that a key is sent in; none without a key.

    Raises:
        LexgraftError: the key, which `variable` of the environment holds, fits into no header.
    """
    if not key:
        return []
    if not key.isascii() or not key.isprintable() or " " in key:
        raise LexgraftError(
            "the key holds a space, a line break or a sign beyond ASCII",
            where=variable,
            cure="set it again, without quotes or line breaks",
        )
    return [("authorization", f"Bearer {key}")]


def _refused(url: str, why: str) -> LexgraftError:
    return LexgraftError(f"`{without_secrets(url)}` {why}", cure=EXAMPLE)
