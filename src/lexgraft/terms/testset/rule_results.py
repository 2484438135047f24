"""What rules without knowledge make of a test set's items, item by item."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from lexgraft.project import Form
from lexgraft.records import Concept, Item, digest
from lexgraft.terms.testset.baseline_rules import (
    FREQUENT,
    FROM_QUESTION,
    LEARNT,
    MIDDLE,
    PIECES,
    SOUND,
    Guess,
    Learn,
    by_middle_length,
    learn_frequent,
)
from lexgraft.terms.testset.question_forms import texts_of
from lexgraft.terms.text.scripts import is_loanword, writing_of

PieceScores = Mapping[str, Sequence[float]]
"""Item id → how well each option fits by its pieces (see `item_evidence.piece_scores`)."""


class RuleResult(Struct, frozen=True):
    """How one rule did on one item."""

    concept: str
    writing: str  # of the right option
    loanword: bool  # the question or the right option has katakana in it
    needs_term: bool
    right: float  # share: a tie counts in part
    chance: float


def by_form(items: Sequence[Item]) -> dict[str, list[Item]]:
    """Return form, as a reader is shown it → items."""
    forms: dict[str, list[Item]] = {}
    for item in sorted(items, key=lambda item: (item.kind, item.pair)):
        forms.setdefault(f"{item.kind} {item.pair}", []).append(item)
    return forms


def results_by_rule(
    items: Sequence[Item], concepts: Mapping[str, Concept], pieces: PieceScores
) -> Iterable[tuple[str, list[RuleResult]]]:
    """Yield every rule's name and what it made of the items of one form."""
    questions = {item.id: _question(item, concepts) for item in items}
    for name, learn in LEARNT:
        yield name, _by_learnt_rule(items, questions, learn)
    yield from results_without_learning(items, concepts)
    if scored := [item for item in items if item.id in pieces]:
        yield PIECES, [_result(item, questions[item.id], pieces[item.id]) for item in scored]


def results_without_learning(
    items: Sequence[Item], concepts: Mapping[str, Concept]
) -> Iterable[tuple[str, list[RuleResult]]]:
    """Yield the same of the rules that have seen no right answer: all options, equal chance."""
    questions = {item.id: _question(item, concepts) for item in items}
    across = items[0].question_language != items[0].answer_language
    frequent = learn_frequent(option for item in items for option in item.options)
    rules = ((MIDDLE, by_middle_length), (FREQUENT, frequent), *FROM_QUESTION)
    for name, guess in rules:
        if across or name != SOUND:
            yield (
                name,
                [
                    _result(item, questions[item.id], guess(questions[item.id], item.options))
                    for item in items
                ],
            )


def _question(item: Item, concepts: Mapping[str, Concept]) -> str:
    """Return what an item asks about; without its concept, its context."""
    concept = concepts.get(item.concept)
    form = Form(item.kind, item.question_language, item.answer_language)
    return texts_of(concept, form)[0] if concept else item.context.removesuffix(item.neutral)


def _by_learnt_rule(
    items: Sequence[Item], questions: Mapping[str, str], learn: Learn
) -> list[RuleResult]:
    """Return how a rule learnt on one half of the concepts does on the other half's items."""
    owner = {item.options[item.gold]: item.concept for item in items}
    half = {item.concept: int(digest("half", item.concept), 16) % 2 for item in items}
    results: list[RuleResult] = []
    for learnt in (0, 1):
        examples = [
            (text, position == item.gold)
            for item in items
            if half[item.concept] == learnt
            for position, text in enumerate(item.options)
            if half.get(owner.get(text, ""), learnt) == learnt
        ]
        guess = learn(examples)
        learnt_texts = {text for text, _ in examples}
        tried = [item for item in items if half[item.concept] != learnt]
        results += _on_unseen(tried, questions, guess, learnt_texts)
    return results


def _on_unseen(
    items: Iterable[Item], questions: Mapping[str, str], guess: Guess, seen: set[str]
) -> list[RuleResult]:
    """Return the results on the options that a rule has not seen, where several are left."""
    results: list[RuleResult] = []
    for item in items:
        left = [position for position, text in enumerate(item.options) if text not in seen]
        if item.gold in left and len(left) > 1:
            question = questions[item.id]
            values = guess(question, [item.options[position] for position in left])
            results.append(_result(item, question, values, left))
    return results


def _result(
    item: Item, question: str, values: Sequence[float], positions: Sequence[int] = ()
) -> RuleResult:
    """Return one item's result, of the options at these positions or all; a tie counts in part."""
    positions, answer = positions or range(len(item.options)), item.options[item.gold]
    highest = max(values)
    best = [position for position, value in zip(positions, values, strict=True) if value == highest]
    return RuleResult(
        concept=item.concept,
        writing=writing_of(answer),
        loanword=is_loanword(question) or is_loanword(answer),
        needs_term=item.needs_term,
        right=1 / len(best) if item.gold in best else 0.0,
        chance=1 / len(positions),
    )
