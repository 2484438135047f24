"""Models in Hugging Face folders: the one door to the transformers package."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from lexgraft.errors import UserError
from lexgraft.models import OptionScore, Question
from lexgraft.models.greedy import continue_prompts
from lexgraft.models.rows import Row, build_rows, plan
from lexgraft.models.scoring import TreeScorer, agreement, score_plainly
from lexgraft.models.tokens import Seams
from lexgraft.models.weights import LiveWeights

TOKEN_BUDGET = 1024  # padded tokens per forward: the fastest on a processor
PROMPTS = 32  # prompts continued together
TOLERANCE = 1e-3  # nats between the tree score and the plain score of a token
LONGEST_PROBE = 128  # tokens of a probe that reaches past the attention window
LN2 = 0.6931471805599453


class TransformersModel:
    """A causal language model in float32 on this machine's processor."""

    def __init__(self, model: nn.Module, tokenizer: Any, digest: str) -> None:  # noqa: ANN401 (untyped package)
        self._model, self._tokenizer = model, tokenizer
        self._loaded, self._digest = digest, digest
        live: Any = model
        config = live.config.get_text_config()
        limit: int | None = getattr(config, "max_position_embeddings", None)
        self._seams = Seams(tokenizer, limit)
        self._weights = LiveWeights(model)
        self._ends = _end_tokens(model, tokenizer)
        self._trees = TreeScorer(model, TOKEN_BUDGET)
        probes = _probes(int(config.vocab_size), self._trees.window, limit)
        with torch.inference_mode():
            self._shares = agreement(self._trees, model, probes) <= TOLERANCE

    @classmethod
    def load(cls, folder: Path, digest: str, threads: int) -> "TransformersModel":
        """Return the model of a folder; `digest` says which weights and tokenizer these are.

        Raises:
            UserError: no such folder, or one that needs code or formats that are refused.
        """
        if not (folder / "config.json").is_file():
            raise UserError(
                "no config.json here", where=str(folder), cure="give a Hugging Face model folder"
            )
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        torch.set_num_threads(threads)
        try:
            model = AutoModelForCausalLM.from_pretrained(
                folder, dtype=torch.float32, local_files_only=True, trust_remote_code=False,
                use_safetensors=True,
            )  # fmt: skip
            tokenizer = AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
        except (OSError, ValueError) as error:
            raise UserError(
                f"not a model that can be loaded: {error}", where=str(folder),
                cure="needs safetensors, a tokenizer and an architecture that transformers knows",
            ) from error  # fmt: skip
        return cls(model.eval().requires_grad_(requires_grad=False), tokenizer, digest)

    @property
    def module(self) -> nn.Module:
        """Return the live network, for training on it."""
        return self._model

    def encode(self, text: str) -> list[int]:
        """Return the token ids of a text, the start token included."""
        return list(self._tokenizer(text)["input_ids"])

    @property
    def digest(self) -> str:
        """Return the digest of the weights that are live now."""
        return self._digest

    @property
    def scoring(self) -> Literal["shared", "plain"]:
        """Return how options are scored: as one token tree, or plainly where trees disagreed."""
        return "shared" if self._shares else "plain"

    def plan_batches(self, items: Sequence[Question]) -> list[tuple[int, ...]]:
        """Return the items' positions in batches, fixed by content; see `LanguageModel`."""
        return plan(self._rows(items), TOKEN_BUDGET)

    @torch.inference_mode()
    def loglikelihoods(self, items: Sequence[Question]) -> list[list[OptionScore]]:
        """Return the score of every option of every item."""
        questions = self._rows(items)
        found: list[list[OptionScore]] = [[] for _ in items]
        for batch in plan(questions, TOKEN_BUDGET):
            rows = [row for index in batch for row in questions[index]]
            values = iter(self._score(rows))
            for index in batch:
                for row in questions[index]:
                    found[index] += _sum_options(row, next(values))
        return found

    @torch.inference_mode()
    def generate(self, prompts: Sequence[str], max_tokens: int, stop: Sequence[str]) -> list[str]:
        """Return the greedy continuation of every prompt, cut before the first stop text."""

        def text(ids: Sequence[int]) -> str:
            return self._tokenizer.decode(ids, skip_special_tokens=True)

        def finished(ids: Sequence[int]) -> bool:
            return ids[-1] in self._ends or _cut_at(text(ids), stop) is not None

        encoded = self._seams.prompts(prompts)
        order = sorted(range(len(prompts)), key=lambda i: (-len(encoded[i]), encoded[i]))
        answers = [""] * len(prompts)
        for start in range(0, len(order), PROMPTS):
            batch = order[start : start + PROMPTS]
            lines = continue_prompts(self._model, [encoded[i] for i in batch], max_tokens, finished)
            for index, ids in zip(batch, lines, strict=True):
                whole = text(ids)
                cut = _cut_at(whole, stop)
                answers[index] = whole if cut is None else cut
        return answers

    @torch.inference_mode()
    def text_bits(self, texts: Sequence[str], max_tokens: int) -> list[tuple[float, int]]:
        """Return, per text, the bits of what follows its first token, and its UTF-8 bytes."""
        cut = self._seams.texts(texts, max_tokens)
        rows = [build_rows(ids[:1], [ids[1:]], TOKEN_BUDGET) for ids, size in cut if size]
        scores: list[float] = [0.0] * len(rows)
        for batch in plan(rows, TOKEN_BUDGET):
            values = self._score([rows[index][0] for index in batch])
            for index, value in zip(batch, values, strict=True):
                scores[index] = -sum(value) / LN2
        bits = iter(scores)
        return [(next(bits) if size else 0.0, size) for _, size in cut]

    def put(self, tensors: Iterable[tuple[str, Tensor]], digest: str) -> None:
        """Replace weights of the live model: the rest is as it was loaded.

        Raises:
            UserError: a name or a shape the model does not have; the model is then as loaded.
        """
        self._digest = self._loaded
        self._weights.put(tensors)
        self._digest = digest

    def reset(self) -> None:
        """Bring back the weights as they were loaded."""
        self._weights.reset()
        self._digest = self._loaded

    def _rows(self, items: Sequence[Question]) -> list[tuple[Row, ...]]:
        encoded = self._seams.questions(items)
        return [build_rows(context, options, TOKEN_BUDGET) for context, options in encoded]

    def _score(self, rows: Sequence[Row]) -> list[list[float]]:
        return self._trees.score(rows) if self._shares else score_plainly(self._model, rows)


def _sum_options(row: Row, values: Sequence[float]) -> list[OptionScore]:
    """Return the scores of the row's options, in order."""
    sums: dict[int, OptionScore] = {}
    for want, value in zip(row.wanted, values, strict=True):
        before = sums.get(want.option, OptionScore(0.0, 0))
        sums[want.option] = OptionScore(before.loglik + value, before.tokens + 1)
    return list(sums.values())


def _cut_at(text: str, stop: Sequence[str]) -> str | None:
    """Return the text before the first stop text, or None without one."""
    places = [place for place in (text.find(mark) for mark in stop if mark) if place >= 0]
    return text[: min(places)] if places else None


def _end_tokens(model: nn.Module, tokenizer: Any) -> frozenset[int]:  # noqa: ANN401 (untyped package)
    """Return the tokens that end an answer."""
    named = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    listed = named if isinstance(named, list) else [named]
    return frozenset(end for end in [*listed, tokenizer.eos_token_id] if isinstance(end, int))


def _probes(vocabulary: int, window: int | None, limit: int | None) -> list[Row]:
    """Return rows whose scores show whether this architecture takes token trees.

    One is longer than the attention window, where there is one that can be tried cheaply.
    """
    sizes = [12, 1]
    if window is not None and window + 2 <= min(LONGEST_PROBE, (limit or LONGEST_PROBE) - 8):
        sizes.insert(0, window + 2)

    def ids(seed: int, count: int) -> list[int]:
        return [(seed * 7919 + place * 104729) % vocabulary for place in range(count)]

    return [
        row
        for size in sizes
        for row in build_rows(
            ids(size, size), [ids(3, 4), [*ids(3, 2), *ids(5, 3)], ids(8, 1)], TOKEN_BUDGET + size
        )
    ]


def token_counter(folder: Path) -> Callable[[str], int]:
    """Return what counts the tokens of a text for a folder's tokenizer; no weight is read.

    Raises:
        UserError: there is no tokenizer that can be read without running code.
    """
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    except (OSError, ValueError) as error:
        raise UserError(
            "no tokenizer here", where=str(folder), cure="give a Hugging Face model folder"
        ) from error
    return lambda text: len(tokenizer(text, add_special_tokens=False)["input_ids"])
