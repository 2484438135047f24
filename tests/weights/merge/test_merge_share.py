import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_seats import FakeSeat
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.compute.jobs import Job
from lexgraft.compute.seats import Seats
from lexgraft.errors import LexgraftError
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.merge_plan import MergePlan
from lexgraft.weights.merge.merge_share import SHARE, shares


class OtherProcess(FakeSeat):
    """A seat whose jobs and results travel as they would to another process."""

    def call(self, job: Job[Any]) -> Any:
        carried = pickle.loads(pickle.dumps(job))
        return pickle.loads(pickle.dumps(super().call(carried)))


@pytest.mark.parametrize("method", ["ties", "dare_ties", "karcher", "task_arithmetic"])
def test_a_merge_shared_out_is_the_same_bytes_wherever_processes_end(
    plan: Callable[..., MergePlan], tmp_path: Path, method: str
):
    run_merge(plan(method), tmp_path / "alone")
    lossy = OtherProcess("a", lambda _job, tries: tries == 1)
    seats = Seats([lossy, OtherProcess("b", width=2)])
    try:
        run_merge(plan(method), tmp_path / "shared", seats=seats)
    finally:
        seats.close()
    alone = {file.name: file.read_bytes() for file in (tmp_path / "alone").iterdir()}
    assert {file.name: file.read_bytes() for file in (tmp_path / "shared").iterdir()} == alone


def test_what_another_machine_cannot_see_is_refused(plan: Callable[..., MergePlan], tmp_path: Path):
    seats = Seats([FakeSeat("a")])
    try:
        with pytest.raises(LexgraftError, match="on their processors; `device: cuda`"):
            run_merge(plan("karcher"), tmp_path / "out", seats=seats, device="cuda")
    finally:
        seats.close()


@given(st.lists(st.integers(1, 3 * SHARE), max_size=40), st.integers(1, 9))
def test_every_tensor_is_in_one_share_and_no_share_is_larger_than_it_need_be(
    lengths: list[int], seats: int
):
    named = {f"t{n}": length for n, length in enumerate(sorted(lengths, reverse=True))}
    dealt = shares(named, seats)
    assert [name for share in dealt for name in share] == list(named)
    for share in dealt:
        assert len(share) == 1 or sum(named[name] for name in share) <= SHARE
