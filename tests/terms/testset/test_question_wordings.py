"""Wordings of questions."""

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import get_args

import pytest

from lexgraft.project import Form
from lexgraft.records import Kind
from lexgraft.terms.testset.question_wordings import wording

KINDS = get_args(Kind)
RECOGNITION = ("definition-to-term", "term-to-definition", "term-to-term")


def templates() -> Iterator[tuple[str, str, dict[str, str]]]:
    for language in ("en", "ja", "de", "es", "fr", "zh"):
        text = (
            files("lexgraft.terms.testset")
            .joinpath(f"templates/{language}.json")
            .read_text("utf-8")
        )
        raw = json.loads(text)
        assert set(raw) >= {"languages", *RECOGNITION, *(KINDS if language in {"en", "ja"} else ())}
        for kind in [name for name in raw if name != "languages"]:
            yield from ((language, kind, entry) for entry in raw[kind])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("question", "answer"), [("en", "ja"), ("ja", "en"), ("en", "en")])
def test_every_draw_has_another_wording(kind: Kind, question: str, answer: str):
    form = Form(kind, question, answer)
    for key in ("C1", "C2", "C3"):
        assert len({wording(form, "Q", key, draw).context for draw in range(6)}) == 6


def test_neutral_text_is_the_end_of_the_context_or_reads_like_it_and_asks_nothing():
    for _, kind, entry in templates():
        assert entry["context"].count("{question}") == (kind != "lexical-decision")
        assert "{question}" not in entry["neutral"]
        assert entry["context"][-1] == entry["neutral"][-1]  # one seam before the option
        assert not entry["context"].endswith(" ")


def test_languages_are_named_in_the_language_of_the_frame():
    texts = [
        wording(Form("term-to-term", "en", "ja"), "fever", f"C{n}", 0).context for n in range(40)
    ]
    assert any("英語" in text and "日本語" in text for text in texts)


def test_a_language_without_wordings_is_asked_about_in_the_question_s_or_in_english():
    korean = wording(Form("term-to-term", "ko", "it"), "열", "C1", 1)
    assert "Italian" in "".join(
        wording(Form("term-to-term", "ko", "it"), "열", "C1", draw).context for draw in range(6)
    )
    assert korean.neutral.isascii()
    assert "イタリア語" in "".join(
        wording(Form("term-to-term", "ja", "it"), "熱", "C1", draw).context for draw in range(6)
    )


def test_a_language_without_wordings_of_a_kind_is_asked_in_english():
    german = wording(Form("cloze", "de", "de"), "Die ＿＿ ist defekt.", "C1", 0)
    assert "gap" in german.context or "missing" in german.context or "Left out" in german.context


def test_braces_in_a_term_stay_text():
    form = Form("term-to-term", "en", "ja")
    for draw in range(6):
        text = wording(form, "{answer_language} {x} %s", "C1", draw).context
        assert "{answer_language} {x} %s" in text
