"""Adoptions into any language: a report for every pair, killed once in the middle."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from adopt_project import MakeProject
from killing import kill_at, run_to_the_end
from msgspec import structs
from pairs import translated

from lexgraft.adoption.adopt import plan_project, run_project
from lexgraft.adoption.report import read_report
from lexgraft.adoption.stages.glossary_prompt import GlossaryPrompt
from lexgraft.errors import LexgraftError
from lexgraft.files.shipped_texts import shipped_file
from lexgraft.project import read_project
from lexgraft.records import write_lines

PAIRS = (("en", "fr"), ("en", "ko"), ("de", "en"), ("en", "zh"), ("ja", "en"))
RARE = (("fi", "sw"), ("ar", "he"), ("th", "vi"), ("hi", "ka"))


def between(source: str, target: str, folder: Path) -> Callable[[dict[str, Any]], None]:
    """Return a change to a project of two other languages, as small as it can be."""
    terms = folder / "pair.jsonl"
    write_lines(terms, [translated(source, target, number) for number in range(40)])
    texts = [{"file": "shipped", "documents": 4, "tokens": 16}] if shipped_file(target) else []

    def change(values: dict[str, Any]) -> None:
        form = {"kind": "definition-to-term", "question": source}
        values["languages"] = {"target": target, "domain": source}
        values["terms"]["files"] = [str(terms)]
        values["testset"].update(
            forms=[{**form, "answer": source}, {**form, "answer": target}], generated=2
        )
        values["general"] = {"texts": texts}
        values["merge"] = {"candidates": [{"method": "linear"}]}
        values["tune"].update(steps=3, replay_texts=[])

    return change


@pytest.mark.slow
@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_an_adoption_of_two_languages_ends_in_a_report_though_it_was_killed(
    make_project: MakeProject, tmp_path: Path, source: str, target: str
):
    file = make_project(between(source, target, tmp_path))
    kill_at(file, "linear: choose terms")
    run_to_the_end(file)
    report = read_report(tmp_path / "run" / "report.json")
    assert [verdict.stage for verdict in report.verdicts] == [
        "headroom",
        "merge",
        "glossary",
        "tune",
    ]


@pytest.mark.parametrize(("source", "target"), [*PAIRS, *RARE])
def test_any_pair_is_planned_with_all_that_its_stages_ask_and_teach(
    make_project: MakeProject, tmp_path: Path, source: str, target: str
):
    planned = plan_project(read_project(make_project(between(source, target, tmp_path))))
    stages = {estimate.stage for estimate in planned.estimates}
    assert stages >= {"headroom", "merge", "measure", "glossary", "tune"}


def test_words_that_two_languages_share_are_counted_and_not_fatal(
    make_project: MakeProject, tmp_path: Path
):
    change = between("en", "fr", tmp_path)
    rows = [translated("en", "fr", number) for number in range(60)]
    shared = [
        structs.replace(row, terms=(row.terms[0], structs.replace(row.terms[0], language="fr")))
        for row in rows[::4]
    ]
    write_lines(tmp_path / "pair.jsonl", [*shared, *(row for row in rows if row not in rows[::4])])

    def by_translation(values: dict[str, Any]) -> None:
        change(values)
        ways = (("en", "fr"), ("fr", "en"))
        values["testset"]["forms"] = [
            {"kind": "term-to-term", "question": source, "answer": target}
            for source, target in ways
        ]

    planned = plan_project(read_project(make_project(by_translation)))
    assert {estimate.stage for estimate in planned.estimates} >= {"glossary", "tune"}
    reason = "the question gives the answer away (term-to-term en->fr)"
    assert planned.refused[reason] == len(shared) == 15


@pytest.mark.slow
def test_a_pair_without_any_file_of_wordings_ends_in_a_report(
    make_project: MakeProject, tmp_path: Path
):
    file = make_project(between("fi", "sw", tmp_path))
    report, _ = run_project(read_project(file), underpowered=True)
    assert len(report.verdicts) == 4


@pytest.mark.slow
def test_a_stage_that_cannot_end_leaves_a_report_and_the_same_command_carries_on(
    make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object) -> None:
        raise LexgraftError("the glossary is on fire", where="glossary", cure="put it out")

    project = read_project(make_project(between("en", "fr", tmp_path)))
    with monkeypatch.context() as broken:
        broken.setattr(GlossaryPrompt, "run", refuse)
        with pytest.raises(LexgraftError, match="the glossary is on fire") as stopped:
            run_project(project, underpowered=True)
    assert stopped.value.where == "stage glossary: glossary"
    assert "put it out; then the same command carries on" in stopped.value.cure
    report = read_report(tmp_path / "run" / "report.json")
    assert [verdict.stage for verdict in report.verdicts] == ["headroom", "merge"]
    assert any("on fire → put it out" in warning["en"] for warning in report.warnings)
    report, _ = run_project(project, underpowered=True)
    assert len(report.verdicts) == 4
    assert not any("on fire" in warning["en"] for warning in report.warnings)
