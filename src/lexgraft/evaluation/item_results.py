"""One record per answered item, and the scores of items by every way of counting."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from lexgraft.evaluation.grade import GradedItem, grade, recognition, select
from lexgraft.evaluation.measures import (
    RECOGNITION,
    RECOGNITION_ABOVE_CHANCE,
    RECOGNITION_BY_SUM,
    RECOGNITION_PER_CHARACTER,
    WITHOUT_QUESTION,
)
from lexgraft.records import Answer, Item, Score

_VERDICTS: Mapping[str, Callable[[GradedItem], bool]] = {
    RECOGNITION: lambda item: item.right,
    RECOGNITION_BY_SUM: lambda item: item.right_by_sum,
    RECOGNITION_PER_CHARACTER: lambda item: item.right_per_character,
    WITHOUT_QUESTION: lambda item: item.right_blind,
}
"""Score names and the verdict on an item that each counts."""


class AnswerResult(Struct, frozen=True, forbid_unknown_fields=True):
    """One item with one model's answer: every score can be computed again from these."""

    item: str
    concept: str
    kind: str
    group: str  # direction, e.g. `en->ja`
    draw: int
    context: str
    options: tuple[str, ...]
    gold: int
    logliks: tuple[float, ...]  # log P(option | context), natural
    neutral: tuple[float, ...]  # log P(option | the same prompt without the question)
    tokens: tuple[int, ...]
    characters: tuple[int, ...]
    bytes: tuple[int, ...]
    crossed: tuple[bool, ...]  # encoded alone: a token would have spanned the end of the context
    right: bool  # by PMI
    right_by_sum: bool
    right_per_character: bool
    right_blind: bool  # from the options alone
    margin: float  # PMI of the right option minus the best wrong one
    probability: float  # of the right option among the options


def results(items: Sequence[Item], answers: Sequence[Answer]) -> list[AnswerResult]:
    """Return one record per answered item."""
    by_item = {answer.item: answer for answer in answers}
    answered = [item for item in items if item.id in by_item]
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
            right=graded.right,
            right_by_sum=graded.right_by_sum,
            right_per_character=graded.right_per_character,
            right_blind=graded.right_blind,
            margin=graded.margin,
            probability=graded.probability,
        )
        for item, graded in zip(answered, grade(items, answers), strict=True)
        for answer in (by_item[item.id],)
    ]


def item_scores(model: str, graded: Sequence[GradedItem], alpha: float = 0.05) -> list[Score]:
    """Return, per direction, the share of concepts known by every way of counting."""
    scores: list[Score] = []
    for pair in dict.fromkeys(item.pair for item in graded):
        in_direction = select(graded, pair=pair)
        for name, verdict in _VERDICTS.items():
            counted = [item._replace(right=verdict(item)) for item in in_direction]
            interval, chance = recognition(counted, alpha)
            scores.append(interval.score(name, model, pair, chance))
            if name == RECOGNITION:
                above = interval.without_chance(chance)
                scores.append(above.score(RECOGNITION_ABOVE_CHANCE, model, pair, 0.0))
    return scores
