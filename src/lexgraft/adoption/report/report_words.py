"""Every text of the report in English and Japanese (words.json), and how it is looked up."""

import re
from collections.abc import Callable
from importlib.resources import files
from typing import Final

import msgspec

from lexgraft.terms.wordings.language_file import language_name as name_in_frame
from lexgraft.terms.wordings.language_file import spoken_file

LANGUAGES: Final = ("en", "ja")
"""The languages of the report; the first stands in for a missing text."""


_PAIR: Final = re.compile(r"(\S+)->([^\s,]+)")


class SpokenText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One text in the languages of the report."""

    en: str
    ja: str


class ReportWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of words.json."""

    texts: dict[str, SpokenText]  # the report's own sentences, with places for values
    explained: dict[str, SpokenText]  # texts and names → what they mean, for whoever asks
    names: dict[str, SpokenText]  # names that records use: stages, outcomes, scores, criteria …
    languages: dict[str, SpokenText]  # languages by code


WORDS: Final = msgspec.json.decode(
    files("lexgraft.adoption.report").joinpath("words.json").read_bytes(), type=ReportWords
)


def say(key: str, language: str, **values: object) -> str:
    """Return one of the report's texts; a callable value is asked for its text in the language."""
    text: str = getattr(WORDS.texts[key], language)
    return text.format(
        **{name: value(language) if callable(value) else value for name, value in values.items()}
    )


def named(name: str, language: str) -> str:
    """Return the word for a name that records use (`part, part` by parts), else the name itself."""
    if name in WORDS.names:
        return getattr(WORDS.names[name], language)
    first, comma, remainder = name.partition(", ")
    if not comma:
        return name
    before, after = named(first, language), named(remainder, language)
    return f"{before}（{after}）" if language == "ja" else f"{before}, {after}"


def language_name(code: str, language: str) -> str:
    """Return the name of a language; one that nobody names stands for itself."""
    if code in WORDS.languages:
        return getattr(WORDS.languages[code], language)
    return name_in_frame(spoken_file(language), code)


def grouped(group: str, language: str) -> str:
    """Return words for the group of a score: `en->ja`, `term-to-term en->ja, kana`, `ja/manual`."""
    pair = _PAIR.search(group)
    if pair:
        around = (group[: pair.start()].strip(), group[pair.end() :].strip(", "))
        before, after = (named(text, language) for text in around)
        arrow = " → ".join(language_name(code, language) for code in pair.groups())
        return " · ".join(text for text in (arrow, before, after) if text)
    first, slash, register = group.partition("/")
    return language_name(first, language) + (f" · {named(register, language)}" if slash else "")


def in_both(speak: Callable[..., str], *arguments: object) -> dict[str, str]:
    """Return what a function says in every language of the report."""
    return {language: speak(*arguments, language) for language in LANGUAGES}
