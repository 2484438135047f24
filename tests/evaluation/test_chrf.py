"""chrF by hand and against sacrebleu."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.evaluation.chrf import chrf


def test_chrf_by_hand() -> None:
    """`ab` against `abc`: P = (1 + 1)/2, R = (2/3 + 1/2)/2 = 7/12, F = 5·P·R / (4·P + R)."""
    assert chrf("ab", "abc") == pytest.approx(5 * 7 / 12 / (4 + 7 / 12))


def test_identical_texts_score_one_and_strangers_nothing() -> None:
    assert chrf("心筋梗塞", "心筋梗塞") == chrf("a heart attack", "a heartattack") == 1.0
    assert chrf("肺炎", "心筋梗塞") == chrf("", "心筋") == chrf("", "") == 0.0


@pytest.mark.slow  # loading sacrebleu takes a second
@given(st.text("心筋梗塞abc ー", max_size=20), st.text("心筋梗塞abc ー", min_size=1, max_size=20))
def test_chrf_is_sacrebleus(text: str, reference: str) -> None:
    from sacrebleu.metrics.chrf import CHRF

    theirs = CHRF().sentence_score(text, [reference]).score / 100
    assert chrf(text, reference) == pytest.approx(theirs, abs=1e-9)
