"""What a message advises is tried: its lines are written into the project, and the plan accepts."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from adopt_project import MakeProject
from invented import concept
from msgspec import structs

from lexgraft.adoption.adopt import plan_project
from lexgraft.adoption.followed_advice import apply_settings, settings_in
from lexgraft.adoption.gate_chances import refuse_hopeless
from lexgraft.errors import LexgraftError
from lexgraft.project import read_project
from lexgraft.records import Concept, write_lines

Change = Callable[[dict[str, Any]], object]


def follow(file: Path, rounds: int = 8) -> list[str]:
    """Return the keys that messages have named until the project is accepted."""
    followed: list[str] = []
    for _ in range(rounds):
        cure = refused_with(file)
        if not cure:
            return followed
        lines = settings_in(cure)
        assert lines, cure
        values = json.loads(file.read_text(encoding="utf-8"))
        apply_settings(values, lines)
        file.write_text(json.dumps(values), encoding="utf-8")
        followed += lines
    raise AssertionError(f"the advice does not settle: {followed}")


def refused_with(file: Path) -> str:
    """Return the cure of what refuses a project, nothing where it is accepted."""
    try:
        refuse_hopeless(plan_project(read_project(file)).gates)
    except LexgraftError as error:
        return error.cure or str(error)
    return ""


def lines(**settings: Any) -> Change:
    """Return a change that writes settings; `_` stands for the dots of their keys."""

    def change(values: dict[str, Any]) -> None:
        apply_settings(values, {key.replace("__", "."): one for key, one in settings.items()})

    return change


def no_texts_come(values: dict[str, Any]) -> None:
    values["languages"]["target"] = "ja"
    values["general"] = {"texts": [{"file": "shipped"}]}
    values["languages"]["target"] = values["testset"]["forms"][1]["answer"] = "tlh"
    values["testset"]["forms"] = values["testset"]["forms"][:2]


@pytest.mark.parametrize(
    ("change", "first"),
    [
        (lines(testset__confirm=4000), "testset.choose"),
        (lines(testset__choose=4000, testset__confirm=9000, tune__terms=30), "testset.choose"),
        (lines(tune__terms=11), "tune.terms"),
        (lines(tune__curve=[4, 40]), "tune.curve"),
        (lines(general__texts__0__documents=400), "general.texts.0.documents"),
        (lines(general__items=400), "general.items"),
        (lines(tune__own_answers=0, tune__replay_texts=[]), "tune.replay"),
        (lines(compute__memory_gb=0.5), "compute.memory_gb"),
        (lines(gates__merge__target_gain=0.6), "gates.merge.target_gain"),
    ],
)
def test_advice_works_when_it_is_followed(make_project: MakeProject, change: Change, first: str):
    assert first in follow(make_project(change))


def in_klingon(number: int) -> Concept:
    row = concept("K", number)
    return structs.replace(row, terms=(row.terms[0], structs.replace(row.terms[1], language="tlh")))


def test_a_language_without_texts_is_planned_without_them_as_advised(
    make_project: MakeProject, tmp_path: Path
):
    write_lines(tmp_path / "terms.jsonl", [in_klingon(number) for number in range(40)])

    def change(values: dict[str, Any]) -> None:
        no_texts_come(values)
        values["terms"]["files"] = [str(tmp_path / "terms.jsonl")]

    assert "general.texts" in follow(make_project(change))


def test_a_glossary_of_words_that_are_one_in_both_languages_is_left_out_as_advised(
    make_project: MakeProject, tmp_path: Path
):
    rows = [concept("F", number) for number in range(40)]
    same = [
        structs.replace(row, terms=(row.terms[0], structs.replace(row.terms[0], language="fr")))
        for row in rows
    ]
    write_lines(tmp_path / "terms.jsonl", same)

    def change(values: dict[str, Any]) -> None:
        form = {"kind": "definition-to-term", "question": "en"}
        values["languages"]["target"] = "fr"
        values["testset"]["forms"] = [{**form, "answer": "en"}, {**form, "answer": "fr"}]
        values["terms"]["files"] = [str(tmp_path / "terms.jsonl")]

    assert "glossary" in follow(make_project(change))


def test_a_language_asked_into_itself_is_planned_as_advised(
    make_project: MakeProject, tmp_path: Path
):
    def change(values: dict[str, Any]) -> None:
        form = {"kind": "definition-to-term", "question": "en", "answer": "en"}
        values["languages"]["target"] = values["languages"]["domain"] = "en"
        values["testset"]["forms"] = [form]

    assert "glossary" in follow(make_project(change))
