"""RankC by hand, its chance level by enumeration, items aligned across languages."""

from itertools import permutations
from math import exp
from typing import Any

import pytest

from lexgraft.evaluation.consistency import (
    aligned_items,
    consistency,
    overlap_by_chance,
    rank_overlap,
)
from lexgraft.records import Concept, Item, Term


def test_overlap_by_hand() -> None:
    """Rankings a b c and b a c: no, full, full overlap; weights e², e, 1."""
    total = exp(2) + exp(1) + 1
    assert rank_overlap([3, 2, 1], [2, 3, 1]) == pytest.approx((exp(1) + 1) / total)
    assert rank_overlap([1, 0, -1], [9, 5, 2]) == pytest.approx(1.0)


@pytest.mark.parametrize(("options", "known"), [(4, 0.377), (5, 0.310)])
def test_chance_is_the_mean_over_all_rankings(options: int, known: float) -> None:
    fixed = list(range(options))
    values = [rank_overlap(fixed, other) for other in permutations(fixed)]
    assert overlap_by_chance(options) == pytest.approx(sum(values) / len(values))
    assert overlap_by_chance(options) == pytest.approx(known, abs=1e-3)


def test_the_same_ranking_everywhere_is_one_whatever_the_concepts() -> None:
    pairs = {f"c{i}": [([1.0, 2.0, 0.5 * i], [1.0, 2.0, 0.5 * i])] for i in range(5)}
    assert consistency(pairs, 0)[:3] == pytest.approx((1.0, 1.0, 1.0))


def test_options_are_asked_for_by_the_same_concepts_in_the_other_language() -> None:
    concepts = [Concept(f"c{i}", (Term(f"term{i}", "en"), Term(f"語{i}", "ja"))) for i in range(3)]
    shared: dict[str, Any] = {
        "kind": "definition-to-term",
        "question_language": "en",
        "draw": 0,
        "gold": 1,
    }
    into_shared: dict[str, Any] = shared | {"gold": 0}
    own = Item(
        id="a",
        concept="c1",
        answer_language="en",
        context="q:",
        neutral=":",
        options=(" term0", " term1", " term2"),
        **shared,
    )
    into = Item(
        id="b",
        concept="c1",
        answer_language="ja",
        context="q：",
        neutral="：",
        options=("語1", "語9", "語8"),
        **into_shared,
    )
    [(first, second)] = aligned_items([own, into], concepts)
    assert first == own
    assert (second.options, second.gold, second.context) == (("語0", "語1", "語2"), 1, "q：")
    assert second.id != into.id
    assert aligned_items([own, into], concepts[:2]) == []
