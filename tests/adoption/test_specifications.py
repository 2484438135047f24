"""The headlines under other scorings, on answers written by hand."""

import pytest
from graded import CONTEXT, first, knows, model

from lexgraft.adoption.gains import gain_scores
from lexgraft.adoption.metrics import SplitResults
from lexgraft.adoption.specifications import specification_table
from lexgraft.evaluation.measures import WITHOUT_DONOR

PARENTS = {"base": model("base", 2, 4), "G": model("G", 4, 2), "D": model("D", 18, 6)}
CONTROLS = {WITHOUT_DONOR: knows(first(6))}


def merge() -> SplitResults:
    """Return a merge that PMI finds right in ten terms and the plain sums in no more than G."""
    results = model("merge", 16, 10)
    spoiled = [
        item._replace(
            right_by_sum=item.concept in first(2),
            probability_by_sum=0.9 if item.concept in first(2) else 0.1,
        )
        for item in results.terms
    ]
    return results._replace(terms=spoiled)


def test_the_first_specification_is_the_one_that_is_judged():
    table = specification_table(merge(), PARENTS, CONTROLS, CONTEXT)
    assert (table[0].quantity, table[0].scoring) == ("P(right)", "PMI")
    assert table[0].gains == gain_scores(merge(), PARENTS, CONTROLS, CONTEXT)


def test_every_headline_stands_under_every_scoring_in_one_order():
    table = specification_table(merge(), PARENTS, CONTROLS, CONTEXT)
    assert len({(one.quantity, one.scoring) for one in table}) == 6
    rows = {tuple((score.name, score.group) for score in one.gains) for one in table}
    assert rows == {
        (
            ("target gain", "en->ja"),
            ("gain over the best parent, D", "en->ja"),
            ("donor gain, without the donor", "en->ja"),
        )
    }


def test_a_gain_that_hangs_on_the_scoring_is_seen():
    table = specification_table(merge(), PARENTS, CONTROLS, CONTEXT)
    gained = {(one.quantity, one.scoring): one.gains[0].value for one in table}
    assert gained["items right", "PMI"] == pytest.approx(8 / 20)
    assert gained["items right", "sum"] == 0.0
    assert gained["items right", "per character"] == pytest.approx(8 / 20)
