"""Spellings of one term, and of different terms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.evaluation.term_grade import grade_term


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("心筋", "exact"),
        (" 心筋。\n次の行", "exact"),
        ("\n\n心筋", "exact"),
        ("心 筋", "variant"),
        ("ミオカルディウム", "wrong"),
        ("心筋層", "wrong"),
        ("Myocardium", "other language"),
        ("", "empty"),
        (" \n 。", "empty"),
    ],
)
def test_an_answer_is_graded(text: str, expected: str) -> None:
    assert grade_term(text, ["心筋", "心臓筋"], ["myocardium"]) == expected


def test_any_synonym_will_do() -> None:
    assert grade_term("心臓筋", ["心筋", "心臓筋"]) == "exact"


@given(st.text(st.characters(exclude_characters="\n"), max_size=20))
def test_a_name_is_always_recognised_as_itself(name: str) -> None:
    if grade_term(name, []) != "empty":
        assert grade_term(name, [name]) in {"exact", "variant"}
