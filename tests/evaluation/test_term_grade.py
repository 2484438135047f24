"""Spellings of one term, and of different terms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.evaluation.term_grade import answers_in, grade_term


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


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("過多月経」と表される。この用語は、", "過多月経"),  # the question ends with 「
        ("「過多月経」です", "過多月経"),
        ("月经过多”。", "月经过多"),
        ("過多月経。この用語は", "過多月経"),
        ("過多月経（生理の異常）", "過多月経"),
        ('nephritis", also "renal inflammation"', "nephritis"),
        (' "nephritis" which is', "nephritis"),
        ("Nephritis. It is a disease", "nephritis"),
        ("nephritis (of the kidney)", "nephritis"),
        ("Nierenentzündung“ genannt.", "Nierenentzündung"),
        ("„Nierenentzündung“ heißt es", "Nierenentzündung"),
        ("néphrite » en français", "néphrite"),
        ("« néphrite » en français", "néphrite"),
        ("(1,3)-beta-glucan", "(1,3)-beta-glucan"),
        ("d(A)-Bindung", "d(A)-Bindung"),
        ("St. John's wort", "St. John's wort"),
        ("Crohn’s disease", "Crohn’s disease"),
    ],
)
def test_an_answer_ends_where_it_says_so(text: str, name: str) -> None:
    assert grade_term(text, [name]) in {"exact", "variant"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("not nephritis", "nephritis"),
        ("hepatitis. Nephritis", "nephritis"),
        ("腎炎症」です", "腎炎"),
        ("Crohn’s disease", "Crohn"),
        ("d(A)-Bindung", "d"),
    ],
)
def test_a_term_further_on_is_no_answer(text: str, name: str) -> None:
    assert grade_term(text, [name]) == "wrong"


@given(st.text('ab 「」“”"()（）«».。', max_size=12))
def test_every_answer_begins_the_line_but_for_marks(text: str) -> None:
    whole, *parts = answers_in(text) or ("",)
    assert all(part in whole and len(part) < len(whole) for part in parts)


def test_any_synonym_will_do() -> None:
    assert grade_term("心臓筋", ["心筋", "心臓筋"]) == "exact"


@given(st.text(st.characters(exclude_characters="\n"), max_size=20))
def test_a_name_is_always_recognised_as_itself(name: str) -> None:
    if grade_term(name, []) != "empty":
        assert grade_term(name, [name]) in {"exact", "variant"}
