"""Thresholds are on record before anything is measured."""

import shutil
from itertools import combinations
from pathlib import Path

import pytest

from lexgraft.adoption.preregistration import declarations, declare, late
from lexgraft.errors import LexgraftError
from lexgraft.files.checked_files import RECORD
from lexgraft.files.run_folder import RunFolder
from lexgraft.project import Gates, MergeGate
from lexgraft.records import digest


def test_thresholds_are_declared_once_and_before_a_model_is_asked(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.finish("plan", "key", Gates())
    first = declare(run, Gates())
    assert (first.digest, first.seen) == (digest(Gates()), ())
    assert late(first) == ()
    run.finish("merge", "key", Gates())
    assert declare(run, Gates()) == first
    assert declarations(tmp_path) == [first]


def test_thresholds_changed_in_sight_of_results_say_so(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    declare(run, Gates())
    run.finish("measure", "key", Gates())
    easier = declare(run, Gates(merge=MergeGate(target_gain=0.0)))
    assert easier.seen == ("measure",)
    assert "after results had been seen (measure)" in late(easier)[0]["en"]
    assert [one.seen for one in declarations(tmp_path)] == [(), ("measure",)]
    assert late(declare(run, Gates())) == ()


EASIER = Gates(merge=MergeGate(target_gain=0.0))


def judged(folder: Path) -> RunFolder:
    """Return a run whose thresholds were declared before its stage ran."""
    run = RunFolder(folder)
    declare(run, Gates())
    run.finish("measure", "key", Gates())
    answers = folder / "answers" / "d" / "answers.sqlite"
    answers.parent.mkdir(parents=True)
    answers.write_bytes(b"")
    return run


@pytest.mark.parametrize(
    "deleted",
    [
        deleted
        for count in range(4)
        for deleted in combinations(("lock.json", "gates.jsonl", "stages", RECORD), count)
    ],
)
def test_thresholds_set_late_stay_visible_whatever_is_deleted(
    tmp_path: Path, deleted: tuple[str, ...]
) -> None:
    judged(tmp_path)
    for name in deleted:
        path = tmp_path / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert late(declare(RunFolder(tmp_path), EASIER))


def test_thresholds_outlive_the_file_of_declarations(tmp_path: Path) -> None:
    judged(tmp_path)
    [before] = declarations(tmp_path)
    (tmp_path / "gates.jsonl").unlink()
    assert declare(RunFolder(tmp_path), Gates()) == before
    assert declarations(tmp_path) == [before]


def test_late_thresholds_stay_late_though_the_file_of_declarations_is_gone(tmp_path: Path) -> None:
    run = judged(tmp_path)
    declare(run, EASIER)
    run.finish("measure", "other key", Gates())
    (tmp_path / "gates.jsonl").unlink()
    assert late(declare(RunFolder(tmp_path), EASIER))


def test_a_declaration_that_was_edited_is_named(tmp_path: Path) -> None:
    run = judged(tmp_path)
    declare(run, EASIER)
    file = tmp_path / "gates.jsonl"
    file.write_text(file.read_text().replace('["measure"]', "[]"))
    with pytest.raises(LexgraftError, match=r"gates\.jsonl: not as it was written"):
        declare(RunFolder(tmp_path), EASIER)
