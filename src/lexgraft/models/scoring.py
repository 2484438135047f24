"""Token trees through a causal transformer: masks, positions, and logits only where needed."""

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from lexgraft.arrays.shapes import Bool, Float, Int
from lexgraft.models import ComputedFormat, OptionScore
from lexgraft.models.float32_head import GPU_FACTOR
from lexgraft.models.logit_transform import LogitTransform
from lexgraft.models.number_format import as_operand
from lexgraft.models.plain_logits import plain_logits
from lexgraft.models.prefix_cache import SharedPrefix, compute_header, expanded
from lexgraft.models.token_tree import TokenTree, longest, shared_start

VOCABULARY_BLOCK = 1024  # words projected at a time: a block of logits stays in the cache
ROW_BLOCK = 512  # states projected at a time, likewise
LOWEST, HIGHEST = torch.finfo(torch.float32).min, torch.finfo(torch.float32).max
SAME = 1e-4  # two ways of computing one logit differ by no more


class TokenScore(NamedTuple):
    """How likely one token is after those before it, and whether none is likelier."""

    logprob: float
    likeliest: bool


class TreeScorer:
    """Scores rows with few forwards; knows how this architecture takes its masks.

    The arithmetic is that of a plain forward: rows that cannot be expressed (other kinds of
    attention, scaled logits) are found by `agreement`, which compares with plain forwards.
    """

    def __init__(self, model: nn.Module, budget: int) -> None:
        live: Any = model  # what transformers adds to a module is not typed
        self._body, self._head, self._budget = live.base_model, live.get_output_embeddings(), budget
        config = live.config.get_text_config()
        self._window: int | None = getattr(config, "sliding_window", None)
        self._layer_types: tuple[str, ...] = tuple(
            sorted(set(getattr(config, "layer_types", None) or ()))
        )
        if self._layer_types == ("full_attention",):
            self._window = None
        self._transform = LogitTransform.of(config)
        self._like: Tensor = next(model.parameters())
        self._header: SharedPrefix | None = None
        self._computing = Lock()  # a header is computed once, however many calls need it
        self.shares_headers = True
        self.number_format: ComputedFormat = "float32"

    def score(self, rows: Sequence[TokenTree]) -> list[list[TokenScore]]:
        """Return the score of every wanted token of every row, in the rows' order.

        What all rows begin with is computed once, and kept for rows that begin alike later.
        """
        if not rows:
            return []
        start = shared_start(rows) if self.shares_headers else 0
        pieces = [self._piece(piece, start) for piece in _cut(rows, self._budget, start)]
        offsets = accumulate((len(hidden) for hidden, _ in pieces), initial=0)
        targets = [
            (offset + slot, target)
            for offset, (_, wanted) in zip(offsets, pieces, strict=False)
            for slot, target in wanted
        ]
        needed = torch.cat([hidden for hidden, _ in pieces])
        pairs = torch.tensor(targets, device=needed.device)
        logprobs, likeliest = self._logprobs(needed, pairs[:, 0], pairs[:, 1])
        values = map(TokenScore, logprobs.tolist(), likeliest.tolist())
        return [[next(values) for _ in row.wanted] for row in rows]

    def forget(self) -> None:
        """Drop what was computed with weights that are about to change."""
        self._header = None

    def _piece(
        self, rows: Sequence[TokenTree], start: int
    ) -> tuple[Float[Tensor, "needed width"], list[tuple[int, int]]]:
        """Return the states that predict something, and per wanted token its state and target."""
        tokens, positions, masks = self._inputs(rows, start)
        past = expanded(self._headers(rows[0].tokens[:start]), len(rows)) if start else None
        hidden = self._body(
            input_ids=tokens,
            attention_mask=masks,
            position_ids=positions,
            past_key_values=past,
            use_cache=past is not None,
        ).last_hidden_state
        slots: dict[tuple[int, int], int] = {}
        targets = [
            (slots.setdefault((number, want.column - start), len(slots)), want.target)
            for number, row in enumerate(rows)
            for want in row.wanted
        ]
        slot_columns = torch.tensor(list(slots))
        return hidden[slot_columns[:, 0], slot_columns[:, 1]], targets

    def _headers(self, tokens: tuple[int, ...]) -> SharedPrefix:
        """Return the keys and values of a header, computed anew when it is another one."""
        with self._computing:
            if self._header is None or self._header.tokens != tokens:
                self._header = None  # free the old one first
                masks = self._masks(
                    np.tri(len(tokens), dtype=np.bool_)[None, None], np.arange(len(tokens))[None]
                )
                self._header = compute_header(self._body, tokens, masks, self._like.device)
            return self._header

    def _inputs(
        self, rows: Sequence[TokenTree], start: int
    ) -> tuple[Int[Tensor, "row column"], Int[Tensor, "row column"], Tensor | dict[str, Tensor]]:
        """Return token ids, positions, and the mask, from column `start` on."""
        size = longest(rows)
        tokens = np.zeros((len(rows), size), np.int64)
        positions = np.zeros((len(rows), size), np.int64)
        see = np.zeros((len(rows), 1, size, size), np.bool_)
        see[:, 0, np.arange(size), np.arange(size)] = True  # padding sees itself; nothing sees it
        for number, row in enumerate(rows):
            width = len(row.tokens)
            tokens[number, :width] = row.tokens
            positions[number, :width] = row.positions()
            see[number, 0, :width, :width] = row.sight()
        masks = self._masks(see[:, :, start:], positions, start)
        device = self._like.device
        return (
            torch.from_numpy(tokens[:, start:]).to(device),
            torch.from_numpy(positions[:, start:]).to(device),
            masks,
        )

    def _masks(
        self, see: np.ndarray, positions: np.ndarray, start: int = 0
    ) -> Tensor | dict[str, Tensor]:
        """Return the mask that attention takes: one, or one per kind of layer."""
        near = see
        if self._window is not None and see.shape[-1] > self._window:
            distance = positions[:, None, start:, None] - positions[:, None, None, :]
            near = see & (distance < self._window)
        if self._layer_types:
            kinds = {"full_attention": see, "sliding_attention": near}
            return {kind: self._additive(kinds.get(kind, see)) for kind in self._layer_types}
        return self._additive(near)

    def _additive(self, see: np.ndarray) -> Float[Tensor, "row 1 column all"]:
        """Return 0 where seen and the lowest number elsewhere: what every kernel takes."""
        mask = torch.zeros(see.shape, dtype=self._like.dtype)
        lowest = torch.finfo(self._like.dtype).min
        return mask.masked_fill_(torch.from_numpy(~see), lowest).to(self._like.device)

    def _logprobs(
        self,
        hidden: Float[Tensor, "needed width"],
        slots: Int[Tensor, " wanted"],
        targets: Int[Tensor, " wanted"],
    ) -> tuple[Float[Tensor, " wanted"], Bool[Tensor, " wanted"]]:
        """Return log P(target) at each slot, and whether no word is likelier.

        The logits of all rows are never held at once.
        """
        weight, bias = self._head.weight, getattr(self._head, "bias", None)
        hidden, slots, targets = (t.to(weight.device) for t in (hidden, slots, targets))
        blocks = [self._normaliser(block, weight, bias) for block in hidden.split(ROW_BLOCK)]
        total, best = (torch.cat(columns) for columns in zip(*blocks, strict=True))
        predicting, predicted = hidden[slots], weight[targets]
        chosen = as_operand(predicting, self.number_format)
        chosen = (chosen * as_operand(predicted, self.number_format)).sum(-1)
        if bias is not None:
            chosen = chosen + bias[targets].float()
        chosen = self._transform.apply(chosen)
        return doubled(chosen - total[slots]), chosen >= best[slots] - SAME

    def _normaliser(
        self,
        hidden: Float[Tensor, "needed width"],
        weight: Float[Tensor, "word width"],
        bias: Float[Tensor, " word"] | None,
    ) -> tuple[Float[Tensor, " needed"], Float[Tensor, " needed"]]:
        """Return log sum over the vocabulary of exp(logit), and the greatest logit."""
        blocks: list[Tensor] = []
        highest: list[Tensor] = []
        hidden = hidden.float()  # as the head's rows below: nothing is copied that is float32
        step = VOCABULARY_BLOCK * (1 if weight.device.type == "cpu" else GPU_FACTOR)
        for start in range(0, len(weight), step):
            words = slice(start, start + step)
            logits = nn.functional.linear(
                hidden, weight[words].float(), None if bias is None else bias[words].float()
            )
            finished = self._transform.apply(logits)
            top = finished.amax(-1)
            shift = top.clamp(LOWEST, HIGHEST)[:, None]  # infinities stay what they are
            blocks.append(finished.sub_(shift).exp_().sum(-1).log_() + shift[:, 0])
            highest.append(top)
        return torch.stack(blocks).logsumexp(0), torch.stack(highest).amax(0)


def _cut(rows: Sequence[TokenTree], budget: int, start: int) -> list[Sequence[TokenTree]]:
    """Return consecutive rows in pieces of at most `budget` padded tokens after the header."""
    pieces: list[list[TokenTree]] = []
    for row in rows:
        if pieces and (len(pieces[-1]) + 1) * (longest([*pieces[-1], row]) - start) <= budget:
            pieces[-1].append(row)
        else:
            pieces.append([row])
    return list(pieces)


def score_plainly(model: nn.Module, rows: Sequence[TokenTree]) -> list[list[TokenScore]]:
    """Return what `TreeScorer.score` returns, by one ordinary forward per option."""
    return [_plain_row(model, row) for row in rows]


def _plain_row(model: nn.Module, row: TokenTree) -> list[TokenScore]:
    scores: list[TokenScore] = []
    for option in sorted({want.option for want in row.wanted}):
        steps = [want for want in row.wanted if want.option == option]
        line: list[int] = []
        column = steps[-1].column
        while column >= 0:
            line.append(row.tokens[column])
            column = row.parents[column]
        tokens = torch.tensor(line[::-1], device=next(model.parameters()).device)
        wanted = iter([want.target for want in steps])
        for logits in plain_logits(model, tokens, len(steps)):
            scores += _token_scores(logits, list(islice(wanted, len(logits))))
    return scores


def doubled(tensor: Tensor) -> Tensor:
    """Return numbers in float64, which Apple's GPUs lack."""
    return (tensor.cpu() if tensor.device.type == "mps" else tensor).double()


def _token_scores(
    logits: Float[Tensor, "step word"], wanted: Sequence[int]
) -> Iterator[TokenScore]:
    """Yield the score of one wanted token per step."""
    # in double: over a large vocabulary float32 is off by 1e-4 a token
    logprobs = doubled(logits).log_softmax(-1)
    best = logprobs.argmax(-1).tolist()
    for step, target in enumerate(wanted):
        yield TokenScore(float(logprobs[step, target]), best[step] == target)


def agreement(scorer: TreeScorer, model: nn.Module, rows: Sequence[TokenTree]) -> list[list[float]]:
    """Return how far tree and plain scores of every option's tokens lie apart, in nats.

    Infinite where trees fail, or give what is no number.
    """
    try:
        shared = scorer.score(rows)
    except (RuntimeError, ValueError, TypeError, KeyError, AttributeError, IndexError):
        return [[math.inf]]  # an architecture that takes no tree mask says so in one of these
    options: dict[tuple[int, int], list[float]] = {}
    for number, triple in enumerate(zip(rows, shared, score_plainly(model, rows), strict=True)):
        for want, one, other in zip(triple[0].wanted, *triple[1:], strict=True):
            apart = abs(one.logprob - other.logprob)
            of_option = options.setdefault((number, want.option), [])
            of_option.append(apart if math.isfinite(apart) else math.inf)
    return list(options.values())


def sum_options(row: TokenTree, values: Sequence[TokenScore]) -> list[OptionScore]:
    """Return the scores of the row's options, in order."""
    sums: dict[int, OptionScore] = {}
    for want, value in zip(row.wanted, values, strict=True):
        before = sums.get(want.option, OptionScore(0.0, 0))
        sums[want.option] = OptionScore(before.loglik + value.logprob, before.tokens + 1)
    return list(sums.values())
