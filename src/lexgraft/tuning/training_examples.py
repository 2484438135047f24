"""Concepts and wordings → training examples, in rounds (pure)."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from unicodedata import normalize

from msgspec import Struct, structs

from lexgraft.errors import LexgraftError
from lexgraft.project import Form
from lexgraft.records import Concept, digest
from lexgraft.terms.glossary import entries_from_concepts
from lexgraft.terms.glossary.prompt_block import glossary_block
from lexgraft.terms.wordings.filled_text import closed, filled
from lexgraft.terms.wordings.language_file import (
    Lesson,
    file_of,
    frame_of,
    language_name,
    spoken_file,
)


class DistilledLesson(Struct, frozen=True, forbid_unknown_fields=True):
    """What the model that teaches reads before the same answer, and what of it it must write."""

    prompt: str  # with the concept's entry
    term: str
    concept: str


class TrainingExample(Struct, frozen=True, forbid_unknown_fields=True):
    """A text to learn: the prompt is read, the answer is learned."""

    prompt: str
    answer: str
    language: str = ""  # of a question's wording; empty: running text, in no chat
    replayed: bool = False  # general text, by which a model is held to where it started
    distilled: DistilledLesson | None = None  # learned from the model itself with the entry


def lessons_of(form: Form, *, held: bool = False) -> tuple[Lesson, ...]:
    """Return the wordings of a form, or those held out, by which training is stopped.

    The frame is in the answer's language, else in the question's, else in English. A kind without
    wordings is tested, not taught.
    """
    frame = frame_of(form)
    return (frame.held if held else frame.lessons).get(form.kind, ())


def openings_of(language: str) -> tuple[str, ...]:
    """Return openings of everyday texts, from which a model generates its own replay texts.

    English ones where a language has none.
    """
    return spoken_file(language).openings


def term_examples(
    concepts: Sequence[Concept],
    forms: Sequence[Form],
    *,
    held: bool = False,
    protected: Sequence[Concept] = (),
    seed: int = 0,
    glossary: tuple[str, str] | None = None,
) -> list[TrainingExample]:
    """Return each concept in each form and wording, in rounds: every concept once before any twice.

    Round k words a concept in its k-th wording, counted from a place keyed by concept and form.
    Concepts without the texts that a form needs are left out of that form. `held` words them in
    the held-out wordings. Where `glossary` names the languages of one, each lesson is distilled:
    from the model that reads the concept's entry; concepts without an entry are left out.

    Raises:
        LexgraftError: a concept is protected (by id or term), or none has the texts needed.
    """
    refuse_protected(concepts, protected)
    per_concept = [
        _worded(concept, form, lessons_of(form, held=held), seed, glossary)
        for form in forms
        for concept in concepts
    ]
    rounds = zip_longest(*per_concept)
    examples: list[TrainingExample] = []
    for number, row in enumerate(rounds):
        keyed = [
            (digest("round", seed, number, n), example) for n, example in enumerate(row) if example
        ]
        examples.extend(example for _, example in sorted(keyed, key=lambda pair: pair[0]))
    if not examples:
        raise LexgraftError("no concept has the texts these forms need", cure="check the languages")
    return examples


def refuse_protected(concepts: Iterable[Concept], protected: Iterable[Concept]) -> None:
    """Check that no concept shares its id or one of its terms with a protected one.

    Raises:
        LexgraftError: the first such concept.
    """
    reserved = {key: concept.id for concept in protected for key in _keys(concept)}
    for concept in concepts:
        for key in _keys(concept):
            if key in reserved:
                raise LexgraftError(
                    f"concept `{concept.id}` is kept for the test, as `{reserved[key]}`: {key}",
                    cure="train on concepts of the `choose` split only",
                )


def repeat(examples: Sequence[TrainingExample], count: int) -> list[TrainingExample]:
    """Return `count` examples: the given ones from the first on, again and again."""
    return [examples[n % len(examples)] for n in range(count)]


def usage_examples(concepts: Sequence[Concept], languages: Sequence[str]) -> list[TrainingExample]:
    """Return the sentences that show the concepts' terms in use, where the source has them."""
    return [
        TrainingExample("", f"{sentence}\n")
        for concept in concepts
        for language in languages
        if (sentence := concept.sentences.get(language))
    ]


def _worded(
    concept: Concept,
    form: Form,
    ways: tuple[Lesson, ...],
    seed: int,
    glossary: tuple[str, str] | None,
) -> list[TrainingExample]:
    """Return one concept in every wording of one form."""
    values = _values(concept, form) if ways else None
    if values is None:
        return []
    first = int(digest("wording", seed, concept.id, form)[:8], 16) % len(ways)
    language = form.answer if file_of(form.answer) else form.question
    examples = [
        TrainingExample(filled(way.prompt, values), filled(way.answer, values), language)
        for way in ways[first:] + ways[:first]
    ]
    if glossary is None:
        return examples
    entries = entries_from_concepts([concept], *glossary)[:1]
    block = glossary_block(entries, language, definitions=True).text
    lessons = (
        DistilledLesson(block + example.prompt, values["answer"], concept.id)
        for example in examples
    )
    pairs = zip(examples, lessons, strict=True) if block else ()
    return [structs.replace(example, distilled=lesson) for example, lesson in pairs]


def _values(concept: Concept, form: Form) -> dict[str, str] | None:
    """Return what goes into the places of a wording; None when a text is missing.

    A definition is ended as a sentence.
    """
    shown, said = form.kind.split("-to-")
    texts = [
        _text_of(concept, part, language)
        for part, language in ((shown, form.question), (said, form.answer))
    ]
    frame = frame_of(form)
    values = {
        "question": texts[0],
        "answer": texts[1],
        "question_language": language_name(frame, form.question),
        "answer_language": language_name(frame, form.answer),
    }
    return values if all(texts) else None


def _text_of(concept: Concept, part: str, language: str) -> str:
    if part == "definition":
        return closed(concept.definitions.get(language, ""), language)
    return next(iter(concept.names(language)), "")


def _keys(concept: Concept) -> list[str]:
    """Return a concept's id and its terms, width and case folded, by which it is recognised."""
    terms = [f"{t.language} {normalize('NFKC', t.text).casefold()}" for t in concept.terms]
    return [concept.id, *(" ".join(term.split()) for term in terms)]
