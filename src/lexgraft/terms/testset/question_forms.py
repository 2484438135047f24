"""Question forms: what each kind of question shows of a concept, and what answers it."""

import re
from collections.abc import Mapping
from unicodedata import normalize

from lexgraft.project import Form
from lexgraft.records import Concept, Kind

GAP = "＿＿"
NOTHING = "…"  # what a lexical decision asks about: nothing but the options
PARTS: dict[Kind, tuple[str, str]] = {
    "definition-to-term": ("definition", "term"),
    "term-to-definition": ("term", "definition"),
    "term-to-term": ("term", "term"),
    "term-to-field": ("term", "field"),
    "term-to-broader": ("term", "broader term"),
    "lexical-decision": ("nothing", "term"),
    "cloze": ("sentence", "term"),
}
"""Kind → (what the question shows, what the answer is)."""

Kin = Mapping[str, Concept]
"""Concept id → concept, to look broader ones up."""


def texts_of(concept: Concept, form: Form, kin: Kin | None = None) -> tuple[str, str]:
    """Return the question's and the answer's text, empty when missing."""
    question_part, answer_part = PARTS[form.kind]
    return (
        _text(concept, question_part, form.question, kin or {}),
        _text(concept, answer_part, form.answer, kin or {}),
    )


def missing_part(form: Form, *, question: str) -> tuple[str, str]:
    """Return what a concept lacks for a form, and in which language."""
    question_part, answer_part = PARTS[form.kind]
    return (answer_part, form.answer) if question else (question_part, form.question)


def also_right(concept: Concept, form: Form, kin: Kin) -> tuple[str, ...]:
    """Return what else a form would have to accept: every broader term, the field itself."""
    answer_part = PARTS[form.kind][1]
    if answer_part == "broader term":
        above = [kin[identifier] for identifier in concept.broader if identifier in kin]
        return tuple(name for broader in above for name in broader.names(form.answer))
    return (concept.field,) if answer_part == "field" else ()


def _text(concept: Concept, what: str, language: str, kin: Kin) -> str:
    """Return one part of a concept on one line."""
    if what == "broader term":
        above = (
            name
            for identifier in concept.broader
            if identifier in kin
            for name in kin[identifier].names(language)
        )
        return next(above, "")
    if what == "sentence":
        return _with_gap(concept, language)
    texts = {
        "nothing": NOTHING,
        "field": concept.field,
        "definition": concept.definitions.get(language, ""),
        "term": next(iter(concept.names(language)), ""),
    }
    return " ".join(texts[what].split())


def _with_gap(concept: Concept, language: str) -> str:
    """Return the concept's sentence with a gap for each of its names, empty without one."""
    sentence = " ".join(normalize("NFKC", concept.sentences.get(language, "")).split())
    names = sorted({normalize("NFKC", term.text) for term in concept.terms}, key=_longest_first)
    pattern = "|".join(_as_pattern(name) for name in names)
    gapped = re.sub(pattern, GAP, sentence, flags=re.IGNORECASE)
    return gapped if GAP in gapped else ""


def _longest_first(name: str) -> tuple[int, str]:
    return -len(name), name


def _as_pattern(name: str) -> str:
    """Return a pattern of a name: Latin letters must not go on before or behind it."""
    return rf"(?<![A-Za-z]){re.escape(name)}(?![A-Za-z])"
