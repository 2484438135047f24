"""How much a merge's answers will differ from text to text, on answers written by hand."""

from math import sqrt

import pytest
from graded import CONTEXT, first, knows, model

from lexgraft.adoption.metrics import SplitResults
from lexgraft.adoption.spreads import Spreads, measured_spreads
from lexgraft.records import TextScore

G = model("G", 4, 2)


def donor(loss: float) -> SplitResults:
    """Return a donor that needs so many times more bits, by text between half and twice that."""
    losses = [loss * (0.5 if number % 2 else 1.5) for number in range(len(G.texts))]
    bits = [
        TextScore(text.document, text.bits * (1 + more), text.bytes)
        for text, more in zip(G.texts, losses, strict=True)
    ]
    return SplitResults("D", knows(first(12)), G.everyday, bits)


def test_a_merge_stands_half_way_between_its_parents():
    near, far = (measured_spreads(G, donor(loss), CONTEXT).documents for loss in (0.1, 0.2))
    assert far == pytest.approx(2 * near, rel=0.01)
    assert 0.02 < near < 0.03  # of texts at .05 and .15 the standard deviation is .053


def test_one_that_is_walked_back_to_a_budget_moves_texts_by_the_root_of_what_it_may_lose():
    whole = 2 * measured_spreads(G, donor(0.2), CONTEXT).documents
    walked = measured_spreads(G, donor(0.2), CONTEXT, budget=0.002)
    assert walked.documents == pytest.approx(whole * sqrt(0.002 / 0.2), rel=0.01)
    assert walked.terms == measured_spreads(G, donor(0.2), CONTEXT).terms  # these may move it all


def test_a_budget_that_half_the_way_does_not_use_up_changes_nothing():
    assert measured_spreads(G, donor(0.02), CONTEXT, budget=0.01) == measured_spreads(
        G, donor(0.02), CONTEXT
    )


def test_what_a_tuning_does_to_general_texts_is_not_taken_from_the_donor():
    measured = measured_spreads(G, donor(0.2), CONTEXT, budget=0.002)
    tuned = measured.of_a_tuning()
    assert (tuned.documents, tuned.everyday) == (Spreads().documents, Spreads().everyday)
    assert tuned.terms == measured.terms
