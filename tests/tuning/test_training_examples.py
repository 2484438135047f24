"""Training examples: what is said, in which order, what is refused, and broad replay."""

from collections import Counter
from typing import Any

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.project import Form
from lexgraft.records import Concept, Term
from lexgraft.tuning.training_examples import (
    TrainingExample,
    lessons_of,
    openings_of,
    repeat,
    term_examples,
    usage_examples,
)


def concept(number: int, **changes: Any) -> Concept:
    fields: dict[str, Any] = {
        "id": f"c{number}",
        "terms": (Term(f"word{number}", "en"), Term(f"語{number}", "ja")),
        "definitions": {"en": f"A thing of kind {number}."},
    }
    return Concept(**(fields | changes))


def test_a_term_is_said_in_every_wording_of_its_form() -> None:
    form = Form("definition-to-term", "en", "en")
    made = term_examples([concept(1)], [form])
    assert len(made) == len(lessons_of(form))
    assert (
        TrainingExample("A thing of kind 1. In English this is known as", " word1.\n", "en") in made
    )


def test_an_english_definition_leads_to_the_japanese_term() -> None:
    made = term_examples([concept(1)], [Form("definition-to-term", "en", "ja")])
    assert all("A thing of kind 1." in one.prompt and "語1" in one.answer for one in made)


def test_a_translation_names_the_other_language() -> None:
    made = term_examples([concept(1)], [Form("term-to-term", "ja", "en")])
    assert TrainingExample("From Japanese: 語1\nInto English:", " word1\n", "en") in made


def test_braces_in_a_definition_stay_as_they_are() -> None:
    odd = concept(1, definitions={"en": "A set {term} of {x}."})
    made = term_examples([odd], [Form("definition-to-term", "en", "en")])
    assert all("A set {term} of {x}." in one.prompt for one in made)


def test_every_concept_is_said_once_before_any_is_said_twice() -> None:
    concepts = [concept(n) for n in range(20)]
    made = term_examples(concepts, [Form("definition-to-term", "en", "en")])
    answers = [one.answer.strip(" .\n") for one in made]
    for start in range(0, len(answers), 20):
        assert len(set(answers[start : start + 20])) == 20


def test_the_order_of_the_concepts_given_does_not_decide_the_wordings() -> None:
    forms = [Form("definition-to-term", "en", "en")]
    one = term_examples([concept(1), concept(2)], forms)
    other = term_examples([concept(2), concept(1)], forms)
    assert Counter(one) == Counter(other)


def test_a_form_without_its_texts_is_left_out_and_nothing_at_all_is_refused() -> None:
    bare = concept(1, definitions={})
    forms = [Form("definition-to-term", "en", "en"), Form("term-to-term", "en", "ja")]
    made = term_examples([bare], forms)
    assert len(made) == len(lessons_of(forms[1]))
    with pytest.raises(LexgraftError, match="no concept has"):
        term_examples([bare], forms[:1])


def test_a_protected_concept_is_refused_by_id_and_by_folded_term() -> None:
    forms = [Form("definition-to-term", "en", "en")]
    with pytest.raises(LexgraftError, match="`c1` is kept for the test"):
        term_examples([concept(1)], forms, protected=[concept(1, terms=(Term("x", "en"),))])
    same = concept(7, terms=(Term("  ＷＯＲＤ1 ", "en"),))
    with pytest.raises(LexgraftError, match="as `c7`"):
        term_examples([concept(1)], forms, protected=[same])
    term_examples([concept(1)], forms, protected=[concept(2)])


def test_a_language_without_a_file_is_taught_in_the_other_s_frame_or_in_english() -> None:
    finnish = concept(1, terms=(Term("venttiili", "fi"), Term("valvu", "sw")))
    made = term_examples([finnish], [Form("term-to-term", "fi", "sw")])
    assert TrainingExample("From Finnish: venttiili\nInto Swahili:", " valvu\n", "fi") in made
    made = term_examples([finnish], [Form("term-to-term", "fi", "sw")], held=True)
    assert all("Swahili" in one.prompt for one in made)
    assert openings_of("sw") == openings_of("en") != openings_of("ko")


def test_a_definition_is_closed_where_a_wording_goes_on_behind_it() -> None:
    open_ended = concept(1, definitions={"en": "part that shuts a pipe"})
    forms = [Form("definition-to-term", "en", "en"), Form("term-to-definition", "en", "en")]
    for made in term_examples([open_ended], forms):
        assert "part that shuts a pipe." in made.prompt + made.answer


def test_examples_are_repeated_in_order() -> None:
    three = [TrainingExample("", text) for text in "abc"]
    assert "".join(one.answer for one in repeat(three, 7)) == "abcabca"


def test_sentences_of_the_source_are_learned_whole() -> None:
    shown = concept(1, sentences={"en": "He has word1.", "ja": "語1がある。"})
    assert usage_examples([shown, concept(2)], ["ja"]) == [TrainingExample("", "語1がある。\n")]
