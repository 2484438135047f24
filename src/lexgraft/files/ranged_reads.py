"""Stretches of stored objects, read into memory; the next are fetched while these are in use."""

import mmap
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

from lexgraft.files.object_store import read_into
from lexgraft.files.store_url import StoredObject

AHEAD = 32 << 20  # bytes that are fetched before they are needed, at most
REQUESTS = 8  # at once, of those
_STALE = 30.0  # seconds after which nobody comes for what was fetched

_STEP = 256 << 10  # bytes: memory is taken in multiples

_Stretch = tuple[StoredObject, int, int]  # of one state of an object: its tag is part of it


@dataclass(frozen=True)
class _Fetched:
    data: Future[memoryview]
    size: int
    since: float


class ReadAhead:
    """What was fetched before it is needed, bounded in bytes and requests."""

    def __init__(self, limit: int = AHEAD) -> None:
        self._limit, self._held, self._lock = limit, 0, Lock()
        self._stretches: dict[_Stretch, _Fetched] = {}
        self._free: list[memoryview] = []
        self._pool = ThreadPoolExecutor(REQUESTS, thread_name_prefix="read-ahead")

    def fill(self, stored: StoredObject, start: int, view: memoryview, ahead: int) -> None:
        """Fill memory with the bytes from `start` on, and begin to fetch the `ahead` after them.

        Raises:
            LexgraftError: the object was replaced or cut, or the store does not answer.
        """
        stop = start + len(view)
        fetched = self._take(stored, start, stop)
        if ahead > 0:
            self._fetch(stored, stop, min(stop + ahead, stored.size))
        if fetched is None:
            read_into(stored, start, view)
            return
        data = fetched.result()
        view[:] = data[: len(view)]
        self._give_back(data)

    def _take(self, stored: StoredObject, start: int, stop: int) -> Future[memoryview] | None:
        with self._lock:
            fetched = self._stretches.pop((stored, start, stop), None)
            if fetched is None:
                return None
            self._held -= fetched.size
            return fetched.data

    def _fetch(self, stored: StoredObject, start: int, stop: int) -> None:
        """Begin to fetch a stretch, if there is room for it."""
        name, size = (stored, start, stop), stop - start
        with self._lock:
            if self._held + size > self._limit:
                self._drop_stale()
            if size <= 0 or name in self._stretches or self._held + size > self._limit:
                return
            memory = self._memory(size)
            data = self._pool.submit(_read, stored, start, size, memory)
            self._stretches[name] = _Fetched(data, size, time.monotonic())
            self._held += size

    def _memory(self, size: int) -> memoryview:
        """Return memory of at least a size, used again where there is such; the lock is held.

        What each thread takes from the heap for itself would stay there.
        """
        whole = -(-size // _STEP) * _STEP
        for number, memory in enumerate(self._free):
            if len(memory) == whole:
                return self._free.pop(number)
        return memoryview(mmap.mmap(-1, whole))

    def _give_back(self, memory: memoryview) -> None:
        with self._lock:
            self._free.append(memory)
            while sum(map(len, self._free)) > self._limit:
                self._free.pop(0)

    def _drop_stale(self) -> None:
        before = time.monotonic() - _STALE
        for name, fetched in [*self._stretches.items()]:
            if fetched.since < before and fetched.data.done():
                del self._stretches[name]
                self._held -= fetched.size


def _read(stored: StoredObject, start: int, size: int, memory: memoryview) -> memoryview:
    read_into(stored, start, memory[:size])
    return memory


@lru_cache(maxsize=1)
def read_ahead() -> ReadAhead:
    """Return the process's own."""
    return ReadAhead()
