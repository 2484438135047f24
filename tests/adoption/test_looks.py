"""Every look at the confirm concepts is on record and paid for."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from lexgraft.adoption.looks import (
    SHARES,
    LookLevel,
    level_in_family,
    level_of,
    look_marks,
    planned_level,
    way_of_asking,
)
from lexgraft.errors import LexgraftError
from lexgraft.project import GlossarySettings, Project
from lexgraft.records import Outcome, Verdict
from lexgraft.stats.extension import look_alpha


def said(**outcomes: Outcome) -> list[Verdict]:
    return [Verdict(stage, outcome, {}) for stage, outcome in outcomes.items()]


def test_three_gates_share_twice_alpha_and_one_that_passes_hands_its_level_on():
    assert sum(SHARES) == 1
    assert level_in_family("merge", (), 0.05) == pytest.approx(0.05)
    assert level_in_family("glossary", said(headroom="pass", merge="fail"), 0.05) == 0.025
    assert level_in_family("glossary", said(merge="pass"), 0.05) == 0.05
    assert level_in_family("tune", said(merge="pass", glossary="undecided"), 0.05) == 0.025
    assert level_in_family("tune", said(merge="fail", glossary="pass"), 0.05) == 0.05
    assert planned_level("merge", 0.05) == pytest.approx(0.04)


def test_the_same_result_with_more_concepts_is_judged_by_what_its_looks_left(tmp_path: Path):
    def look(concepts: int, result: str = "a") -> float:
        return level_of(tmp_path, "merge", result, concepts, (), 0.05).alpha

    assert look(60) == pytest.approx(0.04)
    assert look(60) == pytest.approx(0.04)  # again is the same look
    assert look(120) == look_alpha([60, 120], 0.05)
    assert look(240) == look_alpha([60, 120, 240], 0.05)


def test_the_same_result_with_fewer_concepts_is_a_further_chance(tmp_path: Path):
    def look(concepts: int) -> LookLevel:
        return level_of(tmp_path, "merge", "a", concepts, (), 0.05)

    whole, fewer, again = look(60), look(59), look(59)
    assert (whole.result, fewer.result) == (1, 2)
    assert again == fewer
    assert fewer.alpha == pytest.approx(whole.alpha / 2)
    assert look(60) == whole
    assert look(40).result == 3


def test_another_result_on_the_same_concepts_has_half_the_level_and_a_mark(tmp_path: Path):
    first = level_of(tmp_path, "merge", "a", 60, (), 0.05)
    second = level_of(tmp_path, "merge", "b", 60, (), 0.05)
    third = level_of(tmp_path, "merge", "c", 60, (), 0.05)
    assert [level.result for level in (first, second, third)] == [1, 2, 3]
    assert second.alpha == pytest.approx(first.alpha / 2, rel=0.05)
    assert third.alpha == pytest.approx(first.alpha / 4, rel=0.05)
    assert level_of(tmp_path, "merge", "a", 60, (), 0.05) == first
    assert level_of(tmp_path, "glossary", "a", 60, (), 0.05).result == 1
    assert look_marks(first) == ()
    (mark,) = look_marks(second)
    assert "result number 2 judged on the same concepts" in mark.sentence["en"]
    assert "98 %" in mark.sentence["ja"]


def test_looks_that_were_deleted_are_missed(tmp_path: Path):
    level_of(tmp_path, "merge", "a", 60, (), 0.05)
    (tmp_path / "looks.jsonl").unlink()
    with pytest.raises(LexgraftError, match="gone since it was written"):
        level_of(tmp_path, "merge", "b", 60, (), 0.05)


def test_the_same_weights_asked_in_another_way_are_another_result():
    form = {"kind": "definition-to-term", "question": "en", "answer": "ja"}
    values: dict[str, Any] = {
        "name": "a",
        "models": {"base": "b", "language": "g", "domain": "d"},
        "languages": {"target": "ja", "domain": "en"},
        "terms": {"files": ["terms.csv"]},
        "testset": {"forms": [form], "confirm": 60},
        "merge": {"candidates": [{"method": "linear"}]},
        "output": "run",
    }
    project = msgspec.convert(values, Project)
    testset = project.testset
    asked = {gate: way_of_asking(project, gate) for gate in ("merge", "glossary")}
    longer = replace(project, testset=replace(testset, confirm=120))
    assert {gate: way_of_asking(longer, gate) for gate in asked} == asked
    easier = replace(project, testset=replace(testset, distractors="random"))
    assert way_of_asking(easier, "merge") != asked["merge"]
    fuller = replace(project, glossary=GlossarySettings(entries=16))
    assert way_of_asking(fuller, "merge") == asked["merge"]
    assert way_of_asking(fuller, "glossary") != asked["glossary"]
