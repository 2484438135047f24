"""The audit of what options alone give away."""

from collections.abc import Callable

import msgspec
import pytest

from lexgraft.errors import LexgraftError
from lexgraft.project import Form
from lexgraft.records import Concept, Item
from lexgraft.stats.intervals import wilson
from lexgraft.terms.testset.answer_facts import facts_of
from lexgraft.terms.testset.audit import audit, breakdown, cues, failed, warnings_of
from lexgraft.terms.testset.baseline_rules import CHARACTERS, LENGTH, POSITION, SHARED, SOUND
from lexgraft.terms.testset.items import build_items

Maker = Callable[[int], list[Concept]]


def item(
    number: int, right: str, wrong: tuple[str, ...], gold: int = 0, context: str = "?"
) -> Item:
    options = [*wrong]
    options.insert(gold, right)
    return Item(
        id=f"I{number}",
        concept=f"C{number}",
        kind="term-to-term",
        question_language="ja",
        answer_language="en",
        draw=0,
        context=context,
        neutral="",
        options=tuple(options),
        gold=gold,
    )


def names(number: int, ending: str) -> str:
    return "".join("bcdfghjklm"[int(digit)] for digit in f"{number:04d}") + ending


def scores(items: list[Item]) -> dict[str, tuple[float, float, float]]:
    return {one.name: (one.value, one.low, one.chance or 0) for one in audit(items)}


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
    assert scores(items)[POSITION] == (1.0, pytest.approx(wilson(20, 20).low), 0.25)


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
        "term-to-term ja->en, katakana",
        "term-to-term ja->en, kanji",
    }


def audited_and_refused(items: list[Item]) -> set[str]:
    """Return which rules refuse a planted set."""
    with pytest.raises(LexgraftError, match="would measure form"):
        warnings_of(audit(items))
    return {one.name for one in failed(audit(items))}


def test_planted_the_longest_option_is_right():
    items = [
        item(n, names(n, "xxx"), tuple(names(1000 + 3 * n + k, "") for k in range(3)), n % 4)
        for n in range(120)
    ]
    assert LENGTH in audited_and_refused(items)


def test_planted_the_first_option_is_right():
    items = [
        item(n, names(n, ""), tuple(names(1000 + 3 * n + k, "") for k in range(3)))
        for n in range(120)
    ]
    assert POSITION in audited_and_refused(items)


def test_planted_right_options_share_a_morpheme():
    items = [
        item(n, names(n, "itis"), tuple(names(1000 + 3 * n + k, "omas") for k in range(3)), n % 4)
        for n in range(120)
    ]
    assert CHARACTERS in audited_and_refused(items)


def test_planted_the_right_option_shares_a_morpheme_with_the_question():
    items = [
        item(
            n,
            names(n, ""),
            tuple(names(1000 + 3 * n + k, "") for k in range(3)),
            n % 4,
            context=f"a swelling of the {names(n, 'ous')} duct",
        )
        for n in range(120)
    ]
    assert SHARED in audited_and_refused(items)


def test_planted_random_distractors_of_another_field_are_told_by_their_characters(
    make_concepts: Maker,
):
    rare = ["phthal", "xyl", "glyc", "methyl", "chlor", "benz", "sulf", "nitr"]
    every = [one.names("en")[0] for one in make_concepts(480)]
    items = [
        item(
            n,
            f"{rare[n % 8]}o{names(n, '')}ide {rare[n // 8 % 8]}ate",
            tuple(f"{every[3 * n + k]} {every[3 * n + k - 9]}" for k in range(3)),
            n % 4,
        )
        for n in range(120)
    ]
    assert CHARACTERS in audited_and_refused(items)


def test_planted_loanwords_are_told_by_sound_and_katakana_apart():
    german = ["Zylinder", "Pumpe", "Filter", "Flansch", "Hydraulik", "Turbine", "Zement", "Motor"]
    english = ["cylinder", "pump", "filter", "flange", "hydraulics", "turbine", "cement", "motor"]
    other = ["yardarm", "ox", "winch", "gimbal", "ashlar", "wharf", "sluice", "keel", "bilge"]
    sounding = [
        item(
            n,
            english[n % 8],
            tuple(other[(n + k) % 9] for k in range(3)),
            n % 4,
            context=german[n % 8],
        )
        for n in range(120)
    ]
    (score,) = [one for one in audit(sounding) if one.name == SOUND]
    assert score.value > 0.7
    assert SOUND in {one.name for one in failed([score])}
    katakana = [
        msgspec.structs.replace(one, context=word)
        for one, word in zip(sounding[:8], ["シリンダー"] * 8, strict=True)
    ]
    groups = {one.group for one in audit(katakana) if one.name == SOUND}
    assert groups == {"term-to-term ja->en, katakana"}


def test_a_breakdown_has_classes_of_twenty_concepts_and_more(make_concepts: Maker):
    concepts = {one.id: one for one in make_concepts(60)}
    items = build_items(
        list(concepts.values()),
        forms=[Form("definition-to-term", "en", "ja")],
        options=4,
        draws=2,
        distractors="field",
        seed=3,
    )
    facts = facts_of(items, concepts, len)
    assert facts["C0000"] == {
        "frequency": "Zipf 1-2",
        "part of speech": "noun",
        "tokens": "3",
    }
    groups = {one.group.partition(", ")[2] for one in breakdown(items, concepts, facts)}
    assert groups == {"frequency Zipf 1-2", "part of speech noun", "tokens 3"}
    few = {key: facts[key] for key in sorted(facts)[:19]}
    assert breakdown(items, concepts, few) == []
