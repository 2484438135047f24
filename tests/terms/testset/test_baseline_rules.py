"""Rules that know nothing, one by one."""

import pytest

from lexgraft.terms.testset.baseline_rules import (
    Guess,
    by_brackets,
    by_capitals,
    by_initials,
    by_middle_length,
    by_shared_kanji,
    by_short_words,
    learn_frequent,
)


@pytest.mark.parametrize(
    ("rule", "question", "options", "picked"),
    [
        (by_short_words, "pain in the eye", ["red eye", "tennis elbow", "sore"], {0}),
        (by_short_words, "pain of the elbow", ["tennis elbow", "sore"], {0, 1}),  # five letters
        (by_shared_kanji, "胃の痛み", ["胃炎", "肺炎", "肝炎"], {0}),
        (by_capitals, "An infection with HIV.", [" AIDS", " measles", " mumps"], {0}),
        (by_capitals, "An infection.", [" AIDS", " Measles", " mumps"], {1, 2}),
        (by_brackets, "A wound (open).", ["cut (open)", "burn", "bruise"], {0}),
        (by_initials, "acute lateral sclerosis", ["ALS", "MS", "PD"], {0}),
        (by_initials, "CT", ["computed tomography", "magnetic resonance"], {0}),
        (by_middle_length, "", ["a", "abcd", "abcdefghi"], {1}),
        (learn_frequent([" Liver", "liver", "lung"]), "", ["liver", "lung", "skin"], {0}),
    ],
)
def test_a_rule_picks_what_it_sees(
    rule: Guess, question: str, options: list[str], picked: set[int]
):
    scores = list(rule(question, options))
    assert {place for place, score in enumerate(scores) if score == max(scores)} == picked
