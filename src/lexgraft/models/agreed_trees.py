"""Token trees as far as they give the scores of plain forwards; plain forwards beyond."""

import math
from collections.abc import Sequence
from statistics import median
from threading import Lock
from typing import Any

import torch
from torch import nn

from lexgraft.models import ComputedFormat
from lexgraft.models.number_format import products_in
from lexgraft.models.scoring import TokenScore, TreeScorer, agreement, score_plainly
from lexgraft.models.token_tree import TokenTree
from lexgraft.models.tree_probes import SHORTEST_PROBE, long_probes, short_probes

FIRST_REACH = 256  # columns up to which agreement is looked at when a model is loaded
TOLERANCES = {torch.float32: 1e-3, torch.bfloat16: 0.25, torch.float16: 0.05}
"""Nats between tree and plain scores: of every token in float32; in a half format, where single
tokens are noisier than a mask that is slightly wrong, of the middle one of every option."""


class AgreedTrees:
    """Scores every row as a token tree where that was compared with plain forwards, else plainly.

    What limits attention has many names in configurations (window, chunk, original length), and
    an architecture may have one that nobody knows. So none is read: rows as long as those to be
    scored are compared, and a row longer than the longest that agreed is scored plainly. How a row
    is scored follows from the weights and its own length alone, whatever was scored before.
    """

    def __init__(
        self,
        model: nn.Module,
        budget: int,
        limit: int | None,
        number_format: ComputedFormat = "float32",
    ) -> None:
        live: Any = model  # what transformers adds to a module is not typed
        self._model, self._limit = model, limit
        self._format: ComputedFormat = number_format
        self._trees = TreeScorer(model, budget)
        kind = next(model.parameters()).dtype
        self._tolerance, self._exact = TOLERANCES[kind], kind == torch.float32
        self._vocabulary = int(live.config.get_text_config().vocab_size)
        self._looking = Lock()  # one thread compares, however many wait to know
        self._apart = 0.0  # nats, where trees and plain forwards last differed
        self._reach = self._first_reach()
        self.forget()

    @property
    def shares(self) -> bool:
        """Return whether any row is scored as a tree."""
        return self._reach > 0

    @property
    def shares_headers(self) -> bool:
        """Return whether what rows begin with in common is computed once."""
        return self._trees.shares_headers

    @property
    def warning(self) -> str:
        """Return which options are scored one by one, which is slow, and why; empty if none is."""
        if not self._ended:
            return ""
        how = f"by {self._apart:.2g} nats" if self._apart < math.inf else "or it takes none"
        which = f" of more than {self._reach_of_weights} tokens" * self.shares
        name = type(self._model).__name__
        return (
            f"{name}: token trees{which} and plain forwards differ {how}; "
            "their options are scored one by one"
        )

    def score(self, rows: Sequence[TokenTree]) -> list[list[TokenScore]]:
        """Return the score of every wanted token of every row, in the rows' order."""
        reach = self._look(max((len(row.tokens) for row in rows), default=0))
        within = [len(row.tokens) <= reach for row in rows]
        pairs = list(zip(rows, within, strict=True))
        with torch.inference_mode(), products_in(self._format):
            trees = iter(self._trees.score([row for row, agreed in pairs if agreed]))
            return [
                next(trees) if agreed else score_plainly(self._model, [row])[0]
                for row, agreed in pairs
            ]

    def forget(self) -> None:
        """Drop what was computed and compared with weights that are about to change."""
        self._trees.forget()
        self._reach_of_weights, self._ended = self._reach, self._reach < self._longest(FIRST_REACH)

    def _look(self, columns: int) -> int:
        """Return up to how many columns rows are scored as trees; where unknown, compare.

        Not to be called while products are computed in a format: the comparison waits for them.
        """
        with self._looking:
            while columns > self._reach_of_weights and not self._ended:
                longer = self._longest(2 * self._reach_of_weights)
                if longer == self._reach_of_weights:
                    break
                self._ended = not self._agrees(longer)
                if not self._ended:
                    self._reach_of_weights = longer
            return self._reach_of_weights

    def _first_reach(self) -> int:
        """Return the columns up to which trees agree, of those looked at on loading; 0: never."""
        if self._differs(short_probes(self._vocabulary)):
            return 0
        columns = self._longest(FIRST_REACH)
        if columns < SHORTEST_PROBE:
            return columns
        if self._agrees(columns):
            return columns
        self._trees.shares_headers = False
        while columns >= SHORTEST_PROBE and not self._agrees(columns):
            columns //= 2
        return columns if columns >= SHORTEST_PROBE else 0

    def _longest(self, columns: int) -> int:
        return columns if self._limit is None else min(columns, self._limit)

    def _agrees(self, columns: int) -> bool:
        return not self._differs(long_probes(self._vocabulary, columns))

    def _differs(self, probes: Sequence[TokenTree]) -> bool:
        with torch.inference_mode(), products_in("float32"):  # exact: it judges the masks
            self._trees.number_format = "float32"
            options = agreement(self._trees, self._model, probes)
            self._trees.number_format = self._format
        apart = max(map(max if self._exact else median, options))
        if apart > self._tolerance:
            self._apart = apart
        return apart > self._tolerance
