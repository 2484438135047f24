"""One run at a time in a folder that is being filled."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from lexgraft.errors import LexgraftError


@contextmanager
def locked(folder: Path) -> Generator[None]:
    """Hold a folder for this run alone; the lock goes with the process, however it ends."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LexgraftError(
                "another run is writing here", where=str(folder), cure="wait, or choose another"
            ) from error
        yield
    finally:
        os.close(handle)
