"""The data files: all that is said in one language, and which of them serves a form."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TypeVar

import msgspec
from msgspec import Struct

from lexgraft.project import Form
from lexgraft.records import Kind

FALLBACK = "en"
Value = TypeVar("Value")
_TRADITIONAL = {"zh-tw": "zh-Hant", "zh-hk": "zh-Hant", "zh-mo": "zh-Hant"}


class Question(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A wording of the test: what asks, and the place before the option.

    The places are {question}, {question_language} and {answer_language}. `neutral` is the place
    without a question, where it differs.
    """

    asking: str
    place: str
    neutral: str = ""


class Lesson(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A wording to learn from, with {answer} besides: the prompt is read, the answer learned."""

    prompt: str
    answer: str


class BlockWording(Struct, frozen=True, forbid_unknown_fields=True):
    """What a block of glossary entries says."""

    head: str
    required: str
    forbidden: str
    definition: str
    repair: str


class LanguageFile(Struct, frozen=True, forbid_unknown_fields=True):
    """All that is said in one language."""

    stop: str  # what closes a sentence
    complete: str  # asks somebody in a chat to go on with a text
    test: dict[Kind, tuple[Question, ...]]
    lessons: dict[Kind, tuple[Lesson, ...]]  # none of them is one of the test's
    held: dict[Kind, tuple[Lesson, ...]]  # by which training is stopped, never trained on
    translation: Question  # asks for a sentence to be translated
    sentences: tuple[str, ...]  # that hold a {term}: the same in every file, in this order
    openings: tuple[str, ...]  # of everyday texts: a model goes on by itself, to be replayed
    glossary: BlockWording
    names: dict[str, str]  # of languages (Unicode CLDR), as they stand after "in" or in brackets


@cache
def language_files() -> dict[str, LanguageFile]:
    """Return language → what is said in it, of every file that comes with the package."""
    folder = files("lexgraft.terms.wordings") / "languages"
    paths = sorted((file for file in folder.iterdir()), key=lambda file: file.name)
    return {
        file.name.removesuffix(".json"): msgspec.json.decode(file.read_bytes(), type=LanguageFile)
        for file in paths
        if file.name.endswith(".json")
    }


def file_of(language: str) -> LanguageFile | None:
    """Return the file of a language or of the next wider one (RFC 4647); None without any.

    >>> file_of("de-CH") is file_of("de"), file_of("zh-TW") is file_of("zh-Hant"), file_of("fi")
    (True, True, None)
    """
    return wider(language_files(), language)


def spoken_file(language: str) -> LanguageFile:
    """Return the file of a language, English where there is none."""
    return file_of(language) or language_files()[FALLBACK]


def frame_of(form: Form) -> LanguageFile:
    """Return the file whose language frames a form: the answer's, else the question's, or English.

    A frame names the languages of question and answer, so that any file serves any form.
    """
    return file_of(form.answer) or spoken_file(form.question)


def language_name(frame: LanguageFile, language: str) -> str:
    """Return what a frame's language calls a language; in English, or its tag, where it has none.

    >>> language_name(language_files()["fr"], "sw"), language_name(language_files()["de"], "qaa")
    ('swahili', 'qaa')
    """
    english = language_files()[FALLBACK].names
    return wider(frame.names, language) or wider(english, language) or language


def wider(by_tag: Mapping[str, Value], language: str) -> Value | None:
    """Return what stands under a tag or the longest part of it, whatever the case."""
    folded = {tag.lower(): value for tag, value in by_tag.items()}
    tag = _TRADITIONAL.get(language.lower(), language).lower()
    while tag and tag not in folded:
        tag = tag.rpartition("-")[0]
    return folded.get(tag)
