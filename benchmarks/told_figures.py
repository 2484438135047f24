"""What benchmarks of merges share: figures told as they come, with what they took."""

from collections.abc import Callable
from time import perf_counter, process_time
from typing import TypeVar

from lexgraft.adoption.report.report_record import AbilityChange
from lexgraft.records import Score
from lexgraft.stats.intervals import Interval

T = TypeVar("T")


def numbers(found: Interval | AbilityChange | Score) -> list[float]:
    """Return a value with its interval in hundredths, and n."""
    return [*(round(100 * x, 2) for x in (found.value, found.low, found.high)), found.n]


def timed(work: Callable[[], T]) -> tuple[T, str]:
    """Return what some work gives, and the seconds that it took, in words."""
    wall, processor = perf_counter(), process_time()
    done = work()
    return done, f"{perf_counter() - wall:.0f} s, {process_time() - processor:.0f} CPU s"


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)
