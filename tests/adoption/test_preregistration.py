"""Thresholds are on record before anything is measured."""

from pathlib import Path

from lexgraft.adoption.preregistration import declarations, declare, late
from lexgraft.files.run_folder import RunFolder
from lexgraft.project import Gates, MergeGate
from lexgraft.records import Cost, digest


def test_thresholds_are_declared_once_and_before_a_model_is_asked(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.finish("plan", "key", Gates(), Cost(1.0))
    first = declare(run, Gates())
    assert (first.digest, first.seen) == (digest(Gates()), ())
    assert late(first) == ()
    run.finish("merge", "key", Gates(), Cost(1.0))
    assert declare(run, Gates()) == first
    assert declarations(tmp_path) == [first]


def test_thresholds_changed_in_sight_of_results_say_so(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    declare(run, Gates())
    run.finish("measure", "key", Gates(), Cost(1.0))
    easier = declare(run, Gates(merge=MergeGate(target_gain=0.0)))
    assert easier.seen == ("measure",)
    assert "after results had been seen (measure)" in late(easier)[0]["en"]
    assert [one.seen for one in declarations(tmp_path)] == [(), ("measure",)]
    assert late(declare(run, Gates())) == ()
