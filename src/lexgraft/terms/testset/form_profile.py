"""Profile: how one form of question sees a concept; what gives it away, who is too close."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from unicodedata import normalize

from msgspec import Struct

from lexgraft.project import Form
from lexgraft.records import Concept
from lexgraft.terms.testset.question_forms import Kin, also_right, missing_part, texts_of
from lexgraft.terms.text.phonetic import alike
from lexgraft.terms.text.token_estimate import FIRST_DENSE

_SHORTEST, _SHORTEST_DENSE = 6, 3  # characters of a word with two halves; of kanji or kana
STEM = 5  # letters of a word's start that give it away
_INNER = 6  # letters that give it away inside a longer word (phocomelia, tetraphocomelia)
_UNSPACED_STEM = 2  # kanji or kana in a row that give a Japanese or Chinese word away
_GENERIC = 0.02  # share of the concepts from which a stem is generic
_COGNATE = 0.33  # likeness of sound from which two terms are one word in two languages
_ALIKE = 0.5  # share of common content words from which two definitions may fit each other
_LATIN = re.compile(r"[^\W\d_]+")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff々〆ー]+")
_KANJI = re.compile("[\u3400-\u9fff\uf900-\ufaff々]")
_KANA = re.compile("[\u3040-\u30ff]")
_HIRAGANA = re.compile("[\u3040-\u309fー]+")
_KATAKANA = re.compile("[\u30a1-\u30ff・\\s]+")
_LOAN = re.compile("[\u30a1-\u30fa\u30fc]{2}")


class FormProfile(Struct, frozen=True):
    """A concept as one form sees it."""

    concept: Concept
    form: Form
    named: bool  # the question is a term
    question: str
    answer: str
    names: frozenset[str]  # every name, folded
    answer_names: tuple[str, ...]  # those of the answer's language, folded
    stems: frozenset[str]  # of the names in the answer's language
    meaning: frozenset[str]  # stems of the definitions
    part_of_speech: str
    script: str
    length: int
    also: frozenset[str]  # what else is right, folded: other broader terms


def profile(concept: Concept, form: Form, kin: Kin | None = None) -> FormProfile | str:
    """Return how a form sees a concept it can ask for, or why it cannot."""
    question, answer = texts_of(concept, form, kin)
    if not question or not answer:
        what, language = missing_part(form, question=question)
        return f"no {what} in {language}"
    reason = _unfair(form, question, answer)
    return reason or _seen(concept, form, question, answer, kin or {})


def _unfair(form: Form, question: str, answer: str) -> str:
    """Return why a question would be no question, or nothing."""
    if gives_away(question, answer):
        return f"the question gives the answer away ({form.kind} {form.question}->{form.answer})"
    if form.kind == "term-to-term" and _one_word(question, answer):
        return f"one word in both languages ({form.kind} {form.question}->{form.answer})"
    if form.kind == "lexical-decision" and not can_be_recombined(answer):
        return "too short, or several words (lexical-decision)"
    return ""


def can_be_recombined(term: str) -> bool:
    """Tell a single word that is long enough for two halves, which pseudo-terms are made of."""
    return " " not in term and len(term) >= (_SHORTEST_DENSE if is_dense(term) else _SHORTEST)


def option(concept: Concept, form: Form, kin: Kin | None = None) -> FormProfile | None:
    """Return how a form sees a concept that only lends a wrong option; nothing when it has none."""
    question, answer = texts_of(concept, form, kin)
    return _seen(concept, form, question, answer, kin or {}) if answer else None


def _seen(concept: Concept, form: Form, question: str, answer: str, kin: Kin) -> FormProfile:
    names = _written(concept, form.answer)
    return FormProfile(
        concept=concept,
        form=form,
        named=form.kind.startswith("term"),
        question=question,
        answer=answer,
        names=frozenset(fold(term.text) for term in concept.terms),
        answer_names=names,
        stems=frozenset(stem for name in names for stem in stems(name)),
        meaning=frozenset(
            stem for text in concept.definitions.values() for stem in stems(fold(text))
        ),
        part_of_speech=concept.terms[0].part_of_speech,
        script=script(answer),
        length=measure(answer),
        also=frozenset(fold(text) for text in also_right(concept, form, kin)),
    )


def gives_away(question: str, answer: str) -> bool:
    """Tell whether one text contains the other, or the start of a word of the other."""
    folded_question, folded_answer = fold(question), fold(answer)
    return any(
        _contains(text, clue)
        or any(stem in text for stem in stems(clue))
        or any(word[:_INNER] in text for word in _long_words(clue))
        for text, clue in ((folded_question, folded_answer), (folded_answer, folded_question))
    )


def _one_word(question: str, answer: str) -> bool:
    """Tell whether two terms in Latin script sound alike: who reads the one knows the other."""
    latin = script(question) == script(answer) == "Latin"
    return latin and max(alike(question, answer), alike(answer, question)) >= _COGNATE


def _contains(text: str, piece: str) -> bool:
    """Tell whether a folded text contains another as whole words (or at all, without spaces)."""
    if _UNSPACED.search(piece):
        return piece in text
    return f" {' '.join(_LATIN.findall(piece))} " in f" {' '.join(_LATIN.findall(text))} "


def _long_words(text: str) -> list[str]:
    words = _LATIN.findall(text)
    return [word for word in words if len(word) > _INNER and not _UNSPACED.search(word)]


def may_answer(target: FormProfile, candidate: FormProfile, generic: frozenset[str]) -> bool:
    """Tell whether the other concept's answer could be right as well, or nearly.

    It could when they share a name or a stem of their names (save generic ones), one name is inside
    the other, one is broader than the other, or their definitions have half their words in common.
    """
    target_concept, candidate_concept = target.concept, candidate.concept
    return bool(
        not target.names.isdisjoint(candidate.names)
        or not (target.stems & candidate.stems) <= generic
        or target_concept.id in candidate_concept.broader
        or candidate_concept.id in target_concept.broader
        or any(a in b or b in a for a in target.answer_names for b in candidate.answer_names)
        or fold(candidate.answer) in target.also
        or _overlap(target.meaning, candidate.meaning) >= _ALIKE
    )


def generic_stems(profiles: Sequence[FormProfile]) -> frozenset[str]:
    """Return the stems that many concepts share, such as those of "syndrome": they tell nothing."""
    counts = Counter(stem for profile in profiles for stem in profile.stems)
    limit = max(2, len(profiles) * _GENERIC)
    return frozenset(stem for stem, count in counts.items() if count > limit)


def fold(text: str) -> str:
    """Return a text without differences of width, letter case and spacing."""
    return " ".join(normalize("NFKC", text).casefold().split())


@cache
def stems(text: str) -> frozenset[str]:
    """Return what gives a folded text away: word starts, and kanji or katakana in a row."""
    starts: set[str] = set()
    for word in _LATIN.findall(_UNSPACED.sub(" ", text)):
        if len(word) >= STEM:
            starts.add(word[:STEM])
    for run in _UNSPACED.findall(text):
        if not _KANJI.search(run) and len(run) <= _UNSPACED_STEM:
            continue
        size = _UNSPACED_STEM if _KANJI.search(run) else STEM - 1
        starts.update(run[offset : offset + size] for offset in range(max(1, len(run) - size + 1)))
    return frozenset(starts)


def script(text: str) -> str:
    """Return the script class of a text: Latin, kanji, kana or mixed."""
    kanji, kana = bool(_KANJI.search(text)), bool(_KANA.search(text))
    if kanji and kana:
        return "mixed"
    return "kanji" if kanji else "kana" if kana else "Latin"


def writing(text: str) -> str:
    """Return the script class of a text, with katakana (loanwords) apart from other kana."""
    text = normalize("NFKC", text.strip())
    return "katakana" if _KATAKANA.fullmatch(text) else script(text)


def is_loanword(text: str) -> bool:
    """Tell a text with katakana in it: that part can be heard without being known."""
    return bool(_LOAN.search(normalize("NFKC", text)))


def is_dense(text: str) -> bool:
    """Tell a text in a script without spaces between words."""
    return any(ord(sign) >= FIRST_DENSE for sign in text)


def measure(text: str) -> int:
    """Return a text's length as readers see it: characters of a name, words of a sentence."""
    words = text.split()
    return len(words) if len(words) > STEM else len(text)


def _written(concept: Concept, language: str) -> tuple[str, ...]:
    """Return a concept's folded names, without readings in hiragana when there are others."""
    names = tuple(fold(name) for name in concept.names(language))
    return tuple(name for name in names if not _HIRAGANA.fullmatch(name)) or names


def _overlap(first: frozenset[str], second: frozenset[str]) -> float:
    """Return the Jaccard overlap, 0 for empty sets."""
    return len(first & second) / len(first | second) if first and second else 0.0
