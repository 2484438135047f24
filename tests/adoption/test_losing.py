"""A run takes nothing away that it has not written."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from adopt_project import MakeProject

from lexgraft.adoption.models_under_test import ModelsUnderTest
from lexgraft.adoption.stages.tuning import merged_folder
from lexgraft.cli import main
from lexgraft.errors import LexgraftError
from lexgraft.files.ownership import is_noted, note, remove_noted
from lexgraft.records import silent


@pytest.mark.parametrize("verb", ["plan", "adopt"])
@pytest.mark.parametrize("where", ["model", "merged/ja", "tuned/x", "base", "base/run", "answers"])
def test_an_input_in_what_the_run_writes_is_refused_in_the_plan(
    make_project: MakeProject, material: Path, tmp_path: Path, verb: str, where: str
) -> None:
    run = tmp_path / "run"
    inside = where.startswith("base")
    model = tmp_path / "base" if inside else run / where
    shutil.copytree(material / "language", model)
    (model / "manifest.json").write_text(json.dumps({"plan": "of an earlier round"}))

    def change(values: dict[str, Any]) -> None:
        values["models"]["language"] = str(model)
        values["output"] = str(tmp_path / where if inside else run)

    before = sorted(str(path) for path in tmp_path.rglob("*"))
    project = make_project(change)
    assert main([verb, str(project)]) == 2
    after = sorted(str(path) for path in tmp_path.rglob("*") if path != project)
    assert after == before


def test_a_models_folder_of_somebody_else_is_no_runs(
    make_project: MakeProject, tiny_model: Path, tmp_path: Path
) -> None:
    shutil.copytree(tiny_model, tmp_path / "other")
    (tmp_path / "link").symlink_to(tmp_path / "other")

    def change(values: dict[str, Any]) -> None:
        values["output"] = str(tmp_path / "link")

    before = sorted(path.name for path in (tmp_path / "other").iterdir())
    assert main(["plan", str(make_project(change))]) == 2
    assert sorted(path.name for path in (tmp_path / "other").iterdir()) == before


def _nothing(*_: object) -> None:
    pass


def test_terms_under_a_name_that_the_run_writes_are_refused(
    make_project: MakeProject, material: Path, tmp_path: Path
) -> None:
    shutil.copy(material / "terms.jsonl", tmp_path / "items.jsonl")

    def change(values: dict[str, Any]) -> None:
        values["terms"]["files"] = [str(tmp_path / "items.jsonl")]
        values["output"] = str(tmp_path)

    before = (tmp_path / "items.jsonl").read_bytes()
    assert main(["plan", str(make_project(change))]) == 2
    assert main(["testset", str(make_project(change)), "-o", str(tmp_path)]) == 2
    assert (tmp_path / "items.jsonl").read_bytes() == before


def test_of_merged_folders_only_the_runs_own_go(
    make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lexgraft.project import read_project

    merged = tmp_path / "merged"
    for name in ("mine", "b" * 16, "a" * 16):
        (merged / name).mkdir(parents=True)
        (merged / name / "manifest.json").write_text("{}")
    note(merged / ("b" * 16), "merged", "b" * 16)
    monkeypatch.setattr("lexgraft.adoption.models_under_test.run_merge", _nothing)
    models = ModelsUnderTest(read_project(make_project()), tmp_path, silent)
    merged_folder(models, SimpleNamespace(digest="c" * 32))  # pyright: ignore[reportArgumentType]
    left = sorted(path.name for path in merged.iterdir() if path.is_dir())
    assert left == ["a" * 16, "mine"]


def test_a_model_of_another_content_is_not_the_runs(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    note(folder, "model", "plan")
    assert not is_noted(folder, "model", "other")
    with pytest.raises(LexgraftError, match="not written"):
        remove_noted(folder, "model", "other")
