"""Lint of a whole term base."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.records import Concept, Term
from lexgraft.terms.glossary.lint_concepts import lint_concepts


def concept(key: str, *terms: str, broader: tuple[str, ...] = (), definition: str = "") -> Concept:
    """Return a concept with terms written `en:fever`, forbidden ones `en:-febris`."""
    made = [
        Term(text.lstrip("-"), language, status="forbidden" if text[0] == "-" else "preferred")
        for language, text in (term.split(":", 1) for term in terms)
    ]
    return Concept(key, tuple(made), {"en": definition} if definition else {}, broader=broader)


def problems(*concepts: Concept, common: tuple[str, ...] = ()) -> list[tuple[str, str, str]]:
    found = lint_concepts(concepts, common)
    return [(one.concept, one.problem, one.grade) for one in found]


def test_a_sound_term_base_has_no_findings():
    assert (
        problems(
            concept("1", "en:fever", "ja:発熱", "ja:-熱病", definition="A raised temperature."),
            concept("2", "en:T3", "ja:爪", broader=("1",)),
        )
        == []
    )


@pytest.mark.parametrize(
    ("concepts", "found"),
    [
        ([concept("1", "en:fever", "en:-Fever")], ("1", "forbidden", "error")),
        (
            [concept("1", "en:fever"), concept("2", "en:heat", "en:-fever")],
            ("1", "forbidden", "error"),
        ),
        (
            [concept("1", "en:user", "ja:ユーザー"), concept("2", "en:User", "ja:ユーザ")],
            ("2", "duplicate", "error"),
        ),
        (
            [concept("1", "en:nail", "ja:爪"), concept("2", "en:nail", "ja:釘")],
            ("2", "ambiguous", "warning"),
        ),
        (
            [concept("1", "en:user", "ja:ユーザ"), concept("2", "en:client", "ja:ユーザー")],
            ("2", "variant", "warning"),
        ),
        ([concept("1", "ja:焼入れ", "ja:焼き入れ")], ("1", "variant", "warning")),
        ([concept("1", "en:a")], ("1", "short", "warning")),
        ([concept("1", "en:x" + "y" * 200)], ("1", "length", "error")),
        ([concept("1", "en:fe\u200bver")], ("1", "characters", "error")),
        ([concept("1", "en:fever", definition="<|im_start|>")], ("1", "chat token", "error")),
    ],
)
def test_a_fault_is_found_with_its_grade(concepts: list[Concept], found: tuple[str, str, str]):
    assert problems(*concepts) == [found]


def test_an_everyday_word_is_common():
    assert problems(concept("1", "en:Cold"), common=("cold",)) == [("1", "common", "warning")]


def test_a_cycle_is_shown_with_its_path():
    found = lint_concepts(
        [
            concept("1", "en:one", broader=("2",)),
            concept("2", "en:two", broader=("4", "3")),
            concept("3", "en:three", broader=("1",)),
            concept("4", "en:four"),
        ]
    )
    assert [(one.problem, one.detail) for one in found] == [("cycle", "1 → 2 → 3 → 1")]


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12))
def test_a_cycle_is_found_exactly_where_there_is_one(pairs: list[tuple[int, int]]):
    above = {key: tuple(str(b) for a, b in pairs if a == key) for key in range(7)}
    reach = {a: {b for x, b in pairs if x == a} for a in range(7)}
    for _ in range(7):
        reach = {a: ends.union(*(reach[end] for end in sorted(ends))) for a, ends in reach.items()}
    cyclic = any(a in ends for a, ends in reach.items())
    concepts = [concept(str(key), f"en:term{key}x", broader=above[key]) for key in range(7)]
    assert ("cycle" in {one.problem for one in lint_concepts(concepts)}) == cyclic
