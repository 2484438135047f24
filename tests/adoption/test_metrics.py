"""What is computed from graded answers, on answers written by hand."""

import pytest
from graded import CONTEXT, first, graded, knows, model

from lexgraft.adoption.metrics import (
    acquisitions,
    changes,
    objective,
    outcomes,
    point,
    protected,
    scores_of,
    taught_criteria,
    term_criteria,
    transferred,
)
from lexgraft.evaluation.measures import BITS, EVERYDAY, GENERAL, RECOGNITION
from lexgraft.project import MergeGate, TuneGate
from lexgraft.records import Concept, Term

BASE, G, D = model("base", 2, 0), model("G", 4, 2), model("D", 18, 6)
MERGE = model("merge", 16, 10, everyday=18, bits=816.0)
PARENTS = {"base": BASE, "G": G, "D": D}


def test_directions_into_the_target_language_are_told_from_the_domains_own():
    assert CONTEXT.targets(MERGE.terms) == ["en->ja"]
    assert CONTEXT.own == "en->en"


def test_a_model_is_scored_on_terms_everyday_words_and_text():
    scores = {(score.name, score.group): score for score in scores_of(MERGE, CONTEXT)}
    assert scores[RECOGNITION, "en->en"].value == 16 / 20
    assert scores[RECOGNITION, "en->ja"].value == 10 / 20
    assert scores[RECOGNITION, "en->ja"].chance == 0.25**2
    assert scores[GENERAL, "ja->ja"].value == 18 / 20
    assert scores[BITS, "ja/manual"].value == pytest.approx((816 * 8 + 28) / 800)
    assert {score.model for score in scores.values()} == {"merge"}


def test_concepts_are_counted_by_what_became_of_them_and_transfer_is_into_the_target_language():
    own, target = acquisitions(MERGE, G, D, CONTEXT)
    assert (own.acquired, own.kept, own.lost, own.never) == (12, 4, 0, 4)
    assert (target.acquired, target.kept, target.lost, target.never) == (8, 2, 0, 10)
    assert own.transfer is None
    assert target.transfer is not None
    assert target.transfer.value == pytest.approx(8 / 16)  # of c2 … c17, c2 … c9
    assert target.n == 20


def test_the_placebo_transfers_nothing():
    assert transferred(G, G, D, "en->ja", CONTEXT).value == 0.0


def test_general_ability_is_told_as_a_change_that_is_better_when_greater():
    text, words = changes(MERGE, G, CONTEXT, MergeGate(everyday_loss=0.3, bits_per_byte=0.01))
    assert text.name == BITS
    assert text.value == pytest.approx(-(816 * 8 + 28) / (800 * 8 + 28) + 1)
    assert text.low <= text.value <= text.high
    assert (text.margin, words.margin) == (0.01, 0.3)
    assert (words.name, words.value, words.n) == (GENERAL, -2 / 20, 20)
    unjudged = changes(MERGE, G, CONTEXT, None, "choose")
    assert {change.margin for change in unjudged} == {None}
    assert {change.split for change in unjudged} == {"choose"}
    assert protected(unjudged) == ()


def test_the_criteria_on_general_ability_hold_the_margin_as_a_loss():
    gate = MergeGate(everyday_loss=0.4, bits_per_byte=0.01)
    text, words = protected(changes(MERGE, G, CONTEXT, gate))
    assert (text.name, text.threshold, text.outcome) == (BITS, -0.01, "fail")
    assert (words.name, words.threshold, words.outcome) == (EVERYDAY, -0.4, "pass")


def test_a_merge_is_judged_by_gain_and_transfer_and_a_tuning_by_what_it_was_taught():
    gain, moved = term_criteria(MERGE, G, D, CONTEXT, MergeGate(target_gain=0.05, transfer=0.1))
    assert (gain.value, gain.threshold, gain.outcome) == (8 / 20, 0.05, "pass")
    assert (moved.value, moved.threshold) == (pytest.approx(8 / 16), 0.1)
    before, after = knows(first(2)), knows(first(20))
    (learned,) = taught_criteria(before, after, CONTEXT, TuneGate(taught_gain=0.95))
    assert (learned.value, learned.threshold, learned.outcome) == (18 / 20, 0.95, "undecided")


def test_a_point_of_the_figure_holds_gain_on_g_and_retention_of_d():
    winner = point(MERGE, PARENTS, CONTEXT, "winner")
    assert winner.acquisition.value == 8 / 20
    assert winner.retention.value == (16 - 18) / 20
    assert (winner.split, winner.model) == ("confirm", "merge")
    assert point(MERGE, PARENTS, CONTEXT, "candidate").split == "choose"


def test_a_point_without_the_domains_direction_takes_the_targets():
    only = {name: seen._replace(terms=knows(first(5))) for name, seen in PARENTS.items()}
    winner = point(MERGE._replace(terms=knows(first(9))), only, CONTEXT, "winner")
    assert winner.retention.group == "en->ja"


def test_candidates_are_raced_on_the_probability_of_the_right_option_into_the_target_language():
    half = [*knows(first(20), pair="en->en"), *graded({"a": [True, True], "b": [False, False]})]
    assert objective(half, CONTEXT) == pytest.approx((0.9 + 0.1) / 2)
    assert objective([], CONTEXT) == 0.0


def test_every_concept_has_a_row_per_direction_with_who_knew_it():
    concepts = [
        Concept(f"c{n}", (Term(f"word {n}", "en"), *([Term(f"語 {n}", "ja")] if n else [])))
        for n in range(20)
    ]
    rows = {
        (row.concept, row.direction): row for row in outcomes(MERGE, PARENTS, concepts, CONTEXT)
    }
    assert len(rows) == 40
    row = rows["c5", "en->ja"]
    assert (row.term, row.target, row.fate) == ("word 5", "語 5", "acquired")
    assert (row.known_base, row.known_language, row.known_domain, row.known_result) == (
        False, False, True, True,
    )  # fmt: skip
    assert (row.margin_language, row.margin_result) == (-1.0, 1.0)
    assert rows["c0", "en->en"].target == ""
