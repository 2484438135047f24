"""A model without weights: what it says is keyed by its name and the text."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import pytest

from lexgraft.models import OptionScore, Question
from lexgraft.records import Item, digest

R = TypeVar("R")


class FakeModel:
    """Answers that follow from the digest and the text; counts what it was asked."""

    scoring = "fake"

    def __init__(self, name: str = "a") -> None:
        self.digest = name
        self.asked: list[tuple[str, str]] = []
        self.stop_after: int | None = None

    def _number(self, *parts: str) -> float:
        return -int(digest(self.digest, *parts)[:8], 16) / 2**28

    def plan_batches(self, items: Sequence[Question]) -> list[tuple[int, ...]]:
        order = sorted(range(len(items)), key=lambda i: (items[i][0], *items[i][1]))
        return [tuple(order[i : i + 3]) for i in range(0, len(order), 3)]

    def loglikelihoods(self, items: Sequence[Question]) -> list[list[OptionScore]]:
        if self.stop_after is not None and len(self.asked) >= self.stop_after:
            raise KeyboardInterrupt
        self.asked += [(context, option) for context, options in items for option in options]
        return [
            [OptionScore(self._number(context, option), len(option)) for option in options]
            for context, options in items
        ]

    def generate(self, prompts: Sequence[str], max_tokens: int, stop: Sequence[str]) -> list[str]:
        self.asked += [("prompt", prompt) for prompt in prompts]
        return [digest(self.digest, p, *stop)[:max_tokens] for p in prompts]

    def text_bits(self, texts: Sequence[str], max_tokens: int) -> list[tuple[float, int]]:
        self.asked += [("text", text) for text in texts]
        return [(-self._number(text), min(len(text), max_tokens)) for text in texts]

    def side_by_side(self, calls: Sequence[Callable[[], R]]) -> Iterator[R]:
        return (call() for call in calls)


def make_items(concepts: int, draws: int = 2) -> list[Item]:
    """Return items over shared options and one neutral context."""
    terms = tuple(f"term{i}" for i in range(concepts))
    return [
        Item(
            id=digest(concept, draw),
            concept=f"c{concept}",
            kind="definition-to-term",
            question_language="ja",
            answer_language="ja",
            draw=draw,
            context=f"What is meaning {concept}, wording {draw}? ",
            neutral="A term: ",
            options=tuple(terms[(concept + draw * step) % concepts] for step in (0, 1, 2)),
            gold=0,
        )
        for concept in range(concepts)
        for draw in range(1, draws + 1)
    ]


@pytest.fixture
def fake_model() -> type[FakeModel]:
    return FakeModel


@pytest.fixture
def items() -> list[Item]:
    return make_items(10)
