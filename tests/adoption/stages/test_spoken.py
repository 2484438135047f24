"""Words written in an adoption of tiny models: asked once, by concept, with a control."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from adopt_project import MakeProject

from lexgraft.adoption.adopt import plan_project, run_project
from lexgraft.adoption.report.report_files import read_report
from lexgraft.adoption.stages import spoken
from lexgraft.adoption.stages.spoken import Spoken, compared
from lexgraft.adoption.words_asked import words_asked
from lexgraft.evaluation.measures import AGAINST_CONTROL, WORDS_WRITTEN
from lexgraft.evaluation.words_written import WordsWritten
from lexgraft.project import read_project
from lexgraft.records import silent


def short(values: dict[str, Any]) -> None:
    values["testset"].update(written=5, generated=0)
    values["merge"] = {"candidates": [{"method": "linear"}]}
    values["stages"] = ["headroom", "merge", "spoken"]


def test_a_project_that_asks_for_no_words_has_no_such_stage(make_project: MakeProject) -> None:
    project = read_project(make_project())
    assert not Spoken().planned(project)
    assert all(one.stage != "spoken" for one in plan_project(project, silent).estimates)


def test_a_merge_with_the_glossary_stands_against_g_with_it() -> None:
    g, merge, g_served, merge_served = (WordsWritten({}, {}, {}, {str(n): n}) for n in range(4))
    served = {"G, proper terms": g_served, "linear, proper terms": merge_served}
    assert list(compared({"G": g, "linear": merge}, served)) == [
        ("G", g, g),
        ("linear", merge, g),
        ("G, proper terms", g_served, g),
        ("linear, proper terms", merge_served, g_served),
    ]


@pytest.mark.slow
def test_words_are_written_by_every_model_and_come_into_the_report(
    make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spoken, "words_asked", partial(words_asked, examples=0))  # a short model
    project = read_project(make_project(short))
    planned = {one.stage for one in plan_project(project, silent).estimates}
    assert "spoken" in planned
    run_project(project, silent)
    report = read_report(Path(project.output) / "report.json")
    by_model = {score.model for score in report.written}
    merge = "merge:linear" if "merge:linear" in by_model else "linear"
    assert {"G", "D", merge, "G, proper terms", f"{merge}, proper terms"} == by_model
    names = {score.name for score in report.written}
    assert set(WORDS_WRITTEN.values()) | {f"{AGAINST_CONTROL}, over G"} <= names
    assert {score.n for score in report.written} == {5}
    placebo = [s for s in report.written if s.model == "G" and s.name.endswith("over G")]
    assert placebo
    assert all(score.value == 0 for score in placebo)
    assert (Path(project.output) / "words.csv").read_text("utf-8-sig").startswith('"name"')
    assert 'id="written"' in (Path(project.output) / "report.html").read_text("utf-8")
