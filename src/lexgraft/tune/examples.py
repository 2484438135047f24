"""Concepts and wordings → training examples; broad replay mixed in (pure)."""

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from itertools import zip_longest
from unicodedata import normalize

import msgspec
from msgspec import Struct

from lexgraft.errors import UserError, nearest
from lexgraft.project import Form
from lexgraft.records import Concept, Document, Kind, digest

PIECE = 400  # characters of a piece of replay
TAIL = 0.2  # share of the replay that stands at the end, after the last term


class Example(Struct, frozen=True, forbid_unknown_fields=True):
    """A text to learn: the prompt is read, the answer is learned."""

    prompt: str
    answer: str


class Wording(Struct, frozen=True, forbid_unknown_fields=True):
    """One way to say it, with {term}, {definition}, {source} and {language} as slots."""

    prompt: str
    answer: str


class Wordings(Struct, frozen=True, forbid_unknown_fields=True):
    """The wordings whose answers are in one language; definitions may be in any."""

    names: dict[str, str]  # what this language calls the others
    wordings: dict[Kind, tuple[Wording, ...]]


def read_wordings(language: str) -> Wordings:
    """Return the wordings that come with the package for answers in a language.

    Raises:
        UserError: there are none, with the nearest language.
    """
    folder = files("lexgraft.tune") / "wordings"
    known = sorted(file.name.removesuffix(".json") for file in folder.iterdir())
    if language not in known:
        raise UserError(f"no wordings for `{language}`", cure=nearest(language, known))
    return msgspec.json.decode((folder / f"{language}.json").read_bytes(), type=Wordings)


def term_examples(
    concepts: Sequence[Concept],
    forms: Sequence[Form],
    wordings: Mapping[str, Wordings],
    *,
    protected: Sequence[Concept] = (),
    seed: int = 0,
) -> list[Example]:
    """Return each concept in each form and wording, in rounds: every concept once before any twice.

    Round k says a concept in its k-th wording, counted from a place keyed by concept and form.
    Concepts without the texts that a form needs are left out of that form.

    Raises:
        UserError: a concept is protected (by id or term), or nothing can be said.
    """
    refuse_protected(concepts, protected)
    said = [_say(concept, form, wordings, seed) for form in forms for concept in concepts]
    rounds = zip_longest(*said)
    examples: list[Example] = []
    for number, row in enumerate(rounds):
        keyed = [(digest("round", seed, number, n), one) for n, one in enumerate(row) if one]
        examples.extend(example for _, example in sorted(keyed, key=lambda pair: pair[0]))
    if not examples:
        raise UserError("no concept has the texts these forms need", cure="check the languages")
    return examples


def refuse_protected(concepts: Iterable[Concept], protected: Iterable[Concept]) -> None:
    """Do nothing, unless a concept shares its id or one of its terms with a protected one.

    Raises:
        UserError: the first such concept.
    """
    kept = {key: concept.id for concept in protected for key in _keys(concept)}
    for concept in concepts:
        for key in _keys(concept):
            if key in kept:
                raise UserError(
                    f"concept `{concept.id}` is kept for the test, as `{kept[key]}`: {key}",
                    cure="train on concepts of the `choose` split only",
                )


def repeat(examples: Sequence[Example], count: int) -> list[Example]:
    """Return `count` examples: the given ones from the first on, again and again."""
    return [examples[n % len(examples)] for n in range(count)]


def text_examples(documents: Sequence[Document], seed: int, piece: int = PIECE) -> list[Example]:
    """Return pieces of the documents, learned whole: every document's first before any second."""
    order = sorted(documents, key=lambda document: digest("replay", seed, document.id))
    cut = [_pieces(document.text, piece) for document in order]
    return [Example("", text) for row in zip_longest(*cut) for text in row if text]


def mix_replay(
    examples: Sequence[Example], documents: Sequence[Document], share: float, seed: int
) -> list[Example]:
    """Return the examples with replay spread among them, some of it at the end.

    The replay makes up `share` of the result, and comes from as many documents as there are:
    its breadth matters more than its share, and what comes late restores most (Dang et al. 2025).

    Raises:
        UserError: replay is asked for and there are no documents.
    """
    count = round(len(examples) * share / (1 - share))
    if not count:
        return list(examples)
    if not documents:
        raise UserError("no texts to replay", cure="give `tune.replay_texts`, or set replay to 0")
    replay = repeat(text_examples(documents, seed), count)
    spread = replay[: count - round(count * TAIL)]
    keyed = [((n + 0.5) / len(examples), 0, one) for n, one in enumerate(examples)]
    keyed += [((n + 0.5) / len(spread), 1, one) for n, one in enumerate(spread)]
    mixed = sorted(keyed, key=lambda row: row[:2])
    return [one for _, _, one in mixed] + replay[len(spread) :]


def _say(
    concept: Concept, form: Form, wordings: Mapping[str, Wordings], seed: int
) -> list[Example]:
    """Return one concept in every wording of one form."""
    said = wordings[form.answer]
    ways = said.wordings.get(form.kind, ())  # a kind without wordings is tested, not taught
    values = _values(concept, form, said.names) if ways else None
    if values is None:
        return []
    first = int(digest("wording", seed, concept.id, form)[:8], 16) % len(ways)
    return [
        Example(_fill(way.prompt, values), _fill(way.answer, values))
        for way in ways[first:] + ways[:first]
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
    parts = wording.split("{")
    filled = [parts[0]]
    for part in parts[1:]:
        name, _, rest = part.partition("}")
        filled.append(values[name] + rest)
    return "".join(filled)


def _keys(concept: Concept) -> list[str]:
    """Return what a concept is recognised by: its id and its terms, width and case folded."""
    terms = [f"{t.language} {normalize('NFKC', t.text).casefold()}" for t in concept.terms]
    return [concept.id, *(" ".join(term.split()) for term in terms)]


def _pieces(text: str, size: int) -> list[str]:
    """Return the text cut into pieces of about `size` characters, at white space where there is."""
    pieces: list[str] = []
    while text:
        cut = len(text) if len(text) <= size else text.rfind(" ", size // 2, size) + 1 or size
        pieces.append(text[:cut])
        text = text[cut:]
    return pieces
