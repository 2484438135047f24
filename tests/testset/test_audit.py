"""The audit of what options alone give away."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.records import Concept, Item
from lexgraft.testset.audit import CHARACTERS, LENGTH, POSITION, audit, cues, wilson

Maker = Callable[[int], list[Concept]]


def item(number: int, right: str, wrong: tuple[str, ...], gold: int = 0) -> Item:
    options = [*wrong]
    options.insert(gold, right)
    return Item(
        id=f"I{number}",
        concept=f"C{number}",
        kind="term-to-term",
        question_language="ja",
        answer_language="en",
        draw=0,
        context="?",
        neutral="?",
        options=tuple(options),
        gold=gold,
    )


def names(number: int, ending: str) -> str:
    return "".join("bcdfghjklm"[int(digit)] for digit in f"{number:04d}") + ending


def scores(items: list[Item]) -> dict[str, tuple[float, float, float]]:
    return {one.name: (one.value, one.low, one.chance or 0) for one in audit(items)}


def test_wilson_s_interval_of_five_in_ten():
    # Wilson 1927: (.5 + 1.96²/20) / (1 + 1.96²/10) ± 1.96/(1.384) · sqrt(.025 + 1.96²/400)
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(1, 500), st.floats(0, 1))
def test_wilson_s_interval_holds_the_share_and_stays_within_bounds(n: int, share: float):
    low, high = wilson(share * n, n)
    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1


def test_an_ending_that_only_right_answers_have_is_found():
    items = [
        item(n, names(n, "itis"), tuple(names(1000 + 3 * n + k, "oma") for k in range(3)), n % 4)
        for n in range(40)
    ]
    found = scores(items)
    assert found[CHARACTERS][0] == 1.0
    assert CHARACTERS in {one.name for one in cues(audit(items))}


def test_a_length_that_only_right_answers_have_is_found():
    items = [
        item(n, names(n, "x" * 9), tuple(names(1000 + 3 * n + k, "") for k in range(3)), n % 4)
        for n in range(40)
    ]
    assert scores(items)[LENGTH][0] == 1.0


def test_a_middle_length_that_only_right_answers_have_is_found():
    items = [
        item(
            n,
            names(n, "x" * 5),
            (names(1000 + n, ""), names(2000 + n, "x" * 10), names(3000 + n, "x" * (10 * (n % 2)))),
            n % 4,
        )
        for n in range(40)
    ]
    assert scores(items)[LENGTH][0] == 1.0


def test_options_that_differ_in_nothing_but_chance_show_no_cue(make_concepts: Maker):
    from lexgraft.project import Form
    from lexgraft.testset.items import build_items

    items = build_items(
        make_concepts(80),
        forms=[Form("definition-to-term", "en", "ja")],
        options=4,
        draws=2,
        distractors="field",
        seed=3,
    )
    assert cues(audit(items)) == []
    for value, low, chance in scores(items).values():
        assert low <= chance <= value + 0.2


def test_the_right_answers_of_one_half_are_no_options_of_the_other():
    # Each right answer is a wrong option of the next item: a classifier that had seen it there
    # would rule it out. Two options of each item may be learnt, so chance is above a quarter.
    words = [names(n, "") for n in range(40)]
    items = [
        item(n, words[n], tuple(words[(n + k) % 40] for k in (1, 2, 3)), n % 4) for n in range(40)
    ]
    (score,) = [one for one in audit(items) if one.name == CHARACTERS]
    assert score.chance is not None
    assert 0.25 < score.chance < 1
    assert score.n < 40


def test_a_fixed_place_is_found():
    items = [
        item(n, names(n, ""), tuple(names(1000 + 3 * n + k, "") for k in range(3)))
        for n in range(20)
    ]
    assert scores(items)[POSITION] == (1.0, pytest.approx(wilson(20, 20)[0]), 0.25)


def test_scripts_are_reported_apart():
    items = [
        item(n, text, tuple(f"{text}{k}" for k in "甲乙丙"), n % 4)
        for n, text in enumerate(
            [*(f"コ{chr(0x30A2 + n)}" for n in range(9)), *"漢字表記語句文章節"]
        )
    ]
    groups = {one.group for one in audit(items) if one.name == LENGTH}
    assert groups == {
        "term-to-term ja->en",
        "term-to-term ja->en, kana",
        "term-to-term ja->en, kanji",
    }
