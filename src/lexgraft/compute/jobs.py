"""Work for other machines: a function of this package, its arguments, and what it needs loaded."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True)
class Job(Generic[R_co]):
    """One call that may run in any process, twice if need be: its result is always the same.

    Arguments are paths, names, texts and plans; tensors stay where they are.
    """

    function: Callable[..., R_co]  # of a module, so that it travels as its name
    arguments: tuple[object, ...]
    what: str  # in errors
    loaded: str = ""  # names what the process keeps in memory for jobs of this kind


class SeatLostError(Exception):
    """The process of a seat has ended; why is its text. The job may be given to another."""


class SeatAwayError(SeatLostError):
    """It has ended with its machine, and is begun again when there is room for it."""


class Seat(Protocol):
    """A process somewhere that does one kind of work at a time, `width` jobs of it at once."""

    @property
    def width(self) -> int:
        """Return how many jobs run at once."""
        ...

    def open(self) -> str:
        """Wait until there is room and the process is there; return the name of its machine.

        Raises:
            LexgraftError: that machine cannot take part.
            SeatLostError: it has ended again.
        """
        ...

    def call(self, job: Job[R]) -> R:
        """Return what a job returns.

        Raises:
            Exception: what the job raises.
            SeatLostError: the process has ended.
        """
        ...

    def close(self) -> None:
        """End the process, whatever it does."""
        ...
