"""The block before a prompt: matched entries only, as data, capped, with a random control."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.records import Concept, Term
from lexgraft.terms.glossary import GlossaryEntry, entries_from_concepts
from lexgraft.terms.glossary.prompt_block import glossary_block, random_entries
from lexgraft.terms.glossary.term_matcher import entry_matcher, match_entries
from lexgraft.terms.wordings.language_file import spoken_file

ENTRIES = [
    GlossaryEntry("fever", "発熱", "A high temperature.", ("熱病",)),
    GlossaryEntry("tachycardia", "頻脈"),
    GlossaryEntry("rash", "発疹"),
]


def lines_of(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_a_block_worked_by_hand() -> None:
    text = glossary_block(ENTRIES[:2], "en").text
    head, opening, *lines, closing = text.splitlines()
    assert head == spoken_file("en").glossary.head
    assert lines == [
        '{"term":"fever","use":"発熱","never":["熱病"]}',
        '{"term":"tachycardia","use":"頻脈"}',
    ]
    assert opening == "<<" + closing.removesuffix(">>")
    assert text.endswith(">>\n")


def test_definitions_are_there_when_asked_for() -> None:
    text = glossary_block(ENTRIES, "ja", definitions=True).text
    assert lines_of(text)[0]["意味"] == "A high temperature."
    assert "意味" not in lines_of(text)[1]


def test_without_entries_there_is_no_block() -> None:
    assert glossary_block([], "en").text == ""


def test_a_language_without_wording_is_served_in_english() -> None:
    assert spoken_file("fi-FI").glossary == spoken_file("en").glossary
    assert spoken_file("de-CH").glossary == spoken_file("de").glossary
    assert spoken_file("ja-JP").glossary == spoken_file("ja").glossary != spoken_file("en").glossary


def test_above_the_limit_the_shortest_sources_go_and_are_named() -> None:
    block = glossary_block(ENTRIES, "en", limit=1)
    assert block.used == (ENTRIES[1],)
    assert block.dropped == (ENTRIES[2], ENTRIES[0])


def test_above_the_characters_allowed_entries_go_too() -> None:
    whole = glossary_block(ENTRIES, "en").text
    block = glossary_block(ENTRIES, "en", room=len(whole) - 1)
    assert block.dropped == (ENTRIES[2],)
    assert len(block.text) < len(whole)
    assert glossary_block(ENTRIES, "en", room=len(whole)).text == whole


@given(st.lists(st.text(max_size=30), min_size=1, max_size=4))
def test_no_entry_can_end_its_line_or_the_block(texts: list[str]) -> None:
    entries = [GlossaryEntry(text, text, text, (text,)) for text in texts]
    text = glossary_block(entries, "en", definitions=True).text
    mark = text.split("<<", 1)[1][:12]
    assert text.count(mark) == 2
    body = text.split(f"<<{mark}\n", 1)[1].split(f"\n{mark}>>", 1)[0]
    assert [json.loads(line)["term"] for line in body.split("\n")] == texts


def test_random_terms_have_nothing_to_do_with_the_text() -> None:
    entries = ENTRIES + [GlossaryEntry(f"word{n}", f"語{n}") for n in range(20)]
    text = "Fever and a rash."
    matched = match_entries(text, entry_matcher(entries))
    drawn = random_entries(text, len(matched), entries, seed=1)
    assert len(drawn) == len(matched) == 2
    assert not set(drawn) & set(matched)
    assert drawn == random_entries(text, 2, list(reversed(entries)), seed=1)
    others = [random_entries(text, 2, entries, seed=seed) for seed in range(8)]
    assert any(one != other for one, other in pairwise(others))


def test_random_terms_share_no_target_with_a_matched_one() -> None:
    entries = [ENTRIES[0], GlossaryEntry("pyrexia", "発熱"), ENTRIES[2]]
    assert random_entries("fever", 2, entries, seed=1) == [ENTRIES[2]]


def test_concepts_become_entries_with_synonyms_and_forbidden_terms() -> None:
    concept = Concept(
        "c",
        (
            Term("fever", "en"),
            Term("pyrexia", "en", status="admitted"),
            Term("発熱", "ja"),
            Term("熱", "ja", status="admitted"),
            Term("熱病", "ja", status="forbidden"),
        ),
        {"en": "A high temperature."},
    )
    bare = Concept("d", (Term("cough", "en"),))
    made = entries_from_concepts([concept, bare], "en", "ja")
    assert made == [
        GlossaryEntry("fever", "発熱", "A high temperature.", ("熱病",)),
        GlossaryEntry("pyrexia", "発熱", "A high temperature.", ("熱病",)),
    ]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_block_says_that_it_is_data(language: str) -> None:
    head = spoken_file(language).glossary.head
    assert any(word in head for word in ("not instructions", "指示ではない"))
