"""Rarity of words and phrases."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.errors import LexgraftError
from lexgraft.terms.testset import rarity
from lexgraft.terms.testset.rarity import phrase_zipf, word_zipf, zipf

KNOWN = {"acute": 4.0, "pain": 4.8, "gout": 2.9, "胃腸": 2.5, "炎": 4.1, "胃": 3.9, "心停止": 3.0}


def lookup(word: str) -> float:
    return KNOWN.get(word, 0.0)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Gout", 2.9),
        ("acute pain", 4.0),  # the rarest word
        ("Acute gout-pain", 2.9),
        ("acute xyz", 0.0),  # an unknown word
        ("心停止", 3.0),  # known as a whole
        ("胃腸炎", 2.5),  # 胃腸 + 炎, the rarer of the two
        ("炎胃", 0.0),  # only single characters: an unknown word
        ("炎", 4.1),
        ("acute 胃腸炎", 2.5),
        ("12 %", 0.0),
    ],
)
def test_a_phrase_is_as_rare_as_its_rarest_word(text: str, value: float):
    assert phrase_zipf(text, lookup) == value


@given(st.lists(st.sampled_from(sorted(KNOWN)), min_size=1, max_size=4))
def test_a_phrase_is_never_more_frequent_than_any_of_its_words(words: list[str]):
    assert phrase_zipf(" ".join(words), lookup) == min(lookup(word) for word in words)


@pytest.mark.slow
def test_single_words_have_the_frequency_that_wordfreq_gives():
    import wordfreq

    for word in ("the", "fever", "tachycardia", "iminoglycinuria"):
        assert zipf(word, "en") == pytest.approx(wordfreq.zipf_frequency(word, "en"), abs=0.01)
    assert word_zipf("発熱", "ja") == pytest.approx(3.57, abs=0.01)
    assert zipf("頻脈", "ja") == 0.0


def test_a_region_does_not_matter():
    assert zipf("fever", "en-GB") == zipf("fever", "en")


def test_a_language_without_frequencies_is_refused_with_a_cure():
    with pytest.raises(LexgraftError, match=r"`xx`(.|\n)*terms\.max_zipf"):
        zipf("word", "xx")


def test_without_the_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "wordfreq", None)
    rarity._frequencies.cache_clear()
    try:
        with pytest.raises(LexgraftError, match=r"lexgraft\[rarity\]"):
            zipf("word", "en")
    finally:
        rarity._frequencies.cache_clear()
