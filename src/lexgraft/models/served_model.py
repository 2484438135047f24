"""A model behind a server that gives log-probabilities of a text: options scored, text measured."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from lexgraft.models import OptionScore, Question
from lexgraft.models.dialects import Dialect, ServedQuestion
from lexgraft.models.served_tokenizer import ServedBoundaries, ServedTokenizer
from lexgraft.models.server_client import all_of

BATCH = 32  # questions whose answers are stored together
LN2 = 0.6931471805599453
R = TypeVar("R")

Generate = Callable[[Sequence[str], int, Sequence[str]], list[str]]
"""Continues prompts greedily: the same request for every kind of server."""


class ServedModel:
    """A server's model: its weights cannot be seen, its numbers are checked before they count."""

    def __init__(
        self, dialect: Dialect, release: str, digest: str, url: str, generate: Generate
    ) -> None:
        self.dialect, self.checks = dialect, tuple[str, ...]()
        self._release, self._digest, self._url = release, digest, url
        self._generate = generate
        self._boundaries = ServedBoundaries(ServedTokenizer(dialect))

    @property
    def name(self) -> str:
        """Return what the server calls the model."""
        return self.dialect.name

    @property
    def digest(self) -> str:
        """Return the digest of address, kind, release and name: the weights cannot be seen."""
        return self._digest

    @property
    def scoring(self) -> str:
        """Return which kind of server scores, and its release: another may round otherwise."""
        return " ".join(["server", self.dialect.kind, *([self._release] if self._release else [])])

    def plan_batches(self, items: Sequence[Question]) -> list[tuple[int, ...]]:
        """Return the items' positions in batches, fixed by content alone; see `LanguageModel`.

        Those of one context stand together, so that the server's cache holds it.
        """
        order = sorted(range(len(items)), key=lambda index: (items[index][0], *items[index][1]))
        return [tuple(order[start : start + BATCH]) for start in range(0, len(order), BATCH)]

    def loglikelihoods(self, items: Sequence[Question]) -> list[list[OptionScore]]:
        """Return the score of every option of every item.

        Raises:
            LexgraftError: the server refuses, is away too long, or answers with no numbers.
        """
        questions = self.encoded(items)
        rows = all_of([partial(self.dialect.score, question) for question in questions])
        return [
            [
                OptionScore(sum(values), len(values), crossed)
                for values, crossed in zip(row, question.crossed, strict=True)
            ]
            for row, question in zip(rows, questions, strict=True)
        ]

    def encoded(self, items: Sequence[Question]) -> list[ServedQuestion]:
        """Return questions in the server's tokens, by the seam rule that holds for folders."""
        questions: list[ServedQuestion] = []
        for item, encoded in zip(items, self._boundaries.questions(items), strict=True):
            self._boundaries.refuse_nothing(encoded.context, self._url)
            bare = item[0].rstrip()
            spaces = item[0][len(bare) :]
            texts = [spaces + option for option in item[1]]
            questions.append(
                ServedQuestion(encoded.context, encoded.options, bare, texts, encoded.crossed)
            )
        return questions

    def generate(self, prompts: Sequence[str], max_tokens: int, stop: Sequence[str]) -> list[str]:
        """Return the greedy continuation of every prompt, cut before the first stop text."""
        return self._generate(prompts, max_tokens, stop)

    def text_bits(self, texts: Sequence[str], max_tokens: int) -> list[tuple[float, int]]:
        """Return, per text, the bits of what follows its first token, and its UTF-8 bytes."""
        cut = self._boundaries.texts(texts, max_tokens)
        questions = [
            ServedQuestion(ids[:1], [ids[1:]], "", [""], [False]) for ids, size in cut if size
        ]
        rows = all_of([partial(self.dialect.score, question) for question in questions])
        bits = iter(-sum(values) / LN2 for (values,) in rows)
        return [(next(bits) if size else 0.0, size) for _, size in cut]

    def side_by_side(self, calls: Sequence[Callable[[], R]]) -> Iterator[R]:
        """Yield what the calls return, one after the other: each asks several things at once."""
        return (call() for call in calls)
