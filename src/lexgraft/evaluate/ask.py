"""Items, texts and prompts → answers; every finished batch is kept and never asked again."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from msgspec.json import Decoder

from lexgraft.evaluate.store import AnswerStore
from lexgraft.models import LanguageModel, OptionScore, Question
from lexgraft.records import Answer, Document, Generation, Item, Progress, TextScore, digest

SCORING_VERSION = 1
"""Raised when the arithmetic behind stored numbers changes, so that old ones are not used."""
NEUTRAL_OPTIONS = 8  # options asked together after one neutral context
TEXTS = 8  # documents per kept batch
PROMPTS = 32  # prompts per kept batch
IMPOSSIBLE = -1e9  # what a broken model's NaN or infinity counts as

_SCORES = Decoder(list[list[OptionScore]])
_BITS = Decoder(list[tuple[float, int]])
_LINES = Decoder(list[str])

R = TypeVar("R")


def ask(
    items: Sequence[Item], model: LanguageModel, store: Path, progress: Progress
) -> list[Answer]:
    """Return one answer per item, in order.

    The score of an option after its neutral context depends on these two alone and is asked once
    per model, however many items share them. A run that was killed goes on where it stopped, with
    the numbers it would have had.
    """
    questions: list[Question] = [(item.context, item.options) for item in items]
    neutral = _neutral_questions(items)
    scores = ask_questions([*questions, *neutral], model, store, progress)
    without = {
        (context, option): score.loglik
        for (context, options), row in zip(neutral, scores[len(items) :], strict=True)
        for option, score in zip(options, row, strict=True)
    }
    return [_answer(item, row, without) for item, row in zip(items, scores, strict=False)]


def ask_texts(
    documents: Sequence[Document],
    model: LanguageModel,
    store: Path,
    tokens: int,
    progress: Progress,
) -> list[TextScore]:
    """Return the bits and bytes of at most `tokens` tokens of every document, in order."""
    texts = sorted({document.text for document in documents}, key=lambda text: (-len(text), text))
    found = _ask_batches(
        _pieces(texts, TEXTS),
        lambda batch: [(-_finite(-bits), n) for bits, n in model.text_bits(batch, tokens)],
        _BITS.decode,
        _Keeper(model, AnswerStore(store), ("texts", tokens), progress),
    )
    by_text = dict(zip(texts, found, strict=True))
    return [_text_score(document, *by_text[document.text]) for document in documents]


def ask_generations(
    prompts: Sequence[str],
    model: LanguageModel,
    store: Path,
    tokens: int,
    stop: Sequence[str],
    progress: Progress,
) -> list[Generation]:
    """Return the greedy answer to every prompt, in order; its `prompt` is the prompt's digest."""
    unique = sorted(set(prompts), key=lambda prompt: (-len(prompt), prompt))
    found = _ask_batches(
        _pieces(unique, PROMPTS),
        lambda batch: model.generate(batch, tokens, stop),
        _LINES.decode,
        _Keeper(model, AnswerStore(store), ("prompts", tokens, list(stop)), progress),
    )
    by_prompt = dict(zip(unique, found, strict=True))
    return [Generation(digest(prompt), by_prompt[prompt]) for prompt in prompts]


class _Keeper:
    """Runs batches through the store under one model's keys."""

    def __init__(
        self,
        model: LanguageModel,
        store: AnswerStore,
        what: tuple[object, ...],
        progress: Progress,
    ) -> None:
        self._key = (SCORING_VERSION, model.digest, model.scoring, *what)
        self._store, self._progress, self._what = store, progress, str(what[0])

    def key(self, content: object) -> str:
        return digest(*self._key, content)

    def run(self, key: str, decode: Callable[[bytes], R], work: Callable[[], R]) -> R:
        kept = self._store.get(key)
        if kept is not None:
            return decode(kept)
        fresh = work()
        self._store.put(key, fresh)
        return fresh

    def tell(self, done: int, total: int) -> None:
        self._progress(self._what, done, total)


def ask_questions(
    questions: Sequence[Question], model: LanguageModel, store: Path, progress: Progress
) -> list[list[OptionScore]]:
    """Return the score of every option of every question, in order."""
    keeper = _Keeper(model, AnswerStore(store), ("items",), progress)
    found: list[list[OptionScore]] = [[] for _ in questions]
    done = 0
    for batch in model.plan_batches(questions):
        asked = [questions[index] for index in batch]

        def work(asked: Sequence[Question] = asked) -> list[list[OptionScore]]:
            scores = model.loglikelihoods(asked)
            return [[s._replace(loglik=_finite(s.loglik)) for s in row] for row in scores]

        rows = keeper.run(keeper.key(asked), _SCORES.decode, work)
        for index, row in zip(batch, rows, strict=True):
            found[index] = row
        done += len(batch)
        keeper.tell(done, len(questions))
    return found


def _ask_batches(
    batches: Sequence[Sequence[str]],
    work: Callable[[Sequence[str]], list[R]],
    decode: Callable[[bytes], list[R]],
    keeper: _Keeper,
) -> list[R]:
    found: list[R] = []
    total = sum(map(len, batches))
    for batch in batches:
        found += keeper.run(keeper.key(batch), decode, lambda batch=batch: work(batch))
        keeper.tell(len(found), total)
    return found


def _neutral_questions(items: Sequence[Item]) -> list[Question]:
    """Return every option after its neutral context, once: a few options per question."""
    options: dict[str, set[str]] = {}
    for item in items:
        options.setdefault(item.neutral, set()).update(item.options)
    return [
        (context, piece)
        for context in sorted(options)
        for piece in _pieces(sorted(options[context]), NEUTRAL_OPTIONS)
    ]


def _pieces(texts: Sequence[str], size: int) -> list[Sequence[str]]:
    return [texts[start : start + size] for start in range(0, len(texts), size)]


def _answer(
    item: Item, scores: Sequence[OptionScore], without: Mapping[tuple[str, str], float]
) -> Answer:
    bare = [option.strip() for option in item.options]
    return Answer(
        item.id,
        tuple(score.loglik for score in scores),
        tuple(without[item.neutral, option] for option in item.options),
        tuple(score.tokens for score in scores),
        tuple(map(len, bare)),
        tuple(len(option.encode()) for option in bare),
        tuple(score.crossed for score in scores),
    )


def _text_score(document: Document, bits: float, size: int) -> TextScore:
    return TextScore(document.id, bits, size)


def _finite(loglik: float) -> float:
    return loglik if math.isfinite(loglik) else IMPOSSIBLE
