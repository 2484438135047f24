"""Ways to run a model: LanguageModel = log-likelihoods, free answers, bits of running text."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar, runtime_checkable

R = TypeVar("R")

Question = tuple[str, Sequence[str]]
"""A context, and the options that may follow it as they are."""


class OptionScore(NamedTuple):
    """How likely one option is after its context: a natural-log sum and the tokens in it."""

    loglik: float
    tokens: int
    crossed: bool = False  # a token would have crossed the seam: the option stands by itself


@runtime_checkable
class LanguageModel(Protocol):
    """A model that can be asked; two with the same digest and scoring give the same numbers."""

    @property
    def digest(self) -> str:
        """Return what identifies the weights, the tokenizer and the number format."""
        ...

    @property
    def scoring(self) -> str:
        """Return the name of the way of scoring, part of the key of every stored answer."""
        ...

    def plan_batches(self, items: Sequence[Question]) -> list[tuple[int, ...]]:
        """Return the items' positions in batches, fixed by content alone.

        A batch asked by itself is planned as that same batch, so that its numbers can be stored
        and the rest asked later.
        """
        ...

    def loglikelihoods(self, items: Sequence[Question]) -> list[list[OptionScore]]:
        """Return the score of every option of every item."""
        ...

    def generate(self, prompts: Sequence[str], max_tokens: int, stop: Sequence[str]) -> list[str]:
        """Return the greedy continuation of every prompt, cut before the first stop text."""
        ...

    def text_bits(self, texts: Sequence[str], max_tokens: int) -> list[tuple[float, int]]:
        """Return, per text, the bits of what follows its first token, and its UTF-8 bytes."""
        ...

    def side_by_side(self, calls: Sequence[Callable[[], R]]) -> Iterator[R]:
        """Yield what calls of this model return, in order; as many run at once as it gains from."""
        ...
