"""Ranges of S3 objects straight from the socket into memory, by a signed address.

The store's client copies every byte three times on its way; here it is copied once. What goes
wrong is not told apart: the same range is then asked of the client, which tries again and says why.
"""

import os
import ssl
import time
from contextlib import suppress
from functools import lru_cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from threading import Lock
from typing import Any
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

from lexgraft.files.store_url import StoredObject

_CONNECT_SECONDS, _READ_SECONDS = 10.0, 60.0
_VALID = 3600  # seconds of a signed address
_RENEWED = 1800.0  # seconds after which another is asked for
_REFUSALS = 3  # in a row, after which only the client is asked
_IDLE = 16  # connections that are kept


class DirectReads:
    """Signed addresses of objects, and connections that are used again."""

    def __init__(self, system: Any) -> None:
        """Read by the addresses that a file system of s3fs signs."""
        self._system, self._lock = system, Lock()
        self._addresses: dict[str, tuple[SplitResult, float]] = {}
        self._idle: list[tuple[str, HTTPConnection]] = []
        settings = (getattr(system, name, None) for name in ("req_kw", "s3_additional_kwargs"))
        self._refusals = _REFUSALS if any(settings) else 0  # requests of a kind not made here

    def __del__(self) -> None:
        """Close what is open: nobody reads here any more."""
        for _, connection in self._idle:
            connection.close()

    def fill(self, stored: StoredObject, start: int, view: memoryview) -> bool:
        """Return whether memory was filled with bytes from `start` on, of the object as listed."""
        if self._refusals >= _REFUSALS:
            return False
        filled = False
        with suppress(Exception):  # the client, asked next, raises what is to be told
            address = self._address(stored)
            filled = address is not None and self._get(address, stored, start, view)
        with self._lock:
            self._refusals = 0 if filled else self._refusals + 1
            if not filled:
                self._addresses.pop(stored.url.path, None)
        return filled

    def _address(self, stored: StoredObject) -> SplitResult | None:
        """Return the signed address of an object; None where a proxy stands between."""
        now = time.monotonic()
        with self._lock:
            address, since = self._addresses.get(stored.url.path, (None, 0.0))
        if address is None or now - since > _RENEWED:
            address = urlsplit(str(self._system.url(stored.url.path, expires=_VALID)))
            host = address.hostname or ""
            if address.scheme in getproxies() and not proxy_bypass(host):
                return None
            with self._lock:
                self._addresses[stored.url.path] = address, now
        return address

    def _get(
        self, address: SplitResult, stored: StoredObject, start: int, view: memoryview
    ) -> bool:
        target = f"{address.path}?{address.query}" if address.query else address.path
        span = f"bytes={start}-{start + len(view) - 1}"
        headers = {"Range": span, "If-Match": stored.tag, "Accept-Encoding": "identity"}
        connection, used = self._connection(address)
        try:
            try:
                connection.request("GET", target, headers=headers)
                answer = connection.getresponse()
            except (OSError, HTTPException):
                if not used:
                    raise
                connection.close()  # the store has closed it meanwhile
                connection = _connect(address)
                connection.request("GET", target, headers=headers)
                answer = connection.getresponse()
            filled = _is_whole(answer, stored, len(view)) and _poured(answer, view)
        except BaseException:
            connection.close()
            raise
        self._give_back(address, connection, usable=filled and not answer.will_close)
        return filled

    def _connection(self, address: SplitResult) -> tuple[HTTPConnection, bool]:
        """Return a connection to a store, and whether it was used before."""
        with self._lock:
            for number, (server, connection) in enumerate(self._idle):
                if server == address.netloc:
                    del self._idle[number]
                    return connection, True
        return _connect(address), False

    def _give_back(self, address: SplitResult, connection: HTTPConnection, *, usable: bool) -> None:
        with self._lock:
            if usable and len(self._idle) < _IDLE:
                self._idle.append((address.netloc, connection))
                return
        connection.close()


def _connect(address: SplitResult) -> HTTPConnection:
    host, port = address.hostname or "", address.port
    connection = (
        HTTPSConnection(host, port, timeout=_CONNECT_SECONDS, context=_context())
        if address.scheme == "https"
        else HTTPConnection(host, port, timeout=_CONNECT_SECONDS)
    )
    connection.connect()
    connection.sock.settimeout(_READ_SECONDS)
    return connection


@lru_cache(maxsize=1)
def direct_reads(system: Any) -> DirectReads:
    """Return those of a file system of s3fs."""
    return DirectReads(system)


@lru_cache(maxsize=1)
def _context() -> ssl.SSLContext:
    """Return what certificates are held against: those that the store's own tools take."""
    named = os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE")
    return ssl.create_default_context(cafile=named or None)


def _is_whole(answer: HTTPResponse, stored: StoredObject, size: int) -> bool:
    """Return whether an answer is the range that was asked for, of the object as listed."""
    tag = answer.getheader("ETag") or stored.tag
    return answer.status == 206 and answer.length == size and tag == stored.tag


def _poured(answer: HTTPResponse, view: memoryview) -> bool:
    """Put an answer into memory, straight from the socket; return whether all of it came."""
    filled = 0
    while filled < len(view):
        count = answer.readinto(view[filled:])
        if not count:
            return False
        filled += count
    with suppress(HTTPException):
        answer.read()  # nothing is left; the connection is free for the next
    return True
