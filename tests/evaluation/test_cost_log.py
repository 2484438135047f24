"""Costs survive kills: what every run has taken is there, and adds up."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from lexgraft.business import MachinePrice
from lexgraft.evaluation.cost_log import FILE, CostLog
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
