"""Seats in this process that lose what they are told to lose."""

from collections.abc import Callable
from threading import Lock
from typing import Any

from lexgraft.compute.jobs import Job, SeatLostError


class FakeSeat:
    """Runs jobs where it is; `loses` says of a job and how often it was tried whether it ends."""

    def __init__(
        self,
        name: str,
        loses: Callable[[Any, int], bool] = lambda _job, _tries: False,
        width: int = 1,
    ) -> None:
        self.name, self.width, self._loses = name, width, loses
        self.done: list[str] = []
        self.opened = 0
        self._tries: dict[str, int] = {}
        self._turn = Lock()

    def open(self) -> str:
        self.opened += 1
        return self.name

    def call(self, job: Job[Any]) -> Any:
        with self._turn:
            tries = self._tries[job.what] = self._tries.get(job.what, 0) + 1
        if self._loses(job, tries):
            raise SeatLostError("killed")
        with self._turn:
            self.done.append(job.loaded)
        return job.function(*job.arguments)

    def close(self) -> None:
        self.done.append("closed")
