"""Models in Hugging Face folders, asked: options scored, prompts continued, text measured."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from lexgraft.errors import LexgraftError
from lexgraft.models import AskedFormat, ComputedFormat, OptionScore, Question, RunOptions, backend
from lexgraft.models.agreed_trees import AgreedTrees
from lexgraft.models.chat_template import ChatTemplate
from lexgraft.models.chosen_device import CPU, choose_computation
from lexgraft.models.context_continuation import ContinuationBoundaries
from lexgraft.models.continuation import Pick, continue_prompts, end_tokens, most_likely
from lexgraft.models.float32_head import GPU_FACTOR, widen_head
from lexgraft.models.folder_loading import load_network, load_tokenizer, telling
from lexgraft.models.grouped_attention import prefer_grouped
from lexgraft.models.layer_map import check_layer_map, layer_arguments
from lexgraft.models.length_limit import longest_input
from lexgraft.models.live_weights import LiveWeights
from lexgraft.models.load_checks import check_causal, check_finite
from lexgraft.models.number_format import computed
from lexgraft.models.plain_logits import token_predictions
from lexgraft.models.sampling import GeneratedText, OnText, TextStream, cut_at
from lexgraft.models.scoring import sum_options
from lexgraft.models.thread_pool import side_by_side
from lexgraft.models.token_tree import TokenTree, build_rows, plan

TOKEN_BUDGET = 1024  # padded tokens per forward: the fastest on a processor
PIECES = 4  # forwards whose states are projected together: more of them, a faster product
PROMPTS = 32  # prompts continued together
R = TypeVar("R")
LN2 = 0.6931471805599453


class TransformersModel:
    """A causal language model, in float32 on this machine's processor unless said otherwise."""

    def __init__(
        self,
        model: nn.Module,
        tokenizer: Any,
        digest: str,
        number_format: ComputedFormat = "float32",
    ) -> None:
        self._model, self._tokenizer = model, tokenizer
        self.number_format: ComputedFormat = number_format
        self._loaded, self._digest = digest, digest
        self._limit = longest_input(model)
        self._boundaries = ContinuationBoundaries(tokenizer, self._limit)
        self._weights = LiveWeights(model)
        self._chat: ChatTemplate | None = None
        self._ends = end_tokens(model, tokenizer)
        self._like = next(model.parameters())
        self._budget = TOKEN_BUDGET * (1 if self._like.device.type == CPU else GPU_FACTOR)
        self._trees = AgreedTrees(model, self._budget, self._limit, number_format)

    @classmethod
    def load(
        cls,
        folder: Path,
        digest: str,
        threads: int,
        *,
        dtype: AskedFormat = "float32",
        device: str = CPU,
        gpus: int = 1,
    ) -> "TransformersModel":
        """Return the model of a folder; `digest` says which weights and tokenizer these are.

        Only what is asked of it is computed in `dtype`: its `module` is trained as it is.

        Raises:
            LexgraftError: no such folder, or one that needs code or formats that are refused; no
                such device.
        """
        where, number_format = choose_computation(device, dtype)
        layer_map = layer_arguments(where, gpus)
        torch.set_num_threads(threads)
        network = load_network(
            folder, torch.bfloat16 if number_format == "bfloat16" else torch.float32, layer_map
        )
        tokenizer = load_tokenizer(folder)
        with telling(folder, "not a model that can be asked"):
            network = network if layer_map else network.to(where)
            network = network.eval().requires_grad_(requires_grad=False)
            check_layer_map(network, folder)
            widen_head(network)
            if number_format == "mixed":
                prefer_grouped(network)
            check_finite(network, folder)
            check_causal(network, folder)
            return cls(network, tokenizer, digest, number_format)

    @property
    def module(self) -> nn.Module:
        """Return the live network, for training on it."""
        self._trees.forget()
        return self._model

    def encode(self, text: str) -> list[int]:
        """Return the token ids of a text, the start token included."""
        return _encoded(self._tokenizer, text)

    def token(self, text: str) -> int:
        """Return the number of the one token that writes a text.

        Raises:
            LexgraftError: it takes several.
        """
        start = len(self.encode(""))
        ids = self.encode(text)[start:]
        if len(ids) != 1:
            raise LexgraftError(
                f"`{text}` is {len(ids)} tokens: their rows are shared with other words",
                cure="name one token, or add the word to the vocabulary first",
            )
        return ids[0]

    @property
    def start_tokens(self) -> list[int]:
        """Return the tokens that every text begins with."""
        return self._boundaries.start

    @property
    def end_token(self) -> int:
        """Return the token that ends a text, or that starts one where there is none."""
        ends = (self._tokenizer.eos_token_id, self._tokenizer.bos_token_id, 0)
        return next(end for end in ends if end is not None)

    @property
    def digest(self) -> str:
        """Return the digest of the weights that are live now."""
        return self._digest

    @property
    def scoring(self) -> str:
        """Return how options are scored: as one token tree, or plainly where trees disagreed.

        Another number format or device gives other low bits, so its name stands beside.
        """
        scorer = "shared" if self._trees.shares else "plain"
        kind, device = self.number_format, self._like.device.type
        named = {"float32": [], "bfloat16": ["bfloat16, head in float32"]}.get(kind, [kind])
        return " ".join([scorer, *named, *([device] * (device != CPU))])

    @property
    def warning(self) -> str:
        """Return which options are scored one by one, which is slow, and why; empty if none is."""
        return self._trees.warning

    def plan_batches(self, items: Sequence[Question]) -> list[tuple[int, ...]]:
        """Return the items' positions in batches, fixed by content; see `LanguageModel`."""
        return plan(self._rows(items), PIECES * self._budget)

    def loglikelihoods(self, items: Sequence[Question]) -> list[list[OptionScore]]:
        """Return the score of every option of every item."""
        encoded = self._boundaries.questions(items)
        questions = [self._tree_rows(question.context, question.options) for question in encoded]
        scores_of_items: list[list[OptionScore]] = [[] for _ in items]
        for batch in plan(questions, PIECES * self._budget):
            rows = [row for index in batch for row in questions[index]]
            values = iter(self._trees.score(rows))
            for index in batch:
                for row in questions[index]:
                    scores_of_items[index] += sum_options(row, next(values))
        return [
            [
                score._replace(crossed=crossed)
                for score, crossed in zip(scores, question.crossed, strict=True)
            ]
            for scores, question in zip(scores_of_items, encoded, strict=True)
        ]

    def score_tokens(
        self, requests: Sequence[tuple[Sequence[int], Sequence[int]]]
    ) -> list[tuple[float, bool]]:
        """Return, per context and continuation in token ids, log P, and whether greedy gives it.

        Requests of one context are answered together, wherever they stand.
        """
        alike: dict[tuple[int, ...], list[int]] = {}
        for index, (context, rest) in enumerate(requests):
            alike.setdefault(tuple(context), []).append(index)
            self._boundaries.check(len(context) + len(rest))
        members = list(alike.values())
        questions = [
            self._tree_rows(context, [requests[i][1] for i in group])
            for context, group in alike.items()
        ]
        results: list[tuple[float, bool]] = [(0.0, True) for _ in requests]
        for batch in plan(questions, PIECES * self._budget):
            rows = [(number, row) for number in batch for row in questions[number]]
            values = self._trees.score([row for _, row in rows])
            for (number, row), scores in zip(rows, values, strict=True):
                for want, score in zip(row.wanted, scores, strict=True):
                    index = members[number][want.option]
                    total, greedy = results[index]
                    results[index] = (total + score.logprob, greedy and score.likeliest)
        return results

    @computed
    def generate(
        self,
        prompts: Sequence[str],
        max_tokens: int,
        stop: Sequence[str],
        pick: Pick = most_likely,
    ) -> list[str]:
        """Return the continuation of every prompt, cut before the first stop text; greedy."""

        def finished(ids: Sequence[int]) -> bool:
            return ids[-1] in self._ends or cut_at(self._decode(ids), stop) is not None

        encoded = self._boundaries.prompts(prompts)
        self._boundaries.check(max(map(len, encoded), default=0) + max_tokens)
        order = sorted(range(len(prompts)), key=lambda i: (-len(encoded[i]), encoded[i]))
        answers = [""] * len(prompts)
        for start in range(0, len(order), PROMPTS):
            batch = order[start : start + PROMPTS]
            lines = continue_prompts(
                self._model, [encoded[i] for i in batch], max_tokens, finished, pick
            )
            for index, ids in zip(batch, lines, strict=True):
                text = self._decode(ids)
                cut = cut_at(text, stop)
                answers[index] = text[:cut]
        return answers

    def chat_prompt(self, messages: Sequence[dict[str, str]]) -> str:
        """Return messages as this model's template writes them; plainly where it has none.

        Raises:
            LexgraftError: the template does not take these messages, or takes long for them.
        """
        if not self._tokenizer.chat_template:
            lines = "".join(f"{message['role']}: {message['content']}\n" for message in messages)
            return f"{lines}assistant:"
        if self._chat is None:
            self._chat = template_of(self._tokenizer)
        return self._chat.render(messages).removeprefix(self._tokenizer.bos_token or "")

    @computed
    def write(
        self,
        prompt: str,
        max_tokens: int,
        stop: Sequence[str],
        on_text: OnText,
        pick: Pick = most_likely,
    ) -> GeneratedText:
        """Return one continuation and say it to `on_text` as it grows, until that returns false.

        Raises:
            LexgraftError: prompt and answer together are more than the model takes.
        """
        (ids,) = self._boundaries.prompts([prompt])
        self._boundaries.check(len(ids) + max_tokens)
        telling = TextStream(on_text, stop, self._ends, self._decode)
        continue_prompts(self._model, [ids], max_tokens, telling.ends_with, pick)
        return telling.written(len(ids))

    def count(self, text: str) -> int:
        """Return how many tokens a text has, without a start token."""
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def text_bits(self, texts: Sequence[str], max_tokens: int) -> list[tuple[float, int]]:
        """Return, per text, the bits of what follows its first token, and its UTF-8 bytes."""
        cut = self._boundaries.texts(texts, max_tokens)
        rows = [self._tree_rows(ids[:1], [ids[1:]]) for ids, size in cut if size]
        scores: list[float] = [0.0] * len(rows)
        for batch in plan(rows, PIECES * self._budget):
            values = self._trees.score([rows[index][0] for index in batch])
            for index, value in zip(batch, values, strict=True):
                scores[index] = -sum(token.logprob for token in value) / LN2
        bits = iter(scores)
        return [(next(bits) if size else 0.0, size) for _, size in cut]

    @computed
    def predictions(
        self,
        texts: Sequence[str],
        max_tokens: int,
        top: int,
        token_ids: Sequence[np.ndarray] | None = None,
    ) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Return, per text and position: token ids, their log-probabilities, the likeliest token.

        The ids are the `top` likeliest, or `token_ids`, another model's for the same texts.
        """
        return [
            token_predictions(
                self._model,
                torch.tensor(line, device=self._like.device),
                top,
                token_ids[number] if token_ids else None,
            )
            for number, (line, _) in enumerate(self._boundaries.texts(texts, max_tokens))
        ]

    def side_by_side(self, calls: Sequence[Callable[[], R]]) -> Iterator[R]:
        """Yield what calls of this model return, in order, on this machine's cores at once."""
        return side_by_side(calls, torch.get_num_threads() if self._like.device.type == CPU else 1)

    def put(self, tensors: Iterable[tuple[str, Tensor]], digest: str) -> None:
        """Replace weights of the live model: the rest is as it was loaded.

        Raises:
            LexgraftError: a name or a shape the model does not have; the model is then as loaded.
        """
        self._digest = self._loaded
        self._trees.forget()
        self._weights.put(tensors)
        self._digest = digest

    def reset(self) -> None:
        """Bring back the weights as they were loaded."""
        self._trees.forget()
        self._weights.reset()
        self._digest = self._loaded

    def _decode(self, ids: Sequence[int]) -> str:
        return self._tokenizer.decode(ids, skip_special_tokens=True)

    def _rows(self, items: Sequence[Question]) -> list[tuple[TokenTree, ...]]:
        encoded = self._boundaries.questions(items)
        return [self._tree_rows(question.context, question.options) for question in encoded]

    def _tree_rows(
        self, context: Sequence[int], options: Sequence[Sequence[int]]
    ) -> tuple[TokenTree, ...]:
        """Return the rows of one question, none with more columns than the model has places."""
        budget = TOKEN_BUDGET if self._limit is None else min(TOKEN_BUDGET, self._limit)
        return build_rows(context, options, budget)


@backend("transformers", "", folders=True)
def load_folder(reference: str, options: RunOptions) -> TransformersModel:
    """Return the model of a folder, run by transformers."""
    return TransformersModel.load(
        Path(reference),
        options.digest,
        options.threads,
        dtype=options.dtype,
        device=options.device,
        gpus=options.gpus,
    )


def template_of(tokenizer: Any) -> ChatTemplate:
    """Return a tokenizer's template with the special tokens that it may write."""
    tokens = {
        name: token if isinstance(token, str) else [str(one) for one in token]
        for name, token in tokenizer.special_tokens_map.items()
    }
    try:
        return ChatTemplate(tokenizer.get_chat_template(), tokens)
    except ValueError as error:
        raise LexgraftError(f"the model has no chat template to choose: {error}") from error


def token_encoder(folder: Path) -> Callable[[str], list[int]]:
    """Return what a model of this folder makes of a text (`encode`); no weight is read.

    Raises:
        LexgraftError: there is no tokenizer that can be read without running code.
    """
    return partial(_encoded, load_tokenizer(folder))


def _encoded(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text)["input_ids"])


def token_counter(folder: Path) -> Callable[[str], int]:
    """Return what counts the tokens of a text for a folder's tokenizer; no weight is read.

    Raises:
        LexgraftError: there is no tokenizer that can be read without running code.
    """
    tokenizer = load_tokenizer(folder)
    return lambda text: len(tokenizer(text, add_special_tokens=False)["input_ids"])
