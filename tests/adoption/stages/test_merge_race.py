"""A race on how sure candidates are, concept by concept."""

import numpy as np

from lexgraft.adoption.report.report_record import AbilityChange, FigurePoint
from lexgraft.adoption.stages.merge_race import (
    BLOCK,
    CandidateResult,
    RaceResult,
    beaten,
    best_of,
    blocks,
)
from lexgraft.evaluation.measures import ABILITY
from lexgraft.project import Candidate
from lexgraft.records import Item, Score


def test_a_clear_loser_is_dropped_and_an_equal_is_not() -> None:
    rng = np.random.default_rng(0)
    names = [f"c{n}" for n in range(200)]
    leader = dict(zip(names, rng.uniform(0.4, 1.0, 200).tolist(), strict=True))
    noise = rng.normal(0, 0.1, 200).tolist()
    equal = {name: min(1.0, leader[name] + move) for name, move in zip(names, noise, strict=True)}
    worse = {name: leader[name] - 0.3 for name in names[:100]}
    assert beaten(worse, leader, 0.05)
    assert not beaten(equal, leader, 0.05)
    assert not beaten({}, leader, 0.05)


def _result(name: str, objective: float, bits: float, *, dropped: bool = False) -> CandidateResult:
    score = Score("target gain", name, "en->ja", 0.0, 0.0, 0.0, 1)
    change = AbilityChange(ABILITY, name, "ja/manual", bits, bits, bits, 4)
    figure = FigurePoint("candidate", "choose", score, score)
    return CandidateResult(
        name, Candidate("linear"), "", objective, (), (), (change,), figure, dropped
    )


def test_the_best_within_the_margin_wins_and_else_the_one_that_harms_least() -> None:
    raced = [
        _result("strong", 0.9, -0.2),
        _result("sound", 0.6, -0.01),
        _result("weak", 0.5, 0.0),
        _result("dropped", 0.8, 0.0, dropped=True),
    ]
    assert best_of(raced, 0.02).name == "sound"
    assert best_of(raced, 0.5).name == "strong"
    assert best_of(raced[:1], 0.02).name == "strong"
    assert RaceResult(tuple(raced), "sound").best() is raced[1]


def test_concepts_are_asked_in_blocks_in_an_order_that_their_names_do_not_give() -> None:
    items = [
        Item(f"{n}/{draw}", f"c{n:03d}", "term-to-term", "en", "ja", draw, "", "", ("a", "b"), 0)
        for n in range(BLOCK + 5)
        for draw in range(2)
    ]
    first, second = blocks(items)
    assert len(first) == 2 * BLOCK
    assert len(second) == 2 * 5
    assert {item.concept for item in first}.isdisjoint(item.concept for item in second)
    assert blocks([]) == [[]]
