"""Plan, adopt and tune from Python, as the docs do, on tiny models."""

from pathlib import Path

import pytest
from adopt_project import MakeProject

import lexgraft

pytestmark = pytest.mark.slow


def test_a_project_is_planned_and_adopted(make_project: MakeProject) -> None:
    project = lexgraft.load_project(make_project())
    steps: list[str] = []
    plan = lexgraft.plan(project, progress=lambda what, _done, _total: steps.append(what))
    assert plan.rows()
    assert steps
    result = lexgraft.adopt(project, underpowered=True)
    assert [verdict.stage for verdict in result.verdicts][:2] == ["headroom", "merge"]
    assert result.recommendation["en"]
    assert (result.model_dir / "model.safetensors").is_file()
    assert result.report_page.is_file()
    assert not result.unchanged
    assert lexgraft.adopt(project, underpowered=True).unchanged


def test_a_language_model_is_tuned(make_project: MakeProject, tmp_path: Path) -> None:
    trained = lexgraft.tune(lexgraft.load_project(make_project()), str(tmp_path / "tuned"))
    assert (trained.folder / "adapter_model.safetensors").is_file()
