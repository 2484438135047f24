"""What only the donor brought, on answers written by hand."""

import pytest
from graded import CONTEXT, first, knows, model

from lexgraft.adoption.gains import (
    donor_lead,
    gain,
    gain_criteria,
    gain_scores,
    taught_criteria,
)
from lexgraft.evaluation.measures import RANDOM_DONOR, WITHOUT_DONOR
from lexgraft.project import MergeGate, TuneGate

BASE, G, D = model("base", 2, 4), model("G", 4, 2), model("D", 18, 6)
MERGE = model("merge", 16, 10)
PAIR = "en->ja"
NONE, HALF = knows(first(0)), knows(first(6))


def test_a_gain_is_the_mean_rise_of_the_right_options_probability():
    rise = gain(G.terms, MERGE.terms, PAIR, CONTEXT)
    assert rise.value == pytest.approx(8 / 20 * 0.8)  # eight of twenty from .1 to .9
    assert rise.low < rise.value < rise.high
    assert rise.n == 20


def test_a_merge_is_judged_against_g_and_against_every_ablation():
    controls = {WITHOUT_DONOR: HALF, RANDOM_DONOR: MERGE.terms}
    gate = MergeGate(target_gain=0.05, donor_gain=0.0)
    gained, without, random = gain_criteria(MERGE, G, controls, CONTEXT, gate)
    assert (gained.threshold, gained.outcome) == (0.05, "pass")
    assert without.name == "donor gain, without the donor"
    assert without.value == pytest.approx(4 / 20 * 0.8)
    assert (random.value, random.outcome) == (0.0, "undecided")


def test_related_concepts_are_one_cluster():
    alone = gain(G.terms, MERGE.terms, PAIR, CONTEXT)
    families = {f"c{n}": f"family {n // 2}" for n in range(20)}
    together = gain(G.terms, MERGE.terms, PAIR, CONTEXT._replace(families=families))
    assert together.value == alone.value
    assert together.high - together.low > alone.high - alone.low


def test_only_items_that_need_their_term_count_where_there_are_enough():
    judged = {PAIR: frozenset((f"c{n}", "definition-to-term", 0) for n in range(10))}
    rise = gain(G.terms, MERGE.terms, PAIR, CONTEXT._replace(judged=judged))
    assert (rise.value, rise.n) == (pytest.approx(0.8 * 8 / 10), 10)


def test_a_donor_must_know_more_than_base_control_and_chance():
    donor, base, control = (knows(first(n), of=60) for n in (40, 10, 5))
    ahead = donor_lead(donor, base, control, PAIR, CONTEXT)
    assert [requirement.outcome for requirement in ahead] == ["pass"] * 3
    chance = [item._replace(probability=0.25) for item in donor]
    guessing = donor_lead(chance, base, chance, PAIR, CONTEXT)
    assert guessing[1].value == guessing[2].value == 0.0
    assert guessing[2].outcome == "undecided"


def test_a_lesson_is_judged_by_what_taught_terms_gain_beyond_the_others():
    taught = (knows(first(2)), knows(first(20)))
    untaught = (knows(first(10), of=40), knows(first(30), of=40))
    gate = TuneGate(taught_gain=0.1)
    (gained,) = taught_criteria(taught, untaught, CONTEXT, gate)
    assert gained.value == pytest.approx(0.8 * (18 / 20 - 20 / 40))
    assert (gained.name, gained.threshold, gained.outcome) == ("taught gain", 0.1, "pass")
    (nothing,) = taught_criteria(taught, taught, CONTEXT, gate)
    assert nothing.value == 0.0
    assert nothing.outcome != "pass"


def test_a_direction_with_few_taught_terms_does_not_change_what_counts_in_the_next():
    few = frozenset((f"c{n}", "definition-to-term", 0) for n in range(4))
    enough = frozenset((f"c{n}", "definition-to-term", 0) for n in range(30))
    both = [
        (*knows(first(n), of=60), *(one._replace(pair="ja->ja") for one in knows(first(n), of=60)))
        for n in (2, 60)
    ]
    context = CONTEXT._replace(judged={"en->ja": few, "ja->ja": enough})
    taught, untaught = (both[0], both[1]), (both[0], both[0])
    first_way, second_way = taught_criteria(taught, untaught, context, TuneGate())
    assert (first_way.group, first_way.n) == ("en->ja", 60)  # four are too few: all count
    assert (second_way.group, second_way.n) == ("ja->ja", 30)


def test_gains_are_told_on_g_the_best_parent_and_every_ablation():
    parents = {"base": BASE, "G": G, "D": D}
    scores = gain_scores(MERGE, parents, {WITHOUT_DONOR: HALF}, CONTEXT)
    assert {score.name: round(score.value, 3) for score in scores} == {
        "target gain": 0.32,
        "gain over the best parent, D": 0.16,
        "donor gain, without the donor": 0.16,
    }
