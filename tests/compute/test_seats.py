import time
from collections.abc import Generator
from contextlib import contextmanager
from threading import Barrier, Event

import pytest
from fake_seats import FakeSeat
from hypothesis import given, settings
from hypothesis import strategies as st

from lexgraft.compute.jobs import Job, SeatAwayError, SeatLostError
from lexgraft.compute.seats import LOSSES, OPENINGS, Seats
from lexgraft.errors import LexgraftError


@contextmanager
def opened(*seats: FakeSeat) -> Generator[Seats]:
    dealt = Seats(seats)
    try:
        yield dealt
    finally:
        dealt.close()


def square(number: int) -> int:
    return number * number


def slow(number: int) -> int:
    time.sleep(0.02)
    return number


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=30), st.integers(1, 3), st.integers(0, 9))
def test_every_job_is_done_once_and_answered_wherever_processes_end(
    kinds: list[int], width: int, lost: int
):
    def loses(job: Job[int], tries: int) -> bool:
        return job.arguments[0] == lost and tries == 1

    with opened(FakeSeat("a", loses, width), FakeSeat("b"), FakeSeat("c", loses)) as seats:
        jobs = [Job(square, (n,), f"job {n}", str(kind)) for n, kind in enumerate(kinds)]
        futures = [seats.submit(job) for job in jobs]
        assert [future.result(10) for future in futures] == [n * n for n in range(len(kinds))]


def test_a_job_that_ends_three_processes_is_named_and_the_others_go_on():
    seat = FakeSeat("node-a", lambda job, _tries: job.what == "poison")
    with opened(seat) as seats:
        futures = [seats.submit(Job(square, (n,), what)) for n, what in enumerate(("poison", "x"))]
        with pytest.raises(LexgraftError, match=f"poison: .* {LOSSES} times; last: node-a: killed"):
            futures[0].result(10)
        assert futures[1].result(10) == 1
        assert seat.opened == LOSSES + 1


def test_what_a_job_raises_is_raised_once_and_not_tried_again():
    def fails() -> None:
        raise LexgraftError("no such tensor", cure="look")

    seat = FakeSeat("a")
    with opened(seat) as seats:
        with pytest.raises(LexgraftError, match="no such tensor"):
            seats.submit(Job(fails, (), "x")).result(10)
        assert seat.opened == 1


def test_jobs_go_where_what_they_need_is_loaded():
    first, second = FakeSeat("a"), FakeSeat("b")
    with opened(first, second) as seats:
        jobs = [Job(slow, (n,), f"{n}", "xy"[n % 2]) for n in range(20)]
        for future in [seats.submit(job) for job in jobs]:
            future.result(10)
        for seat in (first, second):
            changes = sum(a != b for a, b in zip(seat.done, seat.done[1:], strict=False))
            assert changes <= 2, seat.done


def test_a_job_waits_for_no_load_where_another_free_seat_has_it_loaded():
    first, second = FakeSeat("a"), FakeSeat("b")
    with opened(first, second) as seats:
        for future in [seats.submit(Job(slow, (n,), f"{n}", "xy"[n])) for n in range(2)]:
            future.result(10)
        for n in range(2, 8):
            seats.submit(Job(square, (n,), f"{n}", "xy"[n % 2])).result(10)
        assert sorted([set(first.done), set(second.done)], key=min) == [{"x"}, {"y"}]


def test_a_seat_whose_process_never_comes_to_be_is_named_and_one_that_comes_late_is_waited_for():
    class Broken(FakeSeat):
        def __init__(self, until: float) -> None:
            super().__init__("a")
            self._until = until

        def open(self) -> str:
            if super().open() and self.opened < self._until:
                raise SeatLostError("no module named lexgraft")
            return self.name

    with opened(Broken(OPENINGS)) as seats:
        assert seats.submit(Job(square, (2,), "x")).result(10) == 4
    with opened(Broken(float("inf"))) as seats:
        with pytest.raises(LexgraftError, match="before it took part; last: no module") as raised:
            seats.submit(Job(square, (2,), "x")).result(10)
        assert "on every machine" in raised.value.cure


def test_a_seat_whose_machine_is_lost_for_good_is_done_without_while_others_take_part():
    gone = Event()

    class Lost(FakeSeat):
        def open(self) -> str:
            if super().open() and gone.is_set():
                time.sleep(0.001)
                raise SeatLostError("restarting")
            return self.name

    def ends(_job: Job[int], _tries: int) -> bool:
        gone.set()
        return True

    lost = Lost("a", ends)
    with opened(lost, FakeSeat("b")) as seats:
        futures = [seats.submit(Job(slow, (n,), f"{n}")) for n in range(12)]
        assert [future.result(10) for future in futures] == [*range(12)]
        while lost.opened < 3 * OPENINGS:
            time.sleep(0.001)
        assert seats.submit(Job(square, (3,), "x")).result(10) == 9


def test_a_seat_whose_machine_is_gone_is_waited_for_longer_than_one_that_cannot_start():
    class Away(FakeSeat):
        def open(self) -> str:
            if super().open() and self.opened <= 2 * OPENINGS:
                raise SeatAwayError("restarting")
            return self.name

    with opened(Away("a")) as seats:
        assert seats.submit(Job(square, (2,), "x")).result(10) == 4


def test_every_job_of_a_process_that_has_ended_names_its_machine():
    class SlowlyBack(FakeSeat):
        def open(self) -> str:
            time.sleep(0.05)
            return super().open()

    both = Barrier(2)

    def together(_job: Job[int], _tries: int) -> bool:
        both.wait(10)
        return True

    with opened(SlowlyBack("node-a", together, width=2)) as seats:
        futures = [seats.submit(Job(square, (n,), f"{n}")) for n in range(2)]
        for future in futures:
            with pytest.raises(LexgraftError, match="last: node-a: killed"):
                future.result(10)


def test_a_seat_that_cannot_take_part_ends_every_job_with_its_reason():
    class Blind(FakeSeat):
        def open(self) -> str:
            raise LexgraftError("does not see this folder")

    with opened(Blind("a")) as seats:
        future = seats.submit(Job(square, (2,), "x"))
        with pytest.raises(LexgraftError, match="does not see"):
            future.result(10)
        with pytest.raises(LexgraftError, match="does not see"):
            seats.submit(Job(square, (2,), "x")).result(10)


def test_machines_at_work_are_counted_by_name():
    with opened(FakeSeat("a"), FakeSeat("a"), FakeSeat("b")) as seats:
        futures = [seats.submit(Job(slow, (n,), f"{n}")) for n in range(9)]
        time.sleep(0.01)
        assert seats.where() == ", on a × 2, b"
        for future in futures:
            future.result(10)
        assert seats.where() == ""
