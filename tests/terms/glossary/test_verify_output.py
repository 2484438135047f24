"""Verify: required terms used or missed, forbidden ones caught."""

from lexgraft.terms.glossary import GlossaryEntry
from lexgraft.terms.glossary.verify_output import verify

FEVER = GlossaryEntry("fever", "発熱", forbidden=("熱病",))
HEART = GlossaryEntry("heart attack", "心筋梗塞", forbidden=("心臓発作", "梗塞"))


def test_used_and_missed_terms_are_told_apart() -> None:
    verified = verify("患者は発熱した。", [FEVER, HEART])
    assert verified.used == (FEVER,)
    assert verified.missed == (HEART,)
    assert verified.faults == 1


def test_a_forbidden_term_is_caught() -> None:
    verified = verify("発熱、いわゆる熱病。", [FEVER])
    assert verified.forbidden == ("熱病",)
    assert verified.faults == 1


def test_a_forbidden_term_inside_a_required_one_is_not_held_against_it() -> None:
    assert verify("心筋梗塞です。", [HEART]).faults == 0
    assert verify("心筋梗塞と梗塞です。", [HEART]).forbidden == ("梗塞",)


def test_width_case_and_plural_are_folded() -> None:
    entry = GlossaryEntry("頻脈", "tachycardia", forbidden=("racing heart",))
    assert verify("ＴＡＣＨＹＣＡＲＤＩＡＳ", [entry]).faults == 0
    assert verify("Racing  hearts", [entry]).forbidden == ("racing heart",)


def test_a_target_within_a_longer_word_is_not_used() -> None:
    assert verify("startle", [GlossaryEntry("芸術", "art")]).missed


def test_two_entries_with_one_target_are_both_used() -> None:
    other = GlossaryEntry("pyrexia", "発熱")
    assert verify("発熱", [FEVER, other]).used == (FEVER, other)


def test_nothing_required_always_holds() -> None:
    assert verify("", []).faults == 0
