"""Answers with all that was asked, line by line, and their scores by every way of counting."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from lexgraft.evaluation.grade import GradedItem, grade, recognition, select, without_chance
from lexgraft.records import Answer, Item, Score

RECOGNITION = "recognition"
ABOVE_CHANCE = "recognition, chance taken off"
_WAYS: Mapping[str, Callable[[GradedItem], bool]] = {
    RECOGNITION: lambda one: one.right,
    "recognition, by sum": lambda one: one.right_by_sum,
    "recognition, per character": lambda one: one.right_per_character,
    "without the question": lambda one: one.right_blind,
}


class AnswerResult(Struct, frozen=True, forbid_unknown_fields=True):
    """One item with one model's answer: whatever is counted can be counted again from these."""

    item: str
    concept: str
    kind: str
    group: str  # direction, e.g. `en->ja`
    draw: int
    context: str
    options: tuple[str, ...]
    gold: int
    logliks: tuple[float, ...]  # log P(option | context), natural
    neutral: tuple[float, ...]  # log P(option | the same place without the question)
    tokens: tuple[int, ...]
    characters: tuple[int, ...]
    bytes: tuple[int, ...]
    crossed: tuple[bool, ...]  # encoded alone: a token would have crossed the seam
    right: bool  # by PMI
    right_by_sum: bool
    right_per_character: bool
    right_blind: bool  # from the options alone
    margin: float  # PMI of the right option minus the best wrong one
    probability: float  # of the right option among the options


def results(items: Sequence[Item], answers: Sequence[Answer]) -> list[AnswerResult]:
    """Return one record per answered item."""
    by_item = {answer.item: answer for answer in answers}
    asked = [item for item in items if item.id in by_item]
    return [
        AnswerResult(
            item=item.id,
            concept=item.concept,
            kind=item.kind,
            group=item.pair,
            draw=item.draw,
            context=item.context,
            options=item.options,
            gold=item.gold,
            logliks=answer.logliks,
            neutral=answer.neutral,
            tokens=answer.tokens,
            characters=answer.characters,
            bytes=answer.bytes,
            crossed=answer.crossed,
            right=one.right,
            right_by_sum=one.right_by_sum,
            right_per_character=one.right_per_character,
            right_blind=one.right_blind,
            margin=one.margin,
            probability=one.probability,
        )
        for item, one in zip(asked, grade(items, answers), strict=True)
        for answer in (by_item[item.id],)
    ]


def item_scores(model: str, graded: Sequence[GradedItem], alpha: float = 0.05) -> list[Score]:
    """Return, per direction, the share of concepts known by every way of counting."""
    found: list[Score] = []
    for pair in dict.fromkeys(one.pair for one in graded):
        chosen = select(graded, pair=pair)
        for name, way in _WAYS.items():
            counted = [one._replace(right=way(one)) for one in chosen]
            interval, chance = recognition(counted, alpha)
            found.append(interval.score(name, model, pair, chance))
            if name == RECOGNITION:
                above = without_chance(interval, chance)
                found.append(above.score(ABOVE_CHANCE, model, pair, 0.0))
    return found
