"""The data files: complete, told apart, and right in grammar whatever is filled in."""

import re
from collections.abc import Iterator
from itertools import product
from typing import get_args

import pytest

from lexgraft.files.shipped_texts import shipped_languages
from lexgraft.project import Form
from lexgraft.records import Kind
from lexgraft.terms.wordings.filled_text import filled, seam
from lexgraft.terms.wordings.language_file import (
    FALLBACK,
    LanguageFile,
    file_of,
    frame_of,
    language_files,
    language_name,
)

FILES = language_files()
KINDS = get_args(Kind)
TAUGHT: tuple[Kind, ...] = ("definition-to-term", "term-to-definition", "term-to-term")
TAGS = ("en", "ja", "de", "fr", "es", "pt", "it", "nl", "zh", "zh-Hant", "ko", "pl", "ru")
PLACES = {"{question}", "{answer}", "{question_language}", "{answer_language}"}
ARTICLE = re.compile(
    r"\b(a|an|un|une|le|la|el|der|die|das|ein|eine|um|uma|il|lo)"
    r" \{(question_language|answer_language|question|answer)\}",
    re.IGNORECASE,
)
ELIDED = re.compile(r"\b(de|du|del|della|do|da|que|le|la|lo|il) \{", re.IGNORECASE)


def texts(file: LanguageFile) -> Iterator[str]:
    for group in file.test.values():
        yield from (text for one in group for text in (one.asking, one.place, one.neutral))
    for group in (*file.lessons.values(), *file.held.values()):
        yield from (text for one in group for text in (one.prompt, one.answer))


def test_every_language_that_texts_are_shipped_in_has_a_file() -> None:
    assert set(TAGS) == set(FILES)
    assert set(shipped_languages()) <= set(FILES)


@pytest.mark.parametrize("tag", TAGS)
def test_a_file_has_all_that_any_stage_says(tag: str) -> None:
    file = FILES[tag]
    assert set(file.test) == set(KINDS)
    assert all(len(set(ways)) == len(ways) >= 4 for ways in file.test.values())
    assert all(len(file.test[kind]) >= 6 for kind in TAUGHT)
    assert set(file.lessons) == set(file.held) == set(TAUGHT)
    assert all(len(set(ways)) == len(ways) >= 4 for ways in file.lessons.values())
    assert all(file.held.values())
    assert len(set(file.openings)) == len(file.openings) >= 20
    assert not any(sign in one for one in file.openings for sign in "{}")
    assert {"en", "ja", "sw", "fi"} <= set(file.names)
    assert len(set(file.sentences)) == len(file.sentences) == len(FILES[FALLBACK].sentences)
    assert all(one.count("{term}") == one.count("{") == 1 for one in file.sentences)
    assert not any(one.startswith("{") for one in file.sentences)  # a beginning to be cut after


@pytest.mark.parametrize("tag", TAGS)
def test_every_place_is_known_and_a_question_is_asked_once(tag: str) -> None:
    file = FILES[tag]
    asked = file.translation.asking + file.translation.place
    assert set(re.findall(r"\{[^}]*\}", asked)) == PLACES - {"{answer}"}
    for text in texts(file):
        assert set(re.findall(r"\{[^}]*\}", text)) <= PLACES
        assert "  " not in text
    for kind, ways in file.test.items():
        for way in ways:
            context = way.asking + way.place
            assert context.count("{question}") == (kind != "lexical-decision")
            assert "{question}" not in (way.neutral or way.place)
            assert "{answer}" not in context
            assert seam(context) == seam(way.neutral or way.place)  # before the option
            assert not context.endswith(" ")
    for group in (file.lessons, file.held):
        for way in (way for ways in group.values() for way in ways):
            assert way.prompt.count("{question}") == way.answer.count("{answer}") == 1
            assert "{answer}" not in way.prompt
            assert not way.prompt.endswith(" ")
            assert way.answer.endswith("\n")


@pytest.mark.parametrize("tag", TAGS)
def test_an_answer_stands_apart_from_its_prompt_where_the_script_has_spaces(tag: str) -> None:
    for group in (FILES[tag].lessons, FILES[tag].held):
        for way in (way for ways in group.values() for way in ways):
            assert way.answer.startswith(" ") == (tag not in {"ja", "zh", "zh-Hant"})


@pytest.mark.parametrize("tag", TAGS)
def test_no_wording_that_is_learned_is_one_of_the_test_or_of_those_held_out(tag: str) -> None:
    file = FILES[tag]

    def bare(text: str) -> str:
        return text.strip(" :：「“『.。")

    asked = {
        bare(way.asking + way.place) for kind in TAUGHT for way in file.test[kind] if way.asking
    }
    for kind in TAUGHT:
        learned = {bare(way.prompt) for way in file.lessons[kind]}
        held = {bare(way.prompt) for way in file.held[kind]}
        assert not learned & held
        for said in learned | held:
            assert not any(text in said or said in text for text in asked if len(text) > 12)


@pytest.mark.parametrize("tag", TAGS)
def test_no_article_and_no_elision_depends_on_what_is_filled_in(tag: str) -> None:
    for text in texts(FILES[tag]):
        assert not ARTICLE.search(text.replace("the {", "{").replace("The {", "{")), text
        assert tag not in {"fr", "it", "pt"} or not ELIDED.search(text), text


@pytest.mark.parametrize("tag", TAGS)
def test_a_term_or_translation_that_is_asked_for_names_its_language(tag: str) -> None:
    """A frame serves languages without a file: it says into which one a lesson leads."""
    for kind in ("definition-to-term", "term-to-term"):
        for way in (*FILES[tag].lessons[kind], *FILES[tag].held[kind]):
            assert "{answer_language}" in way.prompt


@pytest.mark.parametrize(
    ("question", "answer"), [*product(("fi", "th", "ar", "am"), ("sw", "vi", "he", "tlh", "qaa"))]
)
def test_a_language_without_a_file_is_framed_in_english_with_its_name(
    question: str, answer: str
) -> None:
    for kind in KINDS:
        frame = frame_of(Form(kind, question, answer))
        assert frame is FILES[FALLBACK]
    values = {"question": "Q", "answer": "A"}
    values |= {
        "question_language": language_name(FILES[FALLBACK], question),
        "answer_language": language_name(FILES[FALLBACK], answer),
    }
    for kind in ("definition-to-term", "term-to-term"):
        for way in FILES[FALLBACK].lessons[kind]:
            assert values["answer_language"] in filled(way.prompt, values)


def test_a_variety_is_served_by_its_language_and_keeps_its_name() -> None:
    assert file_of("pt-BR") is FILES["pt"]
    assert file_of("zh-Hans") is file_of("zh-CN") is FILES["zh"]
    assert file_of("zh-HK") is FILES["zh-Hant"]
    assert language_name(FILES["en"], "pt-BR") == "Brazilian Portuguese"
    assert language_name(FILES["en"], "de-AT") == "German"


def test_korean_particles_follow_the_word_before_them() -> None:
    way = FILES["ko"].test["term-to-definition"][1]
    asked = [
        filled(way.asking, {"question": text, "question_language": "", "answer_language": ""})
        for text in ("밸브", "베어링", "valve")
    ]
    assert [text.split("'")[2][:4] for text in asked] == ["는 무슨", "은 무슨", "은(는)"]
