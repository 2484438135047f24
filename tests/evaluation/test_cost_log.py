"""Costs survive kills: what every run has taken is there, and adds up."""

import os
import subprocess
import sys
import time
from pathlib import Path
from zlib import crc32

import pytest

from lexgraft.business import MachinePrice
from lexgraft.evaluation.cost_log import FILE, WHOLE, CostLog, Spending
from lexgraft.records import Cost

WORK = """
import sys, time
from pathlib import Path
from lexgraft.evaluation.cost_log import CostLog
with CostLog(Path(sys.argv[1])).measure("merge"):
    print("begun", flush=True)
    time.sleep(60)
"""


def work(folder: Path, seconds: float) -> None:
    with CostLog(folder).measure("merge"):
        time.sleep(seconds)


def test_runs_of_a_stage_add_up(tmp_path: Path) -> None:
    for _ in range(2):
        work(tmp_path, 0.15)
    log = CostLog(tmp_path, MachinePrice(36000.0, "JPY"))
    cost = log.cost("merge")
    assert 0.3 <= cost.seconds < 0.6
    assert cost.money == pytest.approx(cost.seconds * 10, rel=1e-3)
    assert (cost.currency, cost.peak_bytes > 1 << 20) == ("JPY", True)
    assert log.cost("tune") == Cost(0.0)


def test_a_run_that_was_killed_counts(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WORK, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout
        assert run.stdout.readline() == "begun\n"
        time.sleep(0.5)
        run.kill()
    killed = CostLog(tmp_path).cost("merge").seconds
    assert 0.3 <= killed <= 0.7
    work(tmp_path, 0.1)
    assert CostLog(tmp_path).cost("merge").seconds >= killed + 0.1


def test_work_that_fails_counts(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="x"), CostLog(tmp_path).measure("merge"):
        raise ValueError("x")
    assert (tmp_path / FILE).is_file()


def test_a_line_that_was_cut_or_changed_counts_as_never_written(tmp_path: Path) -> None:
    work(tmp_path, 0.0)
    work(tmp_path, 0.1)
    before = CostLog(tmp_path).cost("merge")
    file = tmp_path / FILE
    first, *_ = file.read_bytes().split()
    changed = first.replace(b'"seconds":', b'"seconds":9')
    file.write_bytes(file.read_bytes() + b"\n" + changed + b"\n" + first[:20])
    assert CostLog(tmp_path).cost("merge") == before


def test_what_lies_between_stages_is_in_the_whole_run(tmp_path: Path) -> None:
    log = CostLog(tmp_path)
    with log.measure(WHOLE):
        with log.measure("merge"):
            time.sleep(0.1)
        time.sleep(0.2)
    assert log.stages() == ["merge"]
    between = log.spending(WHOLE).seconds - log.spending("merge").seconds
    assert between == pytest.approx(0.2, abs=0.011) or between > 0.2


def test_the_peak_of_a_run_is_that_of_its_highest_stage(tmp_path: Path) -> None:
    log = CostLog(tmp_path)
    with log.measure(WHOLE):
        assert len(b"x" * (200 << 20))
        with log.measure("merge"):
            pass
    assert log.spending(WHOLE).peak_bytes > log.spending("merge").peak_bytes + (100 << 20)


def test_rounds_are_what_was_taken_while_the_project_read_the_same(tmp_path: Path) -> None:
    for inputs in ("a", "b", "b"):
        given = [0]
        log = CostLog(tmp_path, answers=lambda given=given: sum(given))
        with log.measure(WHOLE):
            log.inputs = inputs
            given.append(7)
    rounds = log.rounds()
    assert {inputs: spent.runs for inputs, (_, spent) in rounds.items()} == {"a": 1, "b": 2}
    assert [spent.answers for _, spent in rounds.values()] == [7, 14]


def test_lines_of_before_there_were_rounds_count(tmp_path: Path) -> None:
    line = (
        b'{"stage":"merge","run":"a","at":"2026-01-01T00:00:00+00:00","seconds":2.0,'
        b'"cpu_seconds":1.0,"peak_bytes":5,"check":%d}'
    )
    (tmp_path / FILE).write_bytes(line % crc32(line % 0))
    assert CostLog(tmp_path).spending("merge") == Spending(2.0, 1.0, 5, 1)


FROM_THE_START = """
import sys, time
from pathlib import Path
sum(range(10_000_000))
time.sleep(0.3)
from lexgraft.evaluation.cost_log import WHOLE, CostLog
from lexgraft.evaluation.resource_usage import own_process
if sys.argv[2] == "own":
    own_process()
log = CostLog(Path(sys.argv[1]))
for _ in range(2):
    with log.measure(WHOLE):
        pass
"""


@pytest.mark.parametrize("whose", ["own", "another's"])
def test_a_process_of_its_own_counts_from_its_start_and_once(tmp_path: Path, whose: str) -> None:
    subprocess.run([sys.executable, "-c", FROM_THE_START, str(tmp_path), whose], check=True)
    spent = CostLog(tmp_path).spending(WHOLE)
    assert spent.runs == 2
    assert (spent.seconds > 0.3) == (whose == "own")
    assert (spent.cpu_seconds > 0.05) == (whose == "own")


def test_costs_that_cannot_be_written_stop_no_work_and_hide_no_error(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()  # nothing can be added to it
    log = CostLog(tmp_path)
    with log.measure("merge"):
        pass
    with pytest.raises(ValueError, match="the work's own"), log.measure("merge"):
        raise ValueError("the work's own")


def written_by_this_process() -> int:
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the system counts no bytes")
def test_bytes_on_disk_and_what_computed_are_on_record(tmp_path: Path) -> None:
    log, before = CostLog(tmp_path), written_by_this_process()
    with log.measure(WHOLE), log.measure("merge"), (tmp_path / "weights").open("wb") as file:
        file.write(b"1" * 4_000_000)
        file.flush()
        os.fsync(file.fileno())
    counted = written_by_this_process() - before
    assert counted - 100_000 <= log.spending("merge").written_bytes <= counted
    assert log.spending("merge").written_bytes <= log.spending(WHOLE).written_bytes <= counted
    assert log.spending(WHOLE).devices[0].startswith(f"{os.cpu_count()} × ")


def test_only_what_was_added_is_read_again(tmp_path: Path) -> None:
    work(tmp_path, 0.05)
    log, file = CostLog(tmp_path), tmp_path / FILE
    first = log.spending("merge")
    file.write_bytes(b"x" * file.stat().st_size)  # nobody looks there again
    work(tmp_path, 0.05)
    both = log.spending("merge")
    assert (first.runs, both.runs) == (1, 2)
    assert both.seconds > first.seconds
    assert CostLog(tmp_path).spending("merge").runs == 1


def test_a_line_that_is_half_there_is_read_once_it_is_whole(tmp_path: Path) -> None:
    work(tmp_path, 0.05)
    file = tmp_path / FILE
    content = file.read_bytes()
    log = CostLog(tmp_path)
    for end in range(0, len(content), 7):
        file.write_bytes(content[:end])
        assert log.spending("merge").done == 0
    file.write_bytes(content)
    assert log.spending("merge") == CostLog(tmp_path).spending("merge")
    assert log.spending("merge").done == 1
    file.write_bytes(content[: len(content) // 3])  # another file
    assert log.spending("merge") == CostLog(tmp_path).spending("merge")
