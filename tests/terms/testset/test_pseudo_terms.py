"""Pseudo-terms of lexical decisions."""

from math import log

import pytest

from lexgraft.terms.testset.pseudo_terms import LetterModel, pseudo_terms

WORDS = ["bearing", "coupling", "grinding", "tolerance", "clearance", "lubricant", "quenching"]


def test_letters_by_hand():
    # From "ab": unigrams a, b, $ once each of 3 (3 kinds); "a" after "^^" was the only one seen.
    model = LetterModel(["ab"])
    one = (1 + 3 * (1 / 4)) / 6  # of a: unigram, Witten-Bell with 1/4 below it
    two = (1 + one) / 2  # after "^": seen once, of one kind
    three = (1 + two) / 2
    ends = [model.score("ab")]
    assert ends[0] == pytest.approx(log(three))  # a, b and $ are alike: each was seen once


def test_pseudo_terms_begin_like_the_term_and_are_no_terms():
    made = pseudo_terms("grinding", WORDS, 3, 1)
    assert len(made) == 3
    assert all(word.startswith("grin") for word in made)
    assert not set(made) & set(WORDS)
    assert made == pseudo_terms("grinding", WORDS, 3, 1)


def test_kanji_are_recombined_with_kanji_first():
    words = ["研削盤", "旋盤工", "減速機", "逆止弁", "bearing", "遮断器"]
    made = pseudo_terms("研削盤", words, 3, 1)
    assert all(word.startswith("研削") and not word.isascii() for word in made)
    assert len(made) == 3
