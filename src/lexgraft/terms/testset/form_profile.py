"""A concept for one form of question: what gives its answer away, what is too close to it."""

from collections import Counter
from collections.abc import Sequence
from itertools import takewhile

from msgspec import Struct

from lexgraft.project import Form
from lexgraft.records import Concept
from lexgraft.terms.testset.question_forms import Kin, also_right, missing_part, texts_of
from lexgraft.terms.text.normalize import comparison_key
from lexgraft.terms.text.phonetic import sound_similarity
from lexgraft.terms.text.scripts import HIRAGANA, UNSPACED, is_dense, script_of
from lexgraft.terms.text.stems import LETTERS, stems

_SHORTEST, _SHORTEST_DENSE = 6, 3  # characters of a word with two halves; of kanji or kana
_NAME_WORDS = 5  # a text of more words is a sentence
_INNER = 6  # letters that give it away inside a longer word (phocomelia, tetraphocomelia)
_LONG, _ENDING = 5, 3  # letters of a word that tells something; of an ending
_GENERIC = 0.02  # share of the concepts from which a stem is generic
_COGNATE = 0.33  # likeness of sound from which two terms are one word in two languages
_ALIKE = 0.5  # share of common content words from which two definitions may fit each other


class NameParts(Struct, frozen=True):
    """What a folded name is made of: its longer words, and its kanji and kana in a row."""

    words: tuple[str, ...]
    rows: frozenset[str]

    def is_within(self, other: "NameParts") -> bool:
        """Tell whether the other name says all that this one says, in whatever order."""
        return (
            bool(self.words or self.rows)
            and self.rows <= other.rows
            and all(any(_is_inflected(word, one) for one in other.words) for word in self.words)
        )


class FormProfile(Struct, frozen=True):
    """What one form of question needs to know of a concept: texts, names, stems, looks."""

    concept: Concept
    form: Form
    named: bool  # the question is a term
    question: str
    answer: str
    names: frozenset[str]  # every name, folded
    answer_names: tuple[str, ...]  # those of the answer's language, folded
    parts: tuple["NameParts", ...]  # of each of these
    stems: frozenset[str]  # of the names in the answer's language
    meaning: frozenset[str]  # stems of the definitions
    part_of_speech: str
    script: str
    length: int
    also: frozenset[str]  # what else is right, folded: other broader terms


def profile(concept: Concept, form: Form, kin: Kin | None = None) -> FormProfile | str:
    """Return the profile of a concept for a form, or, as a text, why the form cannot ask for it."""
    question, answer = texts_of(concept, form, kin)
    if not question or not answer:
        what, language = missing_part(form, question=question)
        return f"no {what} in {language}"
    reason = unfairness(form, question, answer)
    return reason or _profile(concept, form, question, answer, kin or {})


def unfairness(form: Form, question: str, answer: str) -> str:
    """Return why a question could be answered without knowing the term, or nothing."""
    if not question or not answer:
        return ""
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


def profile_of_option(concept: Concept, form: Form, kin: Kin | None = None) -> FormProfile | None:
    """Return the profile of a concept that only lends a wrong option; None without an answer."""
    question, answer = texts_of(concept, form, kin)
    return _profile(concept, form, question, answer, kin or {}) if answer else None


def _profile(concept: Concept, form: Form, question: str, answer: str, kin: Kin) -> FormProfile:
    names = _answer_names(concept, form.answer)
    return FormProfile(
        concept=concept,
        form=form,
        named=form.kind.startswith("term"),
        question=question,
        answer=answer,
        names=frozenset(comparison_key(term.text) for term in concept.terms),
        answer_names=names,
        parts=tuple(map(_parts, names)),
        stems=frozenset(stem for name in names for stem in stems(name)),
        meaning=frozenset(
            stem for text in concept.definitions.values() for stem in stems(comparison_key(text))
        ),
        part_of_speech=concept.terms[0].part_of_speech,
        script=script_of(answer),
        length=text_length(answer),
        also=frozenset(comparison_key(text) for text in also_right(concept, form, kin)),
    )


def gives_away(question: str, answer: str) -> bool:
    """Tell whether one text contains the other, or the start of a word of the other."""
    folded_question, folded_answer = comparison_key(question), comparison_key(answer)
    return any(
        _contains(text, clue)
        or any(stem in text for stem in stems(clue))
        or any(word[:_INNER] in text for word in _long_words(clue))
        for text, clue in ((folded_question, folded_answer), (folded_answer, folded_question))
    )


def _one_word(question: str, answer: str) -> bool:
    """Tell whether two terms in Latin script sound alike: who reads the one knows the other."""
    latin = script_of(question) == script_of(answer) == "Latin"
    return (
        latin
        and max(sound_similarity(question, answer), sound_similarity(answer, question)) >= _COGNATE
    )


def _contains(text: str, piece: str) -> bool:
    """Tell whether a folded text contains another as whole words (or at all, without spaces)."""
    if UNSPACED.search(piece):
        return piece in text
    return f" {' '.join(LETTERS.findall(piece))} " in f" {' '.join(LETTERS.findall(text))} "


def _long_words(text: str) -> list[str]:
    words = LETTERS.findall(text)
    return [word for word in words if len(word) > _INNER and not UNSPACED.search(word)]


def could_be_right(target: FormProfile, candidate: FormProfile, generic: frozenset[str]) -> bool:
    """Tell whether the other concept's answer could be right as well, or nearly.

    It could when they share a name, one name is inside the other or says all that the other says
    (save by generic stems), one is broader than the other, or their definitions have half their
    words in common. Names that share a piece and differ in another are siblings: 大腸炎, 大腸癌.
    """
    target_concept, candidate_concept = target.concept, candidate.concept
    return bool(
        not target.names.isdisjoint(candidate.names)
        or target_concept.id in candidate_concept.broader
        or candidate_concept.id in target_concept.broader
        or any(a in b or b in a for a in target.answer_names for b in candidate.answer_names)
        or _says_the_same(target, candidate, generic)
        or comparison_key(candidate.answer) in target.also
        or _overlap(target.meaning, candidate.meaning) >= _ALIKE
    )


def _says_the_same(target: FormProfile, candidate: FormProfile, generic: frozenset[str]) -> bool:
    shared = target.stems & candidate.stems
    return not shared <= generic and any(
        a.is_within(b) or b.is_within(a) for a in target.parts for b in candidate.parts
    )


def generic_stems(profiles: Sequence[FormProfile]) -> frozenset[str]:
    """Return the stems that many concepts share, such as those of "syndrome": they tell nothing."""
    counts = Counter(stem for profile in profiles for stem in profile.stems)
    limit = max(2, len(profiles) * _GENERIC)
    return frozenset(stem for stem, count in counts.items() if count > limit)


def text_length(text: str) -> int:
    """Return a text's length as readers see it: characters of a name, words of a sentence."""
    words = text.split()
    return len(words) if len(words) > _NAME_WORDS else len(text)


def _answer_names(concept: Concept, language: str) -> tuple[str, ...]:
    """Return a concept's folded names, without readings in hiragana when there are others."""
    names = tuple(comparison_key(name) for name in concept.names(language))
    return tuple(name for name in names if not HIRAGANA.fullmatch(name)) or names


def _parts(name: str) -> NameParts:
    words = tuple(word for word in LETTERS.findall(UNSPACED.sub(" ", name)) if len(word) >= _LONG)
    rows = "".join(f" {run}" for run in UNSPACED.findall(name))
    return NameParts(words, stems(rows))


def _is_inflected(word: str, other: str) -> bool:
    """Tell whether two words are one but for an ending: infarct, infarction."""
    pairs = zip(word, other, strict=False)
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return shared >= _LONG and max(len(word), len(other)) - shared <= _ENDING


def _overlap(first: frozenset[str], second: frozenset[str]) -> float:
    """Return the Jaccard overlap, 0 for empty sets."""
    return len(first & second) / len(first | second) if first and second else 0.0
