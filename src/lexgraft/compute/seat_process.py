"""What runs in a process of the cluster: it joins, then calls what it is given."""

import os
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from lexgraft.errors import LexgraftError
from lexgraft.files.plugins import load_file

R = TypeVar("R")

PATIENCE = 20  # seconds that a new file may take to be seen on another machine


class Greeting(NamedTuple):
    """What a process needs to know before its first job."""

    version: str  # of the driver's lexgraft
    shared: str  # a file that the driver has written
    token: str  # its content
    plugins: tuple[str, ...] = ()  # of the project


class Reply(NamedTuple):
    """What a call has returned, or an error that the user can mend."""

    value: object
    error: LexgraftError | None = None


class SeatProcess:
    """A process of the cluster."""

    def join(self, greeting: Greeting) -> Reply:
        """Return this machine's name, once it is shown to see what the driver sees."""
        machine = socket.gethostname()
        try:
            check_shared(Path(greeting.shared), greeting.token, machine)
            _check_version(greeting.version, machine)
            for plugin in greeting.plugins:
                load_file(Path(plugin), Path(plugin).parent)
        except LexgraftError as error:
            return Reply(None, error)
        return Reply(machine)

    def call(self, function: Callable[..., object], arguments: Sequence[object]) -> Reply:
        """Return what a function returns; errors that the user can mend come back as values."""
        try:
            return Reply(function(*arguments))
        except LexgraftError as error:
            return Reply(None, error)
        except (MemoryError, RuntimeError) as error:
            if not (isinstance(error, MemoryError) or "out of memory" in str(error)):
                raise
            first = f"{type(error).__name__}: {error}".splitlines()[0]
            return Reply(None, _no_memory(first))


def check_shared(file: Path, token: str, machine: str, patience: float = PATIENCE) -> None:
    """Raise unless a machine reads from a file what the driver has written into it."""
    deadline = time.monotonic() + patience
    while not (file.is_file() and file.read_text(encoding="utf-8") == token):
        if time.monotonic() > deadline:
            raise LexgraftError(
                f"the machine {machine} does not see this folder as it is where the run was begun",
                where=str(file.parent),
                cure="put models, terms and output on a file system that every machine mounts "
                "under the same path, or set `compute.engine: local`",
            )
        time.sleep(min(0.2, patience))


def version_here() -> str:
    """Return the version of lexgraft in this process."""
    return str(vars(sys.modules["lexgraft"])["__version__"])


def _check_version(version: str, machine: str) -> None:
    if version != version_here():
        raise LexgraftError(
            f"lexgraft is {version_here()} on the machine {machine}, and {version} here",
            cure="install the same on every machine: numbers of two versions are never mixed",
        )


def _no_memory(first: str) -> LexgraftError:
    return LexgraftError(
        f"out of memory: {first}",
        where=f"{socket.gethostname()}, process {os.getpid()}",
        cure="take fewer workers (`compute.workers`), larger machines, or a smaller model",
    )
