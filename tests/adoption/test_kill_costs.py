"""What an adoption cost over kills, resumes and changes, against what the kernel has counted."""

import os
import signal
import time
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any, NamedTuple

import pytest
from adopt_project import MakeProject
from killing import start

from lexgraft.adoption.report import read_report
from lexgraft.adoption.report.report_record import Report, StageCost

KIB = 1024  # bytes: what the kernel counts memory in
MARKS = (
    "building items",
    "D: confirm terms",
    "ties: choose terms",
    "confirm terms",
    "glossary proper",
    "train",
)
"""What a run says in the stages plan, headroom, merge, measure, glossary and tune."""


class Spent(NamedTuple):
    """What one process took, from outside."""

    wall: float
    cpu: float
    peak: int


def spent_until(file: Path, mark: str = "") -> Spent:
    """Run an adoption to its end, or kill it when it says this; the kernel tells what it took."""
    began = time.monotonic()
    run = start(file)
    assert run.stderr
    heard = False
    for line in run.stderr:
        heard = heard or bool(mark and mark in line)
        if heard:
            run.send_signal(signal.SIGKILL)
            break
    _, status, use = os.wait4(run.pid, 0)
    run.returncode = os.waitstatus_to_exitcode(status)
    run.stderr.close()
    assert run.returncode == (-signal.SIGKILL if mark else 0), f"never said {mark}"
    return Spent(time.monotonic() - began, use.ru_utime + use.ru_stime, use.ru_maxrss * KIB)


def unchanged(_: dict[str, Any]) -> None:
    pass


def one_longer(values: dict[str, Any]) -> None:
    values["tune"]["steps"] += 1


def without_glossary(values: dict[str, Any]) -> None:
    one_longer(values)
    values["stages"] = ["headroom", "merge", "measure"]


@pytest.mark.slow
def test_costs_are_what_was_spent_over_kills_in_every_stage_and_changed_stages(
    make_project: MakeProject, tmp_path: Path
) -> None:
    spent = [spent_until(make_project(), mark) for mark in MARKS]
    changes = (unchanged, one_longer, without_glossary)
    spent += [spent_until(make_project(change)) for change in changes]
    report = read_report(tmp_path / "run" / "report.json")
    taken = report.run.stages
    seconds = sum(stage.cost.seconds for stage in taken)
    processor = sum(stage.cpu_seconds for stage in taken)
    peak = max(stage.cost.peak_bytes for stage in taken)
    assert processor == pytest.approx(sum(one.cpu for one in spent), rel=0.05)
    assert seconds == pytest.approx(sum(one.wall for one in spent), rel=0.05)
    most = max(one.peak for one in spent)
    assert peak <= 1.05 * most
    if most > getrusage(RUSAGE_SELF).ru_maxrss * KIB:  # the kernel counts who started them, too
        assert peak == pytest.approx(most, rel=0.05)
    _stages_are_told(taken)
    _rounds_are_told(report, processor)


def _stages_are_told(taken: tuple[StageCost, ...]) -> None:
    by_name = {stage.stage: stage for stage in taken}
    assert list(by_name) == [
        "plan",
        "headroom",
        "merge",
        "measure",
        "glossary",  # no longer planned, and was paid for
        "tune",
        "between",
    ]
    killed = sum(stage.unfinished for stage in taken)
    assert killed >= len(MARKS) - 1


def _rounds_are_told(report: Report, processor: float) -> None:
    first, longer = report.run.rounds
    assert (first.runs, longer.runs) == (len(MARKS) + 1, 2)
    assert first.cpu_seconds + longer.cpu_seconds == pytest.approx(processor, rel=0.01)
    assert 0 < longer.answers < first.answers
