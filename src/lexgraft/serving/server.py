"""Runs the gateway: listens, reloads keys when told, and ends without cutting answers short."""

import asyncio
import gc
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from lexgraft.errors import LexgraftError
from lexgraft.serving import GatewayLimits
from lexgraft.serving.bearer_keys import read_keys
from lexgraft.serving.gateway import Gateway
from lexgraft.serving.http_wire import HttpWire
from lexgraft.serving.loopback_hosts import is_loopback

_PATIENCE = 10  # seconds that answers under way have when the gateway is told to end
_GLANCE = 0.05  # seconds between two looks at what is under way
_WAITING = 128  # connections that wait to be accepted


def listen(host: str, port: int, *, guarded: bool) -> socket.socket:
    """Return a listening socket; `guarded` says that keys are asked for.

    Raises:
        LexgraftError: wider than this machine without keys, or an address that cannot be had.
    """
    if not guarded and not is_loopback(host):
        raise LexgraftError(
            f"`{host}` can be reached from other machines, and there are no keys",
            cure="make one (lexgraft key keys.jsonl NAME) and give --keys, or use 127.0.0.1",
        )
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=_WAITING)
    except OSError as error:
        raise LexgraftError(f"cannot listen on {host}:{port}: {error}") from error


async def run(
    gateway: Gateway, limits: GatewayLimits, listening: socket.socket, keys: Path | None = None
) -> None:
    """Serve until SIGINT or SIGTERM; SIGHUP reads the keys again (the old ones stay if broken)."""
    loop, ending = asyncio.get_running_loop(), asyncio.Event()
    gc.freeze()  # a large glossary is not looked through again and again
    _on_signals(loop, ending.set, lambda: reload_keys(gateway, keys))
    await serve_until(gateway, limits, listening, ending)


async def serve_until(
    gateway: Gateway, limits: GatewayLimits, listening: socket.socket, ending: asyncio.Event
) -> None:
    """Serve until the event is set, then let answers under way come to their end."""
    wire = HttpWire(limits, gateway.admit, gateway.respond)
    connections: set[asyncio.Task[None]] = set()

    async def serve_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        task = asyncio.current_task()
        assert task
        connections.add(task)
        try:
            await wire.serve(reader, writer)
        except asyncio.CancelledError:
            pass  # the gateway ends; asyncio's streams would tell it as a fault
        finally:
            connections.discard(task)

    server = await asyncio.start_server(serve_connection, sock=listening, limit=limits.header_bytes)
    await ending.wait()
    server.close()
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            while gateway.active:  # noqa: ASYNC110 (a look now and then, at the end alone)
                await asyncio.sleep(_GLANCE)
    for task in list(connections):
        task.cancel()
    await asyncio.gather(*connections, return_exceptions=True)


def _on_signals(
    loop: asyncio.AbstractEventLoop, end: Callable[[], None], reload: Callable[[], None]
) -> None:
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, end)
    loop.add_signal_handler(signal.SIGHUP, reload)


def reload_keys(gateway: Gateway, keys: Path | None) -> None:
    """Read the keys again; a broken file changes nothing, and the log says so."""
    if keys is None:
        return
    try:
        gateway.keys = read_keys(keys)
    except (LexgraftError, OSError) as error:
        gateway.log({"keys": f"not read again, {len(gateway.keys)} kept: {error}"[:500]})
    else:
        gateway.log({"keys": f"read again: {len(gateway.keys)}"})
