"""Concepts and wordings → training examples, in rounds (pure)."""

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from itertools import zip_longest
from unicodedata import normalize

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError, nearest
from lexgraft.project import Form
from lexgraft.records import Concept, Kind, digest


class TrainingExample(Struct, frozen=True, forbid_unknown_fields=True):
    """A text to learn: the prompt is read, the answer is learned."""

    prompt: str
    answer: str


class TrainingWording(Struct, frozen=True, forbid_unknown_fields=True):
    """One wording, with {term}, {definition}, {source} and {language} as slots."""

    prompt: str
    answer: str


class TrainingWordings(Struct, frozen=True, forbid_unknown_fields=True):
    """The wordings whose answers are in one language; definitions may be in any."""

    names: dict[str, str]  # what this language calls the others
    wordings: dict[Kind, tuple[TrainingWording, ...]]


def read_wordings(language: str) -> TrainingWordings:
    """Return the wordings that come with the package for answers in a language.

    Raises:
        LexgraftError: there are none, with the nearest language.
    """
    return msgspec.json.decode(_shipped("wordings", language), type=TrainingWordings)


def read_held_wordings(language: str) -> TrainingWordings:
    """Return the held-out wordings, on which early stopping is decided.

    Raises:
        LexgraftError: there are none, with the nearest language.
    """
    held = msgspec.json.decode(
        _shipped("held", language), type=dict[Kind, tuple[TrainingWording, ...]]
    )
    return TrainingWordings(read_wordings(language).names, held)


def read_openings(language: str) -> tuple[str, ...]:
    """Return openings of everyday texts, from which a model generates its own replay texts.

    Raises:
        LexgraftError: there are none, with the nearest language.
    """
    return msgspec.json.decode(_shipped("prompts", language), type=tuple[str, ...])


def _shipped(kind: str, language: str) -> bytes:
    """Return a language's file of one kind."""
    folder = files("lexgraft.tuning") / kind
    languages = sorted(file.name.removesuffix(".json") for file in folder.iterdir())
    if language not in languages:
        raise LexgraftError(f"no {kind} for `{language}`", cure=nearest(language, languages))
    return (folder / f"{language}.json").read_bytes()


def term_examples(
    concepts: Sequence[Concept],
    forms: Sequence[Form],
    wordings: Mapping[str, TrainingWordings],
    *,
    protected: Sequence[Concept] = (),
    seed: int = 0,
) -> list[TrainingExample]:
    """Return each concept in each form and wording, in rounds: every concept once before any twice.

    Round k words a concept in its k-th wording, counted from a place keyed by concept and form.
    Concepts without the texts that a form needs are left out of that form.

    Raises:
        LexgraftError: a concept is protected (by id or term), or none has the texts needed.
    """
    refuse_protected(concepts, protected)
    per_concept = [_worded(concept, form, wordings, seed) for form in forms for concept in concepts]
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
    concept: Concept, form: Form, wordings: Mapping[str, TrainingWordings], seed: int
) -> list[TrainingExample]:
    """Return one concept in every wording of one form."""
    language_wordings = wordings[form.answer]
    ways = language_wordings.wordings.get(
        form.kind, ()
    )  # a kind without wordings is tested, not taught
    values = _values(concept, form, language_wordings.names) if ways else None
    if values is None:
        return []
    first = int(digest("wording", seed, concept.id, form)[:8], 16) % len(ways)
    return [
        TrainingExample(_fill(pattern.prompt, values), _fill(pattern.answer, values))
        for pattern in ways[first:] + ways[:first]
    ]


def _values(concept: Concept, form: Form, names: Mapping[str, str]) -> dict[str, str] | None:
    """Return what goes into the slots of a wording; None when a text is missing."""
    defined = form.answer if form.kind == "term-to-definition" else form.question
    named = form.question if form.kind == "term-to-definition" else form.answer
    values = {
        "term": next(iter(concept.names(named)), ""),
        "definition": concept.definitions.get(defined, ""),
        "source": next(iter(concept.names(form.question)), ""),
        "language": names.get(form.question, form.question),
    }
    needed = ("term", "source") if form.kind == "term-to-term" else ("term", "definition")
    return values if all(values[name] for name in needed) else None


def _fill(wording: str, values: Mapping[str, str]) -> str:
    """Return the wording with its slots filled; braces in the values stay as they are."""
    pieces = wording.split("{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, _, text = piece.partition("}")
        filled.append(values[name] + text)
    return "".join(filled)


def _keys(concept: Concept) -> list[str]:
    """Return a concept's id and its terms, width and case folded, by which it is recognised."""
    terms = [f"{t.language} {normalize('NFKC', t.text).casefold()}" for t in concept.terms]
    return [concept.id, *(" ".join(term.split()) for term in terms)]
