"""A table of pieces that has never seen the term it is asked about."""

from itertools import product

from lexgraft.terms.testset.piece_table import PieceTable, pieces_of

PARTS = {"eyelid": "眼瞼", "stomach": "胃", "bladder": "膀胱", "nerve": "神経", "cornea": "角膜"}
KINDS = {"inflammation": "炎", "tumour": "腫瘍", "bleeding": "出血", "pain": "痛"}
TEXTS = {
    f"{kind} {part}": (f"{kind} of the {part}", PARTS[part] + KINDS[kind])
    for part, kind in product(PARTS, KINDS)
}
"""Twenty concepts, each made of one part of the body and one thing that befalls it."""


def test_a_compositional_term_is_told_from_others_without_having_been_seen():
    table = PieceTable(TEXTS)
    options = ["眼瞼炎", "胃炎", "眼瞼痛", "膀胱出血"]
    scores = table.scores("inflammation of the eyelid", options, "inflammation eyelid")
    assert scores.index(max(scores)) == 0
    assert scores.count(max(scores)) == 1


def test_what_is_asked_and_the_options_concepts_are_left_out():
    texts = {"a": ("one", "甲"), "b": ("two", "乙"), "c": ("three", "丙")}
    assert PieceTable(texts).scores("one", ["甲", "乙"], "a") == [0, 0]
    asked_again = {**texts, "d": ("one", "甲")}  # another concept of the same question and answer
    assert PieceTable(asked_again).scores("one", ["甲", "乙"], "a") == [0, 0]
    assert PieceTable(asked_again).scores("one", ["甲", "乙"], "a", leave_options=False)[0] > 0


def test_leaving_a_concept_out_is_as_if_it_had_not_been_learnt():
    table = PieceTable(TEXTS)
    without = PieceTable({**TEXTS, "bleeding nerve": ("zzz", "々")})
    asked = "bleeding of the nerve"
    scored = table.scores(asked, ["神経出血", "神経痛"], "bleeding nerve", leave_options=False)
    other = without.scores(asked, ["神経出血", "神経痛"], "", leave_options=False)
    assert scored[0] > scored[1]
    assert other[0] > other[1]


def test_many_answers_are_scored_as_each_would_be_with_its_own_concept_left_out():
    table = PieceTable(TEXTS)
    answers = ["眼瞼炎", "胃炎", "神経痛"]
    together = table.candidate_scores("pain of the nerve", "pain nerve", answers)
    alone = [table.scores("pain of the nerve", [one], "pain nerve")[0] for one in answers]
    assert together == alone


def test_an_order_of_concepts_changes_nothing():
    backwards = dict(reversed(TEXTS.items()))
    question = ("pain of the bladder", ["膀胱痛", "胃痛"], "pain bladder")
    assert PieceTable(TEXTS).scores(*question) == PieceTable(backwards).scores(*question)


def test_a_sentence_has_stems_of_words_and_a_name_letters_too():
    assert pieces_of("a rather long sentence of seven words") == {
        "a…", "rathe…", "long…", "sente…", "of…", "seven…", "words…",
    }  # fmt: skip
    assert {"^neph", "itis$", "nephr…"} <= pieces_of("nephritis")
