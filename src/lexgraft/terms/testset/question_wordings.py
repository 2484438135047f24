"""Wordings of the questions: data files per language, filled in without interpreting user text."""

import json
from functools import cache
from importlib.resources import files

from msgspec import Struct, convert

from lexgraft.project import Form
from lexgraft.records import digest

FALLBACK = "en"


class QuestionWording(Struct, frozen=True, forbid_unknown_fields=True):
    """A context with the place of the question, and the same place without a question."""

    context: str
    neutral: str


class QuestionWordings(Struct, frozen=True, forbid_unknown_fields=True):
    """A language's wordings per kind of question, and the names of languages in it."""

    languages: dict[str, str]
    kinds: dict[str, tuple[QuestionWording, ...]]


def wording(form: Form, question: str, key: str, draw: int) -> QuestionWording:
    """Return one question put into words, another wording for each draw.

    The frame is in the answer's language if that has wordings of the kind, else the question's,
    else English. Which wording comes
    first depends on the key (a concept), so that no result rests on one wording alone.
    """
    frame = _frame(form)
    choices = frame.kinds[form.kind]
    chosen = choices[(int(digest("wording", form, key), 16) + draw) % len(choices)]
    names = {
        "{question_language}": _language_name(frame, form.question),
        "{answer_language}": _language_name(frame, form.answer),
    }
    return QuestionWording(_fill(chosen.context, names, question), _fill(chosen.neutral, names, ""))


def _fill(text: str, names: dict[str, str], question: str) -> str:
    """Return the text with its places filled; the question last, so its braces stay text."""
    for placeholder, name in names.items():
        text = text.replace(placeholder, name)
    return text.replace("{question}", question)


def _language_name(frame: QuestionWordings, language: str) -> str:
    return frame.languages.get(language.partition("-")[0], language)


def _frame(form: Form) -> QuestionWordings:
    wordings = _all_wordings()
    for tag in (form.answer, form.question):
        frame = wordings.get(tag.partition("-")[0])
        if frame and form.kind in frame.kinds:
            return frame
    return wordings[FALLBACK]


@cache
def _all_wordings() -> dict[str, QuestionWordings]:
    """Return language → wordings, from the package's data files."""
    folder = files("lexgraft.terms.testset").joinpath("templates")
    wordings: dict[str, QuestionWordings] = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".json"):
            raw = json.loads(file.read_text(encoding="utf-8"))
            value = {"languages": raw.pop("languages"), "kinds": raw}
            wordings[file.name.removesuffix(".json")] = convert(value, QuestionWordings)
    return wordings
