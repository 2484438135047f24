import time
from pathlib import Path

import pytest
from adopt_project import MakeProject
from killing import kill_at, run_to_the_end, start

from lexgraft.adoption.adopt import run_project
from lexgraft.adoption.report import read_report
from lexgraft.project import read_project

MARKS = ("building items", "D: confirm terms", "ties: choose terms", "glossary proper", "train")
"""What a run says in the stages plan, headroom, merge, glossary and tune."""


@pytest.mark.slow
def test_killed_in_every_stage_an_adoption_ends_as_if_undisturbed(
    make_project: MakeProject, tmp_path: Path
):
    file = make_project()
    began = time.monotonic()
    for mark in MARKS:
        kill_at(file, mark)
    run_to_the_end(file)
    elapsed = time.monotonic() - began
    killed = read_report(tmp_path / "run" / "report.json")
    clean = tmp_path / "clean"

    def elsewhere(values: dict[str, str]) -> None:
        values["output"] = str(clean)

    undisturbed, _ = run_project(read_project(make_project(elsewhere)), underpowered=True)
    assert killed.digest == undisturbed.digest
    seconds = [sum(s.cost.seconds for s in r.run.stages) for r in (killed, undisturbed)]
    assert seconds[1] / 3 < seconds[0] < elapsed  # the machine may be busier in one of them
    names = ("model.safetensors", "manifest.json", "config.json", "README.md")
    for name in names:
        assert (tmp_path / "run/model" / name).read_bytes() == (clean / "model" / name).read_bytes()


@pytest.mark.slow
def test_two_runs_in_one_folder_are_refused(make_project: MakeProject):
    file = make_project()
    with start(file) as first:
        assert first.stderr
        next(line for line in first.stderr if "confirm terms" in line)
        with start(file) as second:
            _, said = second.communicate()
        assert second.returncode == 2
        assert "another run is using this folder" in said
        first.kill()
