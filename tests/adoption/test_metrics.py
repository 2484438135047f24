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
    transferred,
)
from lexgraft.evaluation.measures import ABILITY, BITS, GENERAL, RECOGNITION
from lexgraft.project import MergeGate
from lexgraft.records import Concept, Term

BASE, G, D = model("base", 2, 0), model("G", 4, 2), model("D", 18, 6)
MERGE = model("merge", 16, 10, everyday=18, bits=816.0)
PARENTS = {"base": BASE, "G": G, "D": D}


def test_directions_into_the_target_language_are_told_from_the_domains_own():
    assert CONTEXT.targets(MERGE.terms) == ["en->ja"]
    assert CONTEXT.own_pair(MERGE.terms) == "en->en"
    assert CONTEXT.own_pair(knows(first(1))) == "en->ja"


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


def test_general_ability_is_one_mean_of_registers_and_everyday_words_per_language():
    whole, text, words = changes(MERGE, G, CONTEXT, MergeGate(general_loss=0.3))
    rise = (816 * 8 + 28) / (800 * 8 + 28) - 1
    lost = 1 - (18 * 0.9 + 2 * 0.1) / (20 * 0.9)
    assert (whole.name, whole.group, whole.margin) == (ABILITY, "ja", 0.3)
    assert whole.value == pytest.approx(-(rise + lost) / 2)
    assert whole.low < whole.value < whole.high
    assert whole.n == 8 + 20
    assert (text.name, text.value, text.margin) == (BITS, pytest.approx(-rise), None)
    assert text.low <= text.value <= text.high
    assert (words.name, words.value, words.n) == (GENERAL, -2 / 20, 20)
    unjudged = changes(MERGE, G, CONTEXT, None, "choose")
    assert {change.margin for change in unjudged} == {None}
    assert {change.split for change in unjudged} == {"choose"}
    assert protected(unjudged) == ()


def test_the_criterion_on_general_ability_holds_the_margin_as_a_loss():
    (kept,) = protected(changes(MERGE, G, CONTEXT, MergeGate(general_loss=0.4)))
    assert (kept.name, kept.threshold, kept.outcome) == (ABILITY, -0.4, "pass")
    few = CONTEXT._replace(documents=CONTEXT.documents[:7])
    (unjudged,) = protected(changes(MERGE, G, few, MergeGate(general_loss=0.4)))
    assert (unjudged.low, unjudged.high, unjudged.outcome) == (-1.0, 1.0, "undecided")


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
