"""Faults: items that ask twice, or have two right answers; a set with one is refused."""

from collections.abc import Mapping, Sequence

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, Item
from lexgraft.terms.text.normalize import comparison_key

_SHOWN = 5


def faults(items: Sequence[Item], concepts: Mapping[str, Concept]) -> list[str]:
    """Return a sentence for each item that repeats another or that two options answer."""
    return [sentence for _, sentence in faulty(items, concepts)]


def faulty(items: Sequence[Item], concepts: Mapping[str, Concept]) -> list[tuple[Item, str]]:
    """Return the items that repeat another or that two options answer, with what is wrong."""
    problems: list[tuple[Item, str]] = []
    first: dict[tuple[str, ...], str] = {}
    answers: dict[tuple[str, str], set[str]] = {}
    for item in items:
        answers.setdefault(_question_key(item), set()).add(comparison_key(item.options[item.gold]))
    for item in items:
        about = f"`{item.concept}` ({item.kind} {item.pair}, draw {item.draw})"
        texts = [comparison_key(text) for text in item.options]
        before = first.setdefault((item.context, *sorted(texts)), item.id)
        if before != item.id:
            problems.append((item, f"{about} repeats another item"))
        if len(set(texts)) < len(texts):
            problems.append((item, f"{about} has an option twice"))
        right = answers[_question_key(item)] | _also_right(item, concepts)
        wrong = [text for index, text in enumerate(texts) if index != item.gold]
        if shared := sorted(right.intersection(wrong)):
            problems.append((item, f"{about}: `{shared[0]}` is right too"))
    return problems


def refuse_faults(items: Sequence[Item], concepts: Mapping[str, Concept]) -> None:
    """Refuse a set with ambiguous or repeated items.

    Raises:
        LexgraftError: some are, with the first few.
    """
    if problems := faults(items, concepts):
        remainder = f" and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise LexgraftError(
            "; ".join(problems[:_SHOWN]) + remainder,
            where="testset",
            cure="merge concepts that mean the same, or tell them apart by a definition",
        )


def _question_key(item: Item) -> tuple[str, str]:
    """Return what two items have in common that ask the same question."""
    return f"{item.kind} {item.pair}", item.context


def _also_right(item: Item, concepts: Mapping[str, Concept]) -> set[str]:
    """Return every name of the asked concept: none may stand among the wrong options."""
    concept = concepts.get(item.concept)
    return {comparison_key(term.text) for term in concept.terms} if concept else set()
