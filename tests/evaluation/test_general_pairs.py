"""Generated sentences: seeded, different, of like length, scored by which is likelier."""

import pytest

from lexgraft.evaluation.general_pairs import minimal_pairs, pair_questions, pair_scores
from lexgraft.models import OptionScore


def test_pairs_are_a_function_of_the_seed_and_differ() -> None:
    pairs = minimal_pairs(("en", "ja"), 20, 1)
    assert pairs == minimal_pairs(("en", "ja"), 20, 1)
    assert pairs != minimal_pairs(("en", "ja"), 20, 2)
    assert len(set(pairs)) == len(pairs)
    assert {(one.language, one.phenomenon) for one in pairs} >= {
        ("en", "reflexive"),
        ("ja", "counters"),
        ("ja", "honorifics"),
    }
    assert all(one.good != one.bad for one in pairs)
    counts = [
        sum(p.phenomenon == one.phenomenon and p.language == one.language for p in pairs)
        for one in pairs
    ]
    assert min(counts) >= 15


def test_a_sentence_is_not_right_for_its_length() -> None:
    for language in ("en", "ja"):
        pairs = minimal_pairs((language,), 20, 1)
        longer = sum(len(one.good) - len(one.bad) for one in pairs)
        assert abs(longer) <= len(pairs)


@pytest.mark.parametrize("phenomenon", ["counters", "case particles", "conjugation"])
def test_only_what_makes_the_difference_differs(phenomenon: str) -> None:
    pairs = [one for one in minimal_pairs(("ja",), 20, 1) if one.phenomenon == phenomenon]
    for one in pairs:
        assert abs(len(one.good) - len(one.bad)) <= 1
        assert one.good[-1] == one.bad[-1] == "。"


def test_the_share_is_how_often_the_right_sentence_is_likelier() -> None:
    pairs = minimal_pairs(("en",), 4, 1)
    assert pair_questions(pairs)[0] == ("", (pairs[0].good, pairs[0].bad))
    scores = [[OptionScore(-1.0, 3), OptionScore(-2.0, 3)] for _ in pairs]
    scores[0] = scores[0][::-1]
    found = pair_scores(pairs, scores)
    assert found["en"].value == pytest.approx(1 - 1 / len(pairs))
    assert found[f"en/{pairs[0].phenomenon}"].n == 4
