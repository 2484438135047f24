"""What rules without knowledge reach on a set."""

import pytest

from lexgraft.records import Item
from lexgraft.terms.testset.baseline_rules import MIDDLE
from lexgraft.terms.testset.guessing_level import ANY_OPTION, guessing_levels


def item(number: int, draw: int, options: tuple[str, ...], gold: int, mark: str = "term") -> Item:
    return Item(
        f"I{number}{draw}", f"C{number}", "term-to-term", "de", "en", draw, f"{number}", "",
        options, gold, mark,  # pyright: ignore[reportArgumentType]
    )  # fmt: skip


def test_the_best_rule_s_level_stands_for_items_and_for_concepts_known():
    # The answer is of middle length in the first draw of all, in the second of every other one.
    items = [
        item(number, draw, options, 1)
        for number in range(20)
        for draw, options in enumerate(
            (
                ("a" * 2, "b" * 8, "c" * 15, "d" * 16),
                ("e" * 2, "f" * (9 if number % 2 else 40), "g" * 4, "h" * 20),
            )
        )
    ]
    (level, _) = guessing_levels(items, {})
    assert (level.items.name, level.known.name) == (MIDDLE, MIDDLE)
    assert level.items.value > 0.7
    assert level.known.value == pytest.approx(0.5)
    assert (level.items.chance, level.known.chance) == (0.25, 0.0625)
    assert level.items.low < level.items.value < level.items.high
    assert level.items.n == level.known.n == 20


def test_no_rule_is_better_than_an_option_by_chance_where_all_look_alike():
    items = [
        item(number, draw, tuple(f"{letter}{number:02d}{draw}" for letter in "abcd"), number % 4)
        for number in range(20)
        for draw in (0, 1)
    ]
    (level, of_term) = guessing_levels(items, {})
    assert (level.items.name, level.items.value) == (ANY_OPTION, 0.25)
    assert (level.known.value, level.known.low) == (0.0625, 0.0625)
    assert of_term.needs_term
    assert not level.needs_term


def test_items_that_need_their_term_have_a_level_of_their_own():
    long = ("a" * 5, "b" * 8, "c" * 11, "d" * 30)
    items = [item(n, 0, long, 2, "term" if n < 5 else "pieces") for n in range(20)]
    (every, needing) = guessing_levels(items, {})
    assert (every.items.n, needing.items.n) == (20, 5)
    assert guessing_levels([item(n, 0, long, 2, "pieces") for n in range(9)], {})[1:] == ()
