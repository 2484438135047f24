"""A race on how sure candidates are, concept by concept."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from adopt_project import MakeProject

from lexgraft.adoption.experiment import start_experiment
from lexgraft.adoption.report.report_record import AbilityChange, FigurePoint
from lexgraft.adoption.stages.merge_race import (
    BLOCK,
    CandidateResult,
    MergeRace,
    RaceResult,
    beaten,
    best_of,
    blocks,
)
from lexgraft.adoption.stages.stage import Results
from lexgraft.evaluation.measures import ABILITY
from lexgraft.files.run_folder import hold
from lexgraft.project import Candidate, inputs_of, read_project
from lexgraft.records import Item, Score, silent


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
        name, Candidate("linear"), "", objective, (), (), (change,), figure, figure, dropped
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


@pytest.mark.slow
def test_with_a_budget_all_are_raced_where_it_holds_and_the_front_shows_both(
    make_project: MakeProject,
) -> None:
    def raced(budget: float | None) -> RaceResult:
        def change(values: dict[str, Any]) -> None:
            two = [{"method": "linear"}, {"method": "ties"}]
            values["merge"] = {"candidates": two, "loss_budget": budget}

        project = read_project(make_project(change))
        with hold(Path(project.output), inputs_of(project)) as run:
            return MergeRace().run(start_experiment(project, run, silent), Results())

    free = raced(None)
    assert free.unwalked == ()
    harms = [-result.front.retention.value for result in free.raced]
    budget = min(harm for harm in harms if harm > 0) / 2
    held = raced(budget)
    assert [result.name for result in held.unwalked] == [
        result.name for result, harm in zip(free.raced, harms, strict=True) if harm > budget
    ]
    assert held.unwalked == tuple(
        r for r in free.raced if r.name in {g.name for g in held.unwalked}
    )
    for result in held.raced:
        assert -result.front.retention.value <= budget
        assert (result.candidate.share < 1) == (result.front.kind == "walked")
    assert held.best().candidate.share < 1
    assert held.best().name.endswith(f" × {held.best().candidate.share:.2f}")
