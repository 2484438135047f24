"""Wordings of questions."""

from typing import get_args

import pytest

from lexgraft.project import Form
from lexgraft.records import Kind
from lexgraft.terms.testset.question_wordings import wording

KINDS = get_args(Kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("question", "answer"), [("en", "ja"), ("ja", "en"), ("en", "en")])
def test_every_draw_has_another_wording(kind: Kind, question: str, answer: str):
    form = Form(kind, question, answer)
    for key in ("C1", "C2", "C3"):
        assert len({wording(form, "Q", key, draw).context for draw in range(6)}) == 6


def test_languages_are_named_in_the_language_of_the_frame():
    texts = [
        wording(Form("term-to-term", "en", "ja"), "fever", f"C{n}", 0).context for n in range(40)
    ]
    assert any("英語" in text and "日本語" in text for text in texts)


def test_a_language_without_a_file_is_asked_about_in_the_question_s_or_in_english():
    def texts(question: str, answer: str) -> str:
        form = Form("term-to-term", question, answer)
        return "".join(wording(form, "x", "C1", draw).context for draw in range(6))

    assert "Swahili" in texts("fi", "sw")
    assert "Finnish" in texts("fi", "sw")
    assert "스와힐리어" in texts("ko", "sw")
    assert "핀란드어" in texts("fi", "ko")


def test_a_definition_is_closed_before_the_frame_goes_on():
    form = Form("definition-to-term", "en", "en")
    texts = [wording(form, "a part that shuts a pipe", f"C{n}", 0).context for n in range(20)]
    assert all("a part that shuts a pipe." in text for text in texts)
    assert all("pipe.." not in wording(form, "It shuts a pipe.", "C", n).context for n in range(6))


def test_the_neutral_place_is_the_end_of_the_context_or_asks_nothing():
    for kind in KINDS:
        words = wording(Form(kind, "en", "de"), "QUESTION", "C1", 1)
        assert "QUESTION" not in words.neutral
        assert words.neutral


def test_braces_in_a_term_stay_text():
    form = Form("term-to-term", "en", "ja")
    for draw in range(6):
        text = wording(form, "{answer_language} {x} %s [은/는]", "C1", draw).context
        assert "{answer_language} {x} %s [은/는]" in text
