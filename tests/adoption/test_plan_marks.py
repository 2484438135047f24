"""Gates that ask for less than no gain are run, and the plan says what passing them is worth."""

from typing import Any

import pytest
from adopt_project import MakeProject

from lexgraft.adoption.adopt import plan_project
from lexgraft.project import read_project


def marks(make_project: MakeProject, gate: str, key: str, threshold: float) -> str:
    def change(values: dict[str, Any]) -> None:
        values["gates"][gate][key] = threshold

    return str(plan_project(read_project(make_project(change))).marks)


@pytest.mark.parametrize(
    ("gate", "key"),
    [
        ("merge", "target_gain"),
        ("merge", "donor_gain"),
        ("glossary", "effect"),
        ("tune", "taught_gain"),
    ],
)
def test_a_gain_asked_for_below_zero_is_a_mark(make_project: MakeProject, gate: str, key: str):
    assert f"`gates.{gate}.{key}` lies below 0" in marks(make_project, gate, key, -0.1)
    assert f"`gates.{gate}.{key}`" not in marks(make_project, gate, key, 0.0)


def test_a_margin_or_level_that_protects_hardly_anything_is_a_mark(make_project: MakeProject):
    def change(values: dict[str, Any]) -> None:
        values["gates"]["merge"]["general_loss"] = 1.0
        values["gates"]["tune"]["general_loss"] = 0.1
        values["gates"]["alpha"] = 0.4

    said = str(plan_project(read_project(make_project(change))).marks)
    assert "`gates.merge.general_loss` allows general ability to become 100% worse" in said
    assert "一般能力の 100% の低下を許容します" in said
    assert "gates.tune.general_loss" not in said
    assert "chance alone lets gates pass in up to 40%" in said
