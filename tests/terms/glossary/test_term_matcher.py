"""Matching: the longest term, at the boundaries its script has, at its place in the original."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.terms.glossary import GlossaryEntry
from lexgraft.terms.glossary.term_matcher import Matcher, entry_matcher, match_entries
from lexgraft.terms.text.normalize import fold
from lexgraft.terms.text.word_forms import inflections

TERMS = (
    "art",
    "heart",
    "heart att",
    "C++",
    "t-cell",
    "東京都",
    "京都",
    "API",
    "naïve",
    "café",
    "shape memory alloy",
    "3D",
    "ยา",
    "학교",
    "形状記憶合金",
    "ボールベアリング",
    "ベアリング",
    "biopsy",
    "analysis",
    "Fraktur",
    "сердце",
)


def found(text: str, terms: tuple[str, ...] = TERMS) -> list[str]:
    return [text[one.start : one.end] for one in Matcher((t, t) for t in terms).find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("start the art", ["art"]),
        ("a heart attack", ["heart"]),
        ("in C++ or c++17", ["C++", "c++"]),
        ("T-cells and a t-cell's wall", ["T-cells", "t-cell's"]),
        ("東京都と京都", ["東京都", "京都"]),
        ("このAPIを使う", ["API"]),
        ("APIs rapid", ["APIs"]),
        ("ＡＰＩは", ["ＡＰＩ"]),
        ("a naive and a nai\u0308ve one", ["nai\u0308ve"]),
        ("the cafe, the CAFÉ", ["CAFÉ"]),
        ("a shape  memory\n alloy", ["shape  memory\n alloy"]),
        ("13D and 3D-print", ["3D"]),
        ("กินยาแล้ว", ["ยา"]),
        ("학교에서 대학교", ["학교"]),
        ("形状記憶合金の形状", ["形状記憶合金"]),
        ("ﾎﾞｰﾙﾍﾞｱﾘﾝｸﾞのベアリング", ["ﾎﾞｰﾙﾍﾞｱﾘﾝｸﾞ", "ベアリング"]),
        ("biopsies, analyses", ["biopsies", "analyses"]),
        ("Frakturen and fraktur", ["fraktur"]),
        ("сердце, сердцем", ["сердце"]),
        ("he\u00adart", ["he\u00adart"]),
        ("", []),
    ],
)
def test_a_term_is_found_where_it_stands_as_a_word(text: str, expected: list[str]) -> None:
    assert found(text) == expected


def test_a_longer_term_that_breaks_a_word_does_not_hide_a_shorter_good_one() -> None:
    assert found("heart attack", ("heart", "heart att")) == ["heart"]


def test_a_term_is_not_found_within_a_sign_that_folds_to_more_characters() -> None:
    assert found("㈱と株", ("株",)) == ["株"]
    assert found("㈱と株", ("(株)",)) == ["㈱"]
    assert found("ﬁn", ("in",)) == []


def test_the_plural_of_one_term_does_not_hide_another_term() -> None:
    matcher = Matcher([("pant", 1), ("pants", 2)])
    assert [one.values for one in matcher.find("pants pant")] == [(2,), (1,)]


def test_entries_come_once_in_the_order_of_the_text() -> None:
    entries = [
        GlossaryEntry("fever", "発熱"),
        GlossaryEntry("cough", "咳"),
        GlossaryEntry("rash", "発疹"),
    ]
    text = "Cough, fever and cough."
    assert match_entries(text, entry_matcher(entries)) == [entries[1], entries[0]]


def test_two_entries_of_one_source_are_both_found() -> None:
    entries = [GlossaryEntry("nail", "爪"), GlossaryEntry("Nail", "釘")]
    assert match_entries("a nail", entry_matcher(entries)) == entries


@pytest.mark.parametrize(
    ("term", "plural"),
    [
        ("fever", "fevers"),
        ("reflex", "reflexes"),
        ("atrophy", "atrophies"),
        ("assay", "assays"),
        ("stenosis", "stenoses"),
        ("heart block", "heart blocks"),
    ],
)
def test_plurals_follow_the_rules_of_english(term: str, plural: str) -> None:
    assert inflections(term)[0] == plural


def test_only_english_words_have_plurals() -> None:
    assert inflections("発熱") == inflections("naïve") == inflections("c++") == ()


@given(st.text(max_size=40))
def test_every_folded_character_has_its_place_in_the_original(text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.starts) == len(folded.ends)
    assert all(0 <= a < b <= len(text) for a, b in zip(folded.starts, folded.ends, strict=True))
    assert list(folded.starts) == sorted(folded.starts)


SIGNS = st.characters(blacklist_characters="`<{~")


@given(st.text(SIGNS, max_size=30), st.sampled_from(TERMS), st.text(SIGNS, max_size=30))
def test_a_term_between_spaces_is_always_found(before: str, term: str, after: str) -> None:
    text = f"{before} . {term} . {after}"
    start = len(before) + 3
    places = {(one.start, one.end) for one in Matcher([(term, term)]).find(text)}
    assert (start, start + len(term)) in places


@given(st.text(alphabet="東京都a 1ｱﾞﾊé\u0301ﬁ", max_size=30))
def test_matches_never_overlap(text: str) -> None:
    places = [
        (one.start, one.end)
        for one in Matcher((t, t) for t in ("東京", "京都", "a", "ア", "é")).find(text)
    ]
    assert all(left[1] <= right[0] for left, right in pairwise(places))


@pytest.mark.parametrize(
    ("term", "text", "span"),
    [
        ("safety valve", "the safety <b>valve</b>", "safety <b>valve"),
        ("safety valves", '<i>safety</i> <a href="valve">valves</a>', None),
        ("safety valve", "safety&nbsp;valve", "safety&nbsp;valve"),
        ("joint d'étanchéité", "joint d&#39;étanchéité", "joint d&#39;étanchéité"),
        ("安全弁", "安全<strong>弁</strong>", "安全<strong>弁"),
        ("safety valve", "safety<br>valve", ""),
        ("safety valve", "safety <code>valve</code>", ""),
        ("valve", '<a title="valve">x</a> &valve;', ""),
        ("art", "sm<b>art</b>", ""),
    ],
)
def test_tags_that_say_how_a_text_looks_part_no_term(
    term: str, text: str, span: str | None
) -> None:
    found = [text[hit.start : hit.end] for hit in Matcher([(term, 1)]).find(text)]
    assert len(found) == (span != "")
    assert span is None or "".join(found) == span
