"""Every text exists in both languages and takes the same values in both."""

from functools import partial
from string import Formatter

import pytest

from lexgraft.adoption.report.report_words import (
    LANGUAGES,
    WORDS,
    SpokenText,
    grouped,
    in_both,
    language_name,
    named,
    say,
)


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("key", WORDS.texts)
def test_both_languages_take_the_same_values(key: str):
    text = WORDS.texts[key]
    assert text.en
    assert text.ja
    assert _places(text.en) == _places(text.ja)


@pytest.mark.parametrize("spoken", [*WORDS.names.values(), *WORDS.languages.values()])
def test_no_name_is_empty_or_takes_values(spoken: SpokenText):
    for language in LANGUAGES:
        text = getattr(spoken, language)
        assert text.strip() == text != ""
        assert not _places(text)


def test_a_value_may_be_asked_for_its_text_in_the_language():
    assert (
        say(
            "words_from_to_value",
            "en",
            domain=partial(language_name, "en"),
            target=partial(language_name, "ja"),
        )
        == "English → Japanese"
    )


def test_what_is_not_known_stands_for_itself():
    assert named("my own gate", "ja") == "my own gate"
    assert language_name("sw", "ja") == "スワヒリ語"
    assert language_name("qaa", "ja") == "qaa"


def test_a_name_of_parts_is_said_by_its_parts():
    assert named("glossary effect, term generation", "en") == (
        "Right minus random entries, Term named in a free answer"
    )
    assert named("tune, my own", "ja") == "追加学習（my own）"


@pytest.mark.parametrize(
    ("group", "english", "japanese"),
    [
        ("en->ja", "English → Japanese", "英語 → 日本語"),
        ("ja/manual", "Japanese · manual", "日本語 · 取扱説明書"),
        ("ja", "Japanese", "日本語"),
        (
            "term-to-term en->ja, kana",
            "English → Japanese · term → term · kana",
            "英語 → 日本語 · 用語 → 用語 · 仮名",
        ),
        ("", "", ""),
    ],
)
def test_groups_of_scores_become_words(group: str, english: str, japanese: str):
    assert in_both(grouped, group) == {"en": english, "ja": japanese}
