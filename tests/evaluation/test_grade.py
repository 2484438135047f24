"""Grading by hand."""

from math import exp

import pytest

from lexgraft.evaluation.grade import (
    by_draw,
    grade,
    known,
    margins,
    pmi,
    probabilities,
    recognition,
    select,
    shares,
)
from lexgraft.records import Answer, Item, Kind
from lexgraft.stats.intervals import wilson


def item(concept: str, draw: int, *, gold: int = 0, kind: Kind = "definition-to-term") -> Item:
    return Item(
        f"{concept}/{draw}/{kind}", concept, kind, "en", "ja", draw, "c", "n", ("x", "y", "z"), gold
    )


def answer(asked: Item, *scores: float, neutral: tuple[float, ...] = (0.0, 0.0, 0.0)) -> Answer:
    return Answer(asked.id, scores, neutral, (1, 1, 1))


def test_a_rare_option_is_not_punished() -> None:
    """Sums −9, −5, −6; neutral −12, −6, −6: PMI 3, 1, 0, so the rare right option wins."""
    asked = item("a", 1)
    given = answer(asked, -9, -5, -6, neutral=(-12, -6, -6))
    assert pmi(given) == (3, 1, 0)
    [graded] = grade([asked], [given])
    assert (graded.right, graded.right_by_sum, graded.right_blind) == (True, False, False)
    assert graded.margin == 2
    assert graded.probability == pytest.approx(exp(3) / (exp(3) + exp(1) + 1))
    assert (graded.concept, graded.pair, graded.draw) == ("a", "en->ja", 1)
    assert graded.chance == pytest.approx(1 / 3)


def test_a_tie_is_wrong() -> None:
    asked = item("a", 1)
    [graded] = grade([asked], [answer(asked, -1, -1, -2)])
    assert not graded.right


def test_known_is_right_in_every_draw() -> None:
    items = [item("a", 1), item("a", 2), item("b", 1), item("b", 2), item("c", 1)]
    answers = [
        answer(items[0], 1, 0, 0),
        answer(items[1], 2, 0, 0),
        answer(items[2], 1, 0, 0),
        answer(items[3], 0, 4, 0),
    ]
    graded = grade(items, answers)
    assert known(graded) == {"a": True, "b": False}
    assert by_draw(graded) == {"a": {1: True, 2: True}, "b": {1: True, 2: False}}
    assert shares(graded) == {"a": 1.0, "b": 0.5}
    assert margins(graded) == {"a": 1.5, "b": -1.5}
    assert list(probabilities(graded)) == ["a", "b"]
    share, chance = recognition(graded)
    assert share == wilson(1, 2)
    assert chance == pytest.approx(1 / 9)


def test_related_concepts_that_move_together_widen_the_share_known() -> None:
    """40 concepts, 10 families of four copies: as wide as 10 concepts would be."""
    items = [item(f"c{number}", 1) for number in range(40)]
    graded = grade(items, [answer(one, n // 4 % 2, 0.5, 0) for n, one in enumerate(items)])
    families = {f"c{number}": f"f{number // 4}" for number in range(40)}
    alone, together = recognition(graded)[0], recognition(graded, 0.05, families)[0]
    assert together.value == alone.value == 0.5
    assert together.n == 40
    assert together.high - together.low > 1.7 * (alone.high - alone.low)


def test_two_kinds_in_one_draw_must_both_be_right() -> None:
    items = [item("a", 1), item("a", 1, kind="term-to-definition")]
    graded = grade(items, [answer(items[0], 1, 0, 0), answer(items[1], 0, 1, 0)])
    assert by_draw(graded) == {"a": {1: False}}
    assert known(select(graded, kind="definition-to-term")) == {"a": True}
    assert select(graded, pair="ja->ja") == []
