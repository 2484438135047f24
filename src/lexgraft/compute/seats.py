"""Jobs dealt out to seats: where what they need is loaded first; a lost one is done elsewhere."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from threading import Lock
from typing import Any, TypeVar

from lexgraft.compute.jobs import Job, Seat, SeatAwayError, SeatLostError
from lexgraft.errors import LexgraftError

R = TypeVar("R")

LOSSES = 3  # processes that a job may end before it is taken for the reason
OPENINGS = 10  # times in a row that a seat's process may end before it takes part
AWAY = 120  # and that it may be looked for in vain, its machine gone, while no other takes part


@dataclass(eq=False)
class _Waiting:
    """A job that nobody does at the moment."""

    job: Job[Any]
    future: Future[Any] = field(default_factory=Future[Any])
    losses: tuple[str, ...] = ()  # why processes that did it have ended
    machine: str = ""  # that was last at it


@dataclass(eq=False)
class _Post:
    """A seat as the dealer sees it."""

    seat: Seat
    machine: str = ""  # empty: not open
    loaded: str = ""
    running: int = 0
    opened: int = 0  # times: an error of an earlier process says nothing of this one
    failed: int = 0  # times in a row that it has ended before it took part


class Seats:
    """Processes that jobs are dealt to, each as soon as one is free.

    A seat takes jobs of one kind until there are none; of several kinds that wait, the one with
    the fewest seats at it comes first. What a job raises is raised by its future, once.
    """

    def __init__(self, seats: Sequence[Seat]) -> None:
        self._waiting: list[_Waiting] = []
        self._posts = [_Post(seat) for seat in seats]
        self._turn = Lock()
        self._refusal: BaseException | None = None
        self._closed = False
        self._threads = ThreadPoolExecutor(self.width)  # they only wait
        for post in self._posts:
            self._open(post)

    @property
    def count(self) -> int:
        """Return how many seats there are."""
        return len(self._posts)

    @property
    def width(self) -> int:
        """Return how many jobs run at once, at most."""
        return sum(post.seat.width for post in self._posts)

    def submit(self, job: Job[R]) -> Future[R]:
        """Return the future of a job's result."""
        entry = _Waiting(job)
        entry.future.set_running_or_notify_cancel()
        with self._turn:
            self._waiting.append(entry)
        self._deal()
        return entry.future

    def where(self) -> str:
        """Return which machines are at work, after a comma: `, on node-a × 2, node-b`."""
        with self._turn:
            counts = Counter(post.machine for post in self._posts if post.running)
        names = (
            machine if count == 1 else f"{machine} × {count}"
            for machine, count in sorted(counts.items())
        )
        return f", on {', '.join(names)}" if counts else ""

    def close(self) -> None:
        """End every process; what was not done never is."""
        with self._turn:
            self._closed = True
        for post in self._posts:
            post.seat.close()
        self._threads.shutdown(cancel_futures=True)

    def _open(self, post: _Post) -> None:
        opening = self._threads.submit(post.seat.open)
        opening.add_done_callback(partial(self._opened, post))

    def _opened(self, post: _Post, opening: Future[str]) -> None:
        """Deal jobs to a seat that has opened; one that cannot take part ends everything."""
        if self._closed:
            return
        error = opening.exception()
        if isinstance(error, SeatLostError):
            post.failed += 1
            limit = AWAY if isinstance(error, SeatAwayError) else OPENINGS
            if post.failed < limit or self._spared():
                self._open(post)
                return
            error = _never_there(str(error))
        with self._turn:
            if error is None:
                post.machine, post.failed = opening.result(), 0
                post.opened += 1
            else:
                self._refusal = error
        self._deal()

    def _spared(self) -> bool:
        """Return whether others take part: then one that does not come may be away for long.

        Its machine is gone, and there is no room for it until another comes.
        """
        return any(rival.machine for rival in self._posts)

    def _deal(self) -> None:
        """Give jobs that wait to seats that are free."""
        begun: list[tuple[Future[Any], _Post, _Waiting]] = []
        refused: list[_Waiting] = []
        with self._turn:
            if self._refusal is not None or self._closed:
                refused, self._waiting = self._waiting, []
            # Where it is loaded comes first: another seat would have to load it anew.
            for loads, post in product((False, True), self._posts):
                while (entry := self._chosen(post, loads=loads)) is not None:
                    post.running, post.loaded = post.running + 1, entry.job.loaded
                    entry.machine = post.machine
                    begun.append((self._threads.submit(post.seat.call, entry.job), post, entry))
        for entry in refused:
            entry.future.set_exception(self._refusal or SeatLostError("closed"))
        for attempt, post, entry in begun:
            attempt.add_done_callback(partial(self._done, post, entry, post.opened))

    def _chosen(self, post: _Post, *, loads: bool) -> _Waiting | None:
        """Take from those that wait what suits a seat best; None: nothing does now.

        What it has not loaded is taken only if it `loads`.
        """
        if not post.machine or post.running >= post.seat.width:
            return None
        suited = [entry for entry in self._waiting if entry.job.loaded == post.loaded]
        if loads and not suited and not post.running:
            busy = Counter(rival.loaded for rival in self._posts if rival.running)
            suited = sorted(self._waiting, key=lambda entry: busy[entry.job.loaded])
        if not suited:
            return None
        self._waiting.remove(suited[0])
        return suited[0]

    def _done(self, post: _Post, entry: _Waiting, opened: int, attempt: "Future[Any]") -> None:
        """Hand on what a job has returned or raised, and deal again."""
        error = None if attempt.cancelled() else attempt.exception()
        with self._turn:
            post.running -= 1
        if attempt.cancelled():
            entry.future.set_exception(SeatLostError("closed"))
        elif isinstance(error, SeatLostError) and not self._closed:
            self._lost(post, entry, opened, str(error))
        elif error is not None:
            entry.future.set_exception(error)
        else:
            entry.future.set_result(attempt.result())
        self._deal()

    def _lost(self, post: _Post, entry: _Waiting, opened: int, why: str) -> None:
        """Open the seat again, and give its job to another unless it has ended several."""
        with self._turn:
            entry.losses += (f"{entry.machine}: {why}",)
            gone = post.opened == opened and bool(post.machine)
            if gone:
                post.machine = post.loaded = ""
            again = len(entry.losses) < LOSSES
            if again:
                self._waiting.insert(0, entry)
        if gone:
            self._open(post)
        if not again:
            entry.future.set_exception(_too_often(entry))


def _never_there(why: str) -> LexgraftError:
    return LexgraftError(
        f"a worker has ended {OPENINGS} times before it took part; last: {why}",
        cure="`lexgraft[ray]` must be installed for the Python that Ray runs on every machine; "
        "Ray's logs on that machine say more",
    )


def _too_often(entry: _Waiting) -> LexgraftError:
    return LexgraftError(
        f"{entry.job.what}: its process has ended {LOSSES} times; last: {entry.losses[-1]}",
        cure="where it ran out of memory, give each worker more (`compute.memory_gb`) or take "
        "fewer (`compute.workers`); the machine's own log says what else it was",
    )
