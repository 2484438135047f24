import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from adopt_project import MakeProject

from lexgraft.adoption.adopt import run_project
from lexgraft.adoption.report.next_step import next_step
from lexgraft.adoption.report.report_record import BETWEEN, Report, StageCost
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.load_runs import read_run
from lexgraft.files.sealed_concepts import opened_for, openings
from lexgraft.project import read_project

STAGES = ("plan", "headroom", "merge", "measure", "glossary", "tune")


@pytest.mark.slow
def test_an_adoption_goes_through_every_stage_and_leaves_what_it_promises(
    make_project: MakeProject, tmp_path: Path
):
    file = make_project()
    report, unchanged = run_project(read_project(file), underpowered=True)
    run = tmp_path / "run"
    assert not unchanged
    assert [verdict.stage for verdict in report.verdicts] == [
        "headroom",
        "merge",
        "glossary",
        "tune",
    ]
    assert set(json.loads((run / "lock.json").read_bytes())) == set(STAGES)
    for name in (
        "report.html",
        "report.json",
        "terms.csv",
        "model/README.md",
        "model/manifest.json",
    ):
        assert (run / name).stat().st_size > 100, name
    _loads_and_writes(run / "model")
    again, unchanged = run_project(read_project(file), underpowered=True)
    assert unchanged
    assert again.digest == report.digest
    assert _of_stages(again) == _of_stages(report)
    _counts_add_up(report)
    _answers_that_no_stage_needs_are_looked_at(file, run, report)
    _changed_answers_are_named(make_project, run)


def _of_stages(report: Report) -> list[StageCost]:
    return [stage for stage in report.run.stages if stage.stage != BETWEEN]


def _answers_that_no_stage_needs_are_looked_at(file: Path, run: Path, report: Report) -> None:
    """The stages are done: what they left is refused when it was changed, made again when gone."""
    project = read_project(file)
    answers = next((run / "answers").glob("*/texts-choose-*.jsonl"))
    stored = answers.read_bytes()
    answers.write_bytes(stored[:-9])
    with pytest.raises(LexgraftError, match="not as it was written"):
        run_project(project, underpowered=True)
    answers.unlink()
    again, _ = run_project(project, underpowered=True)
    assert answers.read_bytes() == stored
    assert again.digest == report.digest
    _, unchanged = run_project(project, underpowered=True)
    assert unchanged


def _changed_answers_are_named(make_project: MakeProject, run: Path) -> None:
    """A stage that runs again judges nothing by answers that are not as they were given."""

    def harder(values: dict[str, Any]) -> None:
        values["gates"]["headroom"] = 0.9

    project = read_project(make_project(harder))
    file = next((run / "answers").glob("*/choose terms-*.jsonl"))
    stored = file.read_bytes()
    for harm in (b"", stored.splitlines(keepends=True)[0], stored.replace(b"1", b"2")):
        file.write_bytes(harm)
        with pytest.raises(LexgraftError, match="not as it was written"):
            run_project(project, underpowered=True)
    file.unlink()
    run_project(project, underpowered=True)
    assert file.read_bytes() == stored


def _loads_and_writes(folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model: Any = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    asked = tokenizer("pa", return_tensors="pt")
    with torch.no_grad():
        assert torch.isfinite(model(**asked).logits).all()
        assert (
            model.generate(**asked, max_new_tokens=3, do_sample=False).shape[1]
            > asked["input_ids"].shape[1]
        )


def _counts_add_up(report: Report) -> None:
    for row in report.acquisitions:
        assert row.n == (10 if row.split == "choose" else 14)
    named = {row.model for row in report.acquisitions}
    assert {"base", "G", "D", "linear", "ties", "tuned"} <= named
    placebo = [row for row in report.acquisitions if row.model == "G"]
    assert all(row.acquired == row.lost == 0 for row in placebo)
    assert all(row.transfer is None or row.transfer.value == 0 for row in placebo)


@pytest.mark.slow
def test_a_gate_that_passes_ends_the_adoption(make_project: MakeProject):
    def easy(values: dict[str, Any]) -> None:
        gate = {"target_gain": -1.0, "donor_gain": -1.0, "general_loss": 1.0}
        values["gates"] = {"headroom": 0.0, "merge": gate, "stop_early": True}
        values["merge"].pop("search")

    report, _ = run_project(read_project(make_project(easy)), underpowered=True)
    assert [(one.stage, one.outcome) for one in report.verdicts] == [
        ("headroom", "undecided"),  # the donor is a random one
        ("merge", "pass"),
    ]
    assert report.shipped in {"linear", "ties"}


@pytest.mark.slow
def test_the_sealed_concepts_are_opened_once_and_for_one_result(
    make_project: MakeProject, tmp_path: Path
):
    def easy(values: dict[str, Any], method: str = "linear") -> None:
        gate = {"target_gain": -1.0, "donor_gain": -1.0, "general_loss": 1.0}
        values["gates"] = {"headroom": 0.0, "merge": gate, "stop_early": True}
        values["merge"] = {"candidates": [{"method": method}]}
        values["testset"]["sealed"] = 6

    report, _ = run_project(read_project(make_project(easy)), underpowered=True)
    assert report.concepts["sealed"] == 6
    assert next_step(report).kind == "sealed"
    assert not (tmp_path / "run" / "testset" / "opened.jsonl").exists()
    with pytest.raises(LexgraftError, match="never opened"):
        opened_for(tmp_path / "run" / "testset")
    report, unchanged = run_project(
        read_project(make_project(easy)), unseal=True, underpowered=True
    )
    assert not unchanged
    assert [one.stage for one in report.verdicts] == ["headroom", "merge", "sealed"]
    assert {one.n for one in report.verdicts[2].criteria} <= {*range(7)}
    [opening] = openings(tmp_path / "run" / "testset")
    assert len(opening.concepts) == 6
    assert opening.gates == report.gates
    entrants = [e for e in read_run(tmp_path / "run", "sealed") if e.digest == opening.result]
    assert [one.name for one in entrants] == ["linear"]
    again, unchanged = run_project(read_project(make_project(easy)), underpowered=True)
    assert unchanged
    assert again.digest == report.digest
    other = make_project(partial(easy, method="ties"))
    with pytest.raises(LexgraftError, match="can confirm nothing any more"):
        run_project(read_project(other), unseal=True, underpowered=True)


@pytest.mark.slow
def test_a_candidate_that_is_beaten_is_asked_no_further(
    make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("lexgraft.adoption.stages.merge_race.BLOCK", 4)
    raced: list[float] = []

    def always(sure: dict[str, float], leader: dict[str, float], alpha: float) -> bool:
        raced.append(alpha)
        return len(sure) >= 8 and len(leader) == 10

    monkeypatch.setattr("lexgraft.adoption.stages.merge_race.beaten", always)

    def short(values: dict[str, Any]) -> None:
        gate = {"target_gain": -1.0, "donor_gain": -1.0, "general_loss": 1.0}
        values["gates"] = {"headroom": 0.0, "merge": gate, "stop_early": True}
        values["merge"].pop("search")

    report, _ = run_project(read_project(make_project(short)), underpowered=True)
    rows = {row.model: row.n for row in report.acquisitions if row.split == "choose"}
    assert rows == {"linear": 10, "ties": 8}
    assert report.result == "linear"
    assert raced == [0.05 / 2] * 2


@pytest.mark.slow
def test_no_headroom_ends_the_adoption_and_keeps_the_language_model(make_project: MakeProject):
    def hopeless(values: dict[str, Any]) -> None:
        values["gates"] = {"headroom": 1.0, "stop_early": True}

    report, _ = run_project(read_project(make_project(hopeless)), underpowered=True)
    assert [(one.stage, one.outcome) for one in report.verdicts] == [("headroom", "fail")]
    assert report.shipped == "G"
    with pytest.raises(LexgraftError, match="no concept is sealed"):
        run_project(read_project(make_project(hopeless)), unseal=True, underpowered=True)

    def sealed(values: dict[str, Any]) -> None:
        hopeless(values)
        values["testset"]["sealed"] = 6

    with pytest.raises(LexgraftError, match="the sealed concepts stay closed"):
        run_project(read_project(make_project(sealed)), unseal=True, underpowered=True)
