"""Transitions and transfer by hand, and a placebo that transfers nothing."""

import numpy as np
import pytest

from lexgraft.evaluation.knowledge_transitions import emergence, retention, transfer, transitions

Draws = dict[str, dict[int, bool]]


def test_transitions_by_hand() -> None:
    recipient = {"a": False, "b": True, "c": True, "d": False, "e": True}
    result = {"a": True, "b": True, "c": False, "d": False}
    assert transitions(recipient, result) == {
        "a": "acquired",
        "b": "kept",
        "c": "lost",
        "d": "never",
    }


def test_transfer_by_hand() -> None:
    """D knows a, b, c. G in Japanese: a wrong twice, b wrong in draw 1, c right twice.

    Chosen in draw 1, measured in draw 2: a and b; chosen in draw 2, measured in draw 1: a.
    The result is right on a in draw 2 and on b in draw 2: 2 of 3; G on b in draw 2: 1 of 3.
    """
    domain = {"a": True, "b": True, "c": True, "d": False}
    g: Draws = {
        "a": {1: False, 2: False},
        "b": {1: False, 2: True},
        "c": {1: True, 2: True},
        "d": {1: False, 2: False},
    }
    result: Draws = {
        "a": {1: False, 2: True},
        "b": {1: False, 2: True},
        "c": {1: True, 2: True},
        "d": {1: True, 2: True},
    }
    found = transfer(domain, g, result, seed=0)
    assert found.result.value == pytest.approx(2 / 3)
    assert found.placebo.value == pytest.approx(1 / 3)
    assert found.difference.value == pytest.approx(1 / 3)
    assert {part.n for part in found} == {2}


def test_g_itself_transfers_nothing_whatever_luck_does() -> None:
    """Guessing models look as if they learnt 25 %; the placebo takes that off."""
    rng = np.random.default_rng(0)
    g: Draws = {str(i): {d: bool(rng.random() < 0.25) for d in (1, 2)} for i in range(300)}
    other: Draws = {str(i): {d: bool(rng.random() < 0.25) for d in (1, 2)} for i in range(300)}
    domain = dict.fromkeys(g, True)
    itself = transfer(domain, g, g, seed=0)
    assert itself.difference.value == 0
    assert itself.difference.low < 0 < itself.difference.high
    guesses = transfer(domain, g, other, seed=0)
    assert guesses.result.low > 0.1
    assert guesses.difference.low < 0 < guesses.difference.high


def test_retention_is_measured_against_the_parent_itself() -> None:
    """Right in draw 1: a, b; in draw 2: a. Parent elsewhere: a twice, b not: 2 of 3; result 1."""
    parent: Draws = {"a": {1: True, 2: True}, "b": {1: True, 2: False}, "c": {1: False, 2: False}}
    result: Draws = {"a": {1: True, 2: False}, "b": {1: True, 2: False}, "c": {1: True, 2: True}}
    found = retention(parent, result, seed=0)
    assert found.placebo.value == pytest.approx(2 / 3)
    assert found.result.value == pytest.approx(1 / 3)
    assert found.difference.value == pytest.approx(-1 / 3)


def test_emergence_is_what_neither_parent_knew() -> None:
    no: dict[int, bool] = {1: False, 2: False}
    yes: dict[int, bool] = {1: True, 2: True}
    found = emergence(
        {"a": no, "b": no, "c": yes},
        {"a": no, "b": yes, "c": no},
        {"a": yes, "b": yes, "c": yes},
        seed=0,
    )
    assert (found.result.value, found.placebo.value, found.result.n) == (1.0, 0.0, 1)


def test_nothing_chosen_says_nothing() -> None:
    found = transfer({"a": False}, {"a": {1: False, 2: False}}, {"a": {1: True, 2: True}}, seed=0)
    assert found.difference == (0.0, -1.0, 1.0, 0)


@pytest.mark.slow
def test_the_interval_of_transfer_covers_the_truth() -> None:
    """100 concepts that D knows; G guesses 1 in 4; the result truly learnt 15 %, guesses the rest.

    Expected: .15 + .85·.25 − .25 = .1125.
    """
    covered = 0
    for trial in range(120):
        rng = np.random.default_rng(trial)
        learnt = rng.random(100) < 0.15
        g: Draws = {str(i): {d: bool(rng.random() < 0.25) for d in (1, 2)} for i in range(100)}
        result: Draws = {
            str(i): {d: bool(learnt[i] or rng.random() < 0.25) for d in (1, 2)} for i in range(100)
        }
        found = transfer(dict.fromkeys(g, True), g, result, seed=trial).difference
        covered += found.low <= 0.1125 <= found.high
    assert covered / 120 >= 0.9
