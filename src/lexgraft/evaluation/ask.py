"""Items, texts and prompts → answers; each is stored by itself and never asked again."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import accumulate, groupby
from pathlib import Path
from typing import TypeVar

from msgspec.json import Decoder

from lexgraft.evaluation.answer_store import AnswerStore
from lexgraft.models import LanguageModel, OptionScore, Question
from lexgraft.records import Answer, Document, Generation, Item, Progress, TextScore, digest

SCORING_VERSION = 2
"""Raised when the arithmetic behind stored numbers changes, so that old ones are not used."""
NEUTRAL_OPTIONS = 8  # options asked together after one neutral context
TEXTS = 8  # documents asked together
PROMPTS = 32  # prompts asked together
IMPOSSIBLE = -1e9  # what a broken model's NaN or infinity counts as

_SCORE = Decoder(OptionScore)
_BITS = Decoder(tuple[float, int])
_LINE = Decoder(str)

Q = TypeVar("Q")
R = TypeVar("R")


def ask(
    items: Sequence[Item], model: LanguageModel, store: Path, progress: Progress
) -> list[Answer]:
    """Return one answer per item, in order.

    The score of an option after its neutral context depends on these two alone and is asked once
    per model, however many items share them. A run that was killed goes on where it stopped, with
    the numbers it would have had.

    Args:
        items: any, of any concepts and forms.
        model: what scores the options.
        store: the SQLite file that answers are kept in; it may hold other models' answers too.
        progress: called with the number of options answered, of how many: first with those that
            were stored, then after every batch.
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
    """Return the bits and UTF-8 bytes of at most `tokens` tokens of every document, in order."""
    texts = sorted({document.text for document in documents}, key=lambda text: (-len(text), text))
    stored = _StoredAnswers(model, store, ("texts", tokens), progress)
    scores = stored.ask(
        texts,
        [stored.key(text) for text in texts],
        _ranges(len(texts), TEXTS),
        lambda batch: [(-_finite(-bits), n) for bits, n in model.text_bits(batch, tokens)],
        _BITS.decode,
    )
    by_text = dict(zip(texts, scores, strict=True))
    return [TextScore(document.id, *by_text[document.text]) for document in documents]


def ask_generations(
    prompts: Sequence[str],
    model: LanguageModel,
    store: Path,
    tokens: int,
    stop: Sequence[str],
    progress: Progress,
) -> list[Generation]:
    """Return the greedy answer to every prompt, in order; its `prompt` is the prompt's digest.

    An answer ends after `tokens` tokens, or before the first of the texts in `stop`.
    """
    unique = sorted(set(prompts), key=lambda prompt: (-len(prompt), prompt))
    stored = _StoredAnswers(model, store, ("prompts", tokens, list(stop)), progress)
    answers = stored.ask(
        unique,
        [stored.key(prompt) for prompt in unique],
        _ranges(len(unique), PROMPTS),
        lambda batch: model.generate(batch, tokens, stop),
        _LINE.decode,
    )
    by_prompt = dict(zip(unique, answers, strict=True))
    return [Generation(digest(prompt), by_prompt[prompt]) for prompt in prompts]


def ask_questions(
    questions: Sequence[Question], model: LanguageModel, store: Path, progress: Progress
) -> list[list[OptionScore]]:
    """Return the score of every option of every question, in order.

    An option's score after a context depends on these two alone, so they are its key in the store.
    """
    options_asked = [
        (number, context, option)
        for number, (context, options) in enumerate(questions)
        for option in options
    ]
    ends = list(accumulate((len(options) for _, options in questions), initial=0))
    stored = _StoredAnswers(model, store, ("options",), progress)
    flat = iter(
        stored.ask(
            options_asked,
            [stored.key(unit[1:]) for unit in options_asked],
            [
                [index for number in batch for index in range(ends[number], ends[number + 1])]
                for batch in model.plan_batches(questions)
            ],
            lambda options: _scored(options, model),
            _SCORE.decode,
        )
    )
    return [[next(flat) for _ in options] for _, options in questions]


def _scored(options: Sequence[tuple[int, str, str]], model: LanguageModel) -> list[OptionScore]:
    """Return the scores of options, those of one question asked together."""
    grouped = [list(units) for _, units in groupby(options, key=lambda unit: unit[0])]
    questions = [(units[0][1], [option for *_, option in units]) for units in grouped]
    rows = model.loglikelihoods(questions)
    return [score._replace(loglik=_finite(score.loglik)) for row in rows for score in row]


class _StoredAnswers:
    """One model's answers on disk, by the digests of the model and of what was asked."""

    def __init__(
        self, model: LanguageModel, store: Path, what: tuple[object, ...], progress: Progress
    ) -> None:
        self._model = model
        self._key = (SCORING_VERSION, model.digest, model.scoring, *what)
        self._store, self._progress, self._what = AnswerStore(store), progress, str(what[0])

    def key(self, content: object) -> str:
        """Return the key of the answer to this content."""
        return digest(*self._key, content)

    def ask(
        self,
        contents: Sequence[Q],
        keys: Sequence[str],
        batches: Iterable[Sequence[int]],
        work: Callable[[Sequence[Q]], list[R]],
        decode: Callable[[bytes], R],
    ) -> list[R]:
        """Return an answer to each content, in order; what is stored is not asked again.

        `batches` are made of all contents, stored or not, so that a run that was killed finishes
        with the numbers of one that was not. Of a batch that is stored in part, from an earlier
        test set, only the missing contents are asked.
        """
        answers_by_key = {key: decode(raw) for key, raw in self._store.get(keys).items()}
        done, scheduled = 0, set(answers_by_key)
        pending: list[list[int]] = []
        for batch in batches:
            missing = [index for index in batch if keys[index] not in scheduled]
            scheduled.update(keys[index] for index in missing)
            pending.append(missing)
            done += len(batch) - len(missing)
        to_ask = [batch for batch in pending if batch]
        self._progress(self._what, done, len(keys))
        calls = [partial(work, [contents[index] for index in batch]) for batch in to_ask]
        for batch, answers in zip(to_ask, self._model.side_by_side(calls), strict=True):
            new = {keys[index]: answer for index, answer in zip(batch, answers, strict=True)}
            self._store.put(new)
            answers_by_key |= new
            done += len(batch)
            self._progress(self._what, done, len(keys))
        return [answers_by_key[key] for key in keys]


def _ranges(count: int, size: int) -> list[range]:
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def _neutral_questions(items: Sequence[Item]) -> list[Question]:
    """Return every option after its neutral context, once: a few options per question."""
    options: dict[str, set[str]] = {}
    for item in items:
        options.setdefault(item.neutral, set()).update(item.options)
    return [
        (context, sorted(options[context])[batch.start : batch.stop])
        for context in sorted(options)
        for batch in _ranges(len(options[context]), NEUTRAL_OPTIONS)
    ]


def _answer(
    item: Item, scores: Sequence[OptionScore], without: Mapping[tuple[str, str], float]
) -> Answer:
    bare = [option.strip() for option in item.options]
    return Answer(
        item=item.id,
        logliks=tuple(score.loglik for score in scores),
        neutral=tuple(without[item.neutral, option] for option in item.options),
        tokens=tuple(score.tokens for score in scores),
        characters=tuple(map(len, bare)),
        bytes=tuple(len(option.encode()) for option in bare),
        crossed=tuple(score.crossed for score in scores),
    )


def _finite(loglik: float) -> float:
    return loglik if math.isfinite(loglik) else IMPOSSIBLE
