"""Parts of speech from a tagger."""

import sys

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, Term
from lexgraft.terms.testset import part_of_speech as tagging
from lexgraft.terms.testset.part_of_speech import part_of, with_part_of_speech


@pytest.mark.parametrize(
    ("kinds", "part"),
    [
        (["名詞", "普通名詞", "サ変可能"], "noun"),
        (["形状詞", "一般"], "adjective"),
        (["形容詞", "一般"], "adjective"),
        (["接尾辞", "形状詞的"], "adjective"),
        (["接尾辞", "名詞的"], "noun"),
        (["動詞", "非自立可能"], "other"),
    ],
)
def test_the_last_word_decides(kinds: list[str], part: str):
    assert part_of(kinds) == part


@pytest.mark.slow
def test_sudachi_tags_only_what_the_source_left_open():
    terms = ("軸受", "保全する", "適法", "違法性")
    concepts = [Concept(text, (Term(text, "ja"), Term("x", "en"))) for text in terms]
    said = Concept("said", (Term("保全する", "ja", "noun"),))
    found = with_part_of_speech([*concepts, said], "sudachi")
    assert [one.terms[0].part_of_speech for one in found] == [
        "noun",
        "other",
        "noun",
        "noun",
        "noun",
    ]
    assert found[0].terms[1].part_of_speech == "unknown"


def test_without_a_tagger_nothing_changes():
    concepts = [Concept("1", (Term("軸受", "ja"),))]
    assert with_part_of_speech(concepts, None) == concepts


def test_a_missing_tagger_names_the_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "sudachipy", None)
    tagging._sudachi.cache_clear()
    try:
        with pytest.raises(LexgraftError, match=r"lexgraft\[japanese\]"):
            with_part_of_speech([], "sudachi")
    finally:
        tagging._sudachi.cache_clear()
