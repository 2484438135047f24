"""How alike texts sound."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.terms.text.phonetic import phonetic_words, sound_similarities, sound_similarity


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hydraulics", ("hidrauriks",)),
        ("Pfühl", ("huhr",)),
        ("シリンダー", ("sirinda",)),
        ("キャッシュ フロー", ("kasu", "huro")),
        ("はりつけ", ("harituke",)),
        ("大腸炎", ()),
        ("12 %", ()),
    ],
)
def test_words_are_spelt_as_they_sound(text: str, words: tuple[str, ...]):
    assert phonetic_words(text) == words


def test_dice_of_letter_pairs_by_hand():
    # ^motor$: ^m mo ot to or r$; ^roto$ has ^r ro ot to o$: two in common, 2 · 2 / (6 + 5)
    assert sound_similarity("motor", "roto") == pytest.approx(4 / 11)


def test_a_loanword_sounds_like_its_origin():
    options = ["シリンダー", "コロナ", "ベクトル", "大腸炎"]
    heard = sound_similarities("cylinder", options)
    assert max(heard) == heard[0] > 0.3
    assert heard[3] == 0.0


@given(st.text(max_size=20), st.text(max_size=20))
def test_likeness_lies_between_nothing_and_one(one: str, other: str):
    assert 0 <= sound_similarity(one, other) <= 1


@given(st.text("abcdefg ", min_size=1, max_size=20).filter(str.strip))
def test_a_text_sounds_like_itself(text: str):
    assert sound_similarity(text, text) == pytest.approx(1.0)
