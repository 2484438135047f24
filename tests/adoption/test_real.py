"""The example's own adoption, killed in every stage; needs its data (`make demo` fetches them)."""

import json
from pathlib import Path

import pytest
from killing import kill_at, run_to_the_end

from lexgraft.adoption.adopt import run_project
from lexgraft.adoption.report import read_report
from lexgraft.project import read_project

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "medical-ja"
MARKS = (
    "building items",
    "D: confirm terms",
    "ties: choose terms",
    "linear: confirm terms",
    "glossary proper",
    "train",
    "tuned: confirm terms",
)
"""What a run says in the stages plan, headroom, merge, measure, glossary and tune."""


@pytest.mark.real
def test_killed_in_every_stage_the_example_ends_as_if_undisturbed(tmp_path: Path):
    project = read_project(EXAMPLE / "project.yaml")
    undisturbed, _ = run_project(project, underpowered=True)
    file = tmp_path / "project.yaml"
    text = (EXAMPLE / "project.yaml").read_text(encoding="utf-8")
    text = text.replace("../../.cache", str(EXAMPLE.parents[1] / ".cache"))
    text = text.replace("constituents/", f"{EXAMPLE}/constituents/")
    file.write_text(text.replace("../../runs", str(tmp_path)), encoding="utf-8")
    for mark in MARKS:
        kill_at(file, mark)
    run_to_the_end(file)
    run = tmp_path / "medical-ja"
    assert read_report(run / "report.json").digest == undisturbed.digest
    held, clean = (
        json.loads((Path(folder) / "model" / "manifest.json").read_bytes())
        for folder in (run, project.output)
    )
    assert held == clean
