"""Training examples: what is said, in which order, what is refused, and broad replay."""

from collections import Counter
from importlib.resources import files
from itertools import product
from typing import Any

import msgspec
import pytest

from lexgraft.errors import LexgraftError
from lexgraft.project import Form
from lexgraft.records import Concept, Kind, Term
from lexgraft.tuning.training_examples import (
    TrainingExample,
    read_held_wordings,
    read_openings,
    read_wordings,
    repeat,
    term_examples,
    usage_examples,
)

WORDINGS = {language: read_wordings(language) for language in ("en", "ja")}
KINDS: tuple[Kind, ...] = ("definition-to-term", "term-to-definition", "term-to-term")


def concept(number: int, **changes: Any) -> Concept:
    fields: dict[str, Any] = {
        "id": f"c{number}",
        "terms": (Term(f"word{number}", "en"), Term(f"語{number}", "ja")),
        "definitions": {"en": f"A thing of kind {number}."},
    }
    return Concept(**(fields | changes))


@pytest.mark.parametrize(("language", "kind"), list(product(("en", "ja"), KINDS)))
def test_there_are_four_wordings_or_more_of_every_kind(language: str, kind: Kind) -> None:
    ways = WORDINGS[language].wordings[kind]
    assert len(set(ways)) == len(ways) >= 4
    slot = "{definition}" if kind == "term-to-definition" else "{term}"
    assert all(slot in way.answer and slot not in way.prompt for way in ways)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_wording_is_one_of_the_tests(language: str) -> None:
    raw = (files("lexgraft.terms.testset") / "templates" / f"{language}.json").read_bytes()
    templates = msgspec.json.decode(raw)
    asked = {
        template["context"]
        .format(question="§", question_language="L", answer_language="L")
        .strip(" :：「")
        for kind in KINDS
        for template in templates[kind]
    }
    for kind in KINDS:
        for way in WORDINGS[language].wordings[kind]:
            said = way.prompt
            for slot in ("{term}", "{definition}", "{source}"):
                said = said.replace(slot, "§")
            said = said.replace("{language}", "L").strip(" :：「")
            assert not any(text in said or said in text for text in asked)


def test_a_term_is_said_in_every_wording_of_its_form() -> None:
    form = Form("definition-to-term", "en", "en")
    made = term_examples([concept(1)], [form], WORDINGS)
    assert len(made) == len(WORDINGS["en"].wordings["definition-to-term"])
    assert TrainingExample("A thing of kind 1. This is known as", " word1.\n") in made


def test_an_english_definition_leads_to_the_japanese_term() -> None:
    made = term_examples([concept(1)], [Form("definition-to-term", "en", "ja")], WORDINGS)
    assert all("A thing of kind 1." in one.prompt and "語1" in one.answer for one in made)


def test_a_translation_names_the_other_language() -> None:
    made = term_examples([concept(1)], [Form("term-to-term", "ja", "en")], WORDINGS)
    assert TrainingExample("From Japanese: 語1\nInto English:", " word1\n") in made


def test_braces_in_a_definition_stay_as_they_are() -> None:
    odd = concept(1, definitions={"en": "A set {term} of {x}."})
    made = term_examples([odd], [Form("definition-to-term", "en", "en")], WORDINGS)
    assert all("A set {term} of {x}." in one.prompt for one in made)


def test_every_concept_is_said_once_before_any_is_said_twice() -> None:
    concepts = [concept(n) for n in range(20)]
    made = term_examples(concepts, [Form("definition-to-term", "en", "en")], WORDINGS)
    answers = [one.answer.strip(" .\n") for one in made]
    for start in range(0, len(answers), 20):
        assert len(set(answers[start : start + 20])) == 20


def test_the_order_of_the_concepts_given_does_not_decide_the_wordings() -> None:
    forms = [Form("definition-to-term", "en", "en")]
    one = term_examples([concept(1), concept(2)], forms, WORDINGS)
    other = term_examples([concept(2), concept(1)], forms, WORDINGS)
    assert Counter(one) == Counter(other)


def test_a_form_without_its_texts_is_left_out_and_nothing_at_all_is_refused() -> None:
    bare = concept(1, definitions={})
    forms = [Form("definition-to-term", "en", "en"), Form("term-to-term", "en", "ja")]
    made = term_examples([bare], forms, WORDINGS)
    assert len(made) == len(WORDINGS["ja"].wordings["term-to-term"])
    with pytest.raises(LexgraftError, match="no concept has"):
        term_examples([bare], forms[:1], WORDINGS)


def test_a_protected_concept_is_refused_by_id_and_by_folded_term() -> None:
    forms = [Form("definition-to-term", "en", "en")]
    with pytest.raises(LexgraftError, match="`c1` is kept for the test"):
        term_examples(
            [concept(1)], forms, WORDINGS, protected=[concept(1, terms=(Term("x", "en"),))]
        )
    same = concept(7, terms=(Term("  ＷＯＲＤ1 ", "en"),))
    with pytest.raises(LexgraftError, match="as `c7`"):
        term_examples([concept(1)], forms, WORDINGS, protected=[same])
    term_examples([concept(1)], forms, WORDINGS, protected=[concept(2)])


def test_a_language_without_wordings_is_refused() -> None:
    with pytest.raises(LexgraftError, match="no wordings for `xx`"):
        read_wordings("xx")


def test_examples_are_repeated_in_order() -> None:
    three = [TrainingExample("", text) for text in "abc"]
    assert "".join(one.answer for one in repeat(three, 7)) == "abcabca"


def test_sentences_of_the_source_are_learned_whole() -> None:
    shown = concept(1, sentences={"en": "He has word1.", "ja": "語1がある。"})
    assert usage_examples([shown, concept(2)], ["ja"]) == [TrainingExample("", "語1がある。\n")]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_held_out_wordings_are_none_of_those_trained_on(language: str) -> None:
    trained, held = read_wordings(language), read_held_wordings(language)
    for kind in KINDS:
        assert held.wordings[kind]
        assert not set(held.wordings[kind]) & set(trained.wordings[kind])


@pytest.mark.parametrize("language", ["en", "ja"])
def test_openings_are_many_and_ask_for_nothing_technical(language: str) -> None:
    openings = read_openings(language)
    assert len(set(openings)) == len(openings) >= 20
    assert not any(slot in one for one in openings for slot in "{}")
