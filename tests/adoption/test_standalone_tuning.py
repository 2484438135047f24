"""`lexgraft tune`: an adapter of the language model, its merge, its curve, in several processes."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from adopt_project import MakeProject

from lexgraft.adoption.stages.curve import group_scores, lesson_plans
from lexgraft.adoption.stages.tuning import siblings_and_far
from lexgraft.cli import main
from lexgraft.evaluation.grade import GradedItem
from lexgraft.evaluation.measures import AFTER, BEFORE, GAIN, TAUGHT
from lexgraft.project import TuneSettings
from lexgraft.records import Concept, read_lines, write_lines


def graded(concept: str, *, right: bool) -> GradedItem:
    return GradedItem(
        concept, "definition-to-term", "en->ja", 0, right, right, right, right, 0.0, 0.5, 0.25
    )


def test_steps_grow_with_the_root_of_the_terms_and_the_own_number_is_repeated_without_replay():
    plans = list(
        lesson_plans(TuneSettings(terms=50, steps=40, replay=0.25), (10, 50, 200), bare=True)
    )
    assert [(one.terms, one.steps, one.replay) for one in plans] == [
        (50, 40, 0.25),
        (50, 30, 0.0),
        (10, 18, 0.25),
        (200, 80, 0.25),
    ]
    bare = list(lesson_plans(TuneSettings(terms=50, replay=0.0), (10,), bare=False))
    assert [one.terms for one in bare] == [10]


def test_siblings_share_the_nearest_broader_concept_and_are_never_taught():
    kinds = {"a": "K1", "b": "K1", "c": "K2", "d": "", "e": ""}
    concepts = {one: Concept(one, (), type=kind) for one, kind in kinds.items()}
    taught = [concepts["a"], concepts["d"]]
    assert siblings_and_far(list(concepts.values()), taught) == ({"b"}, {"c", "e"})


def test_a_group_is_told_before_and_after_with_the_paired_difference():
    before = [graded("a", right=False), graded("b", right=True), graded("c", right=False)]
    after = [graded("a", right=True), graded("b", right=True), graded("c", right=False)]
    found = {score.model: score for score in group_scores(before, after, TAUGHT, 0.05)}
    assert [round(found[name].value, 3) for name in (BEFORE, AFTER, GAIN)] == [0.333, 0.667, 0.333]
    assert found[GAIN].n == 3
    assert found[AFTER].chance == 0.25


@pytest.mark.slow
def test_the_tuned_model_is_merged_read_again_and_the_same(
    make_project: MakeProject, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file, out, merged = make_project(), tmp_path / "out", tmp_path / "merged"
    command = ["tune", str(file), "-o", str(out), "--teach", "4", "--merged", str(merged)]
    assert main([*command, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["merged"]["tied"] is True
    assert told["merged"]["apart"] <= 1e-3
    assert (merged / "model.safetensors").is_file()


@pytest.mark.slow
def test_the_best_of_several_learning_rates_is_taken_and_stands_in_the_record(
    make_project: MakeProject, tmp_path: Path
):
    def several(values: dict[str, Any]) -> None:
        values["tune"] |= {"learning_rate": [1e-9, 1e-2], "steps": 12}

    assert main(["tune", str(make_project(several)), "-o", str(tmp_path / "out")]) == 0
    tuned = tmp_path / "out" / "tuned"
    (done,) = [one for one in tuned.iterdir() if one.name != "rates"]
    record: Any = msgspec.json.decode((done / "lexgraft.json").read_bytes())
    assert record["recipe"]["learning_rate"] == 1e-2
    assert record["checks"]
    assert len(list((tuned / "rates").iterdir())) == 2


@pytest.mark.slow
def test_a_curve_is_measured_and_drawn(
    make_project: MakeProject, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    def several(values: dict[str, Any]) -> None:
        values["tune"]["scale"] = [1.0, 1e-6]
        values["gates"]["tune"] = {"general_loss": 1e-4}
        (terms,) = values["terms"]["files"]
        alike = (
            msgspec.structs.replace(one, licence="CC BY-SA 4.0")
            for one in read_lines(Path(terms), Concept)
        )
        write_lines(tmp_path / "alike.jsonl", list(alike))
        values["terms"]["files"] = [str(tmp_path / "alike.jsonl")]

    project = str(make_project(several))
    command = ["tune", project, "-o", str(tmp_path / "out"), "--curve", "2", "6"]
    assert main(command) == 0
    shown = capsys.readouterr().out
    assert "+" in shown
    assert "`CC BY-SA 4.0` ask that" in shown
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Learned: concepts known" in page
    assert "習得：" in page
    assert "同じライセンスを付けなければなりません" in page
    report: Any = msgspec.json.decode((tmp_path / "out" / "report.json").read_bytes())
    told = [(one["terms"], one["replay"]) for one in report["lessons"]]
    assert told == [(2, 0.25), (6, 0.0), (6, 0.25)]
    scales = [one["scale"] for one in report["lessons"]]
    assert set(scales) <= {1.0, 1e-6}
    assert scales[1] == scales[2]  # the same terms, merged with the same scale
    assert {score["name"] for score in report["lessons"][0]["known"]} >= {TAUGHT, "far terms"}


@pytest.mark.slow
def test_two_processes_tune_to_the_losses_of_one(make_project: MakeProject, tmp_path: Path):
    def held(values: dict[str, Any]) -> None:
        values["tune"]["keep"] = "both"

    file = make_project(held)
    assert main(["tune", str(file), "-o", str(tmp_path / "one")]) == 0
    _tune_together(file, tmp_path / "two", 2)
    one, two = _losses(tmp_path / "one"), _losses(tmp_path / "two")
    assert len(one) == 6
    assert two == pytest.approx(one, abs=2e-3)


def _losses(output: Path) -> list[float]:
    (done,) = (output / "tuned").iterdir()
    record: Any = msgspec.json.decode((done / "lexgraft.json").read_bytes())
    return record["losses"]


def _tune_together(project: Path, output: Path, processes: int) -> None:
    """Run `lexgraft tune` in so many processes, started as torchrun does."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = str(found.getsockname()[1])
    joined = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": str(processes)}
    ranks = [{"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(processes)]
    command = [sys.executable, "-m", "lexgraft", "tune", str(project), "-o", str(output)]
    running = [
        subprocess.Popen(command, env={**os.environ, **joined, **rank}, stderr=subprocess.PIPE)
        for rank in ranks
    ]
    for one in running:
        _, errors = one.communicate(timeout=200)
        assert one.returncode == 0, errors.decode()
