"""Engines that write and do not score: their log-likelihoods are refused, not believed."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn, TypeVar

from lexgraft.errors import LexgraftError
from lexgraft.models import OptionScore, Question

R = TypeVar("R")


class GenerationOnly(ABC):
    """A model that gives free answers only, many prompts at a time by itself."""

    @abstractmethod
    def refusal(self) -> LexgraftError:
        """Return why options cannot be scored here, and what can be done instead."""

    def plan_batches(self, items: Sequence[Question]) -> list[tuple[int, ...]]:
        """Refuse: options are not scored."""
        self._refuse(len(items))

    def loglikelihoods(self, items: Sequence[Question]) -> list[list[OptionScore]]:
        """Refuse: options are not scored."""
        self._refuse(len(items))

    def text_bits(self, texts: Sequence[str], max_tokens: int) -> list[tuple[float, int]]:
        """Refuse: running text is not scored."""
        self._refuse(len(texts), max_tokens)

    def side_by_side(self, calls: Sequence[Callable[[], R]]) -> Iterator[R]:
        """Yield what the calls return, one after the other: each batches its own prompts."""
        return (call() for call in calls)

    def _refuse(self, *_: int) -> NoReturn:
        raise self.refusal()
