"""A question as one row: the context once, its options as a token tree; rows into batches."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lexgraft.arrays.shapes import Bool, Int

SHORTEST_HEADER = 64
"""Tokens that rows must begin with in common for these to be computed once for all of them."""
HEADER_STEP = 8  # headers end at multiples of it, so that most batches of a run share one


class WantedScores(NamedTuple):
    """One scored token: the column that predicts `target`, a token of option `option`."""

    option: int
    column: int
    target: int


@dataclass(frozen=True)
class TokenTree:
    """A token tree laid out in columns; a column comes after its parent."""

    tokens: tuple[int, ...]
    parents: tuple[int, ...]  # column of the token before; -1 for the first
    wanted: tuple[WantedScores, ...]

    def positions(self) -> Int[np.ndarray, " column"]:
        """Return the depth of every column: where its token would stand in plain text."""
        depth: list[int] = []
        for parent in self.parents:
            depth.append(depth[parent] + 1 if parent >= 0 else 0)
        return np.array(depth, np.int64)

    def sight(self) -> Bool[np.ndarray, "column column"]:
        """Return which columns (second axis) a column (first axis) sees: its ancestors, itself."""
        size = len(self.parents)
        see = np.eye(size, dtype=np.bool_)
        for column, parent in enumerate(self.parents):
            if parent >= 0:
                see[column] |= see[parent]
        return see


def build_rows(
    context: Sequence[int], options: Sequence[Sequence[int]], budget: int
) -> tuple[TokenTree, ...]:
    """Return the rows of one question: one, unless the options would pass the token budget.

    The last token of an option is a target and never an input; equal beginnings of options are
    one branch of the tree.
    """
    rows: list[TokenTree] = []
    tree = _Tree(context)
    for number, option in enumerate(options):
        if tree.wanted and len(tree.tokens) + len(option) > budget:
            rows.append(tree.row())
            tree = _Tree(context)
        tree.add(number, option)
    return (*rows, tree.row())


class _Tree:
    """A row being built."""

    def __init__(self, context: Sequence[int]) -> None:
        self.tokens = list(context)
        self.parents = list(range(-1, len(context) - 1))
        self.wanted: list[WantedScores] = []
        self._children: dict[tuple[int, int], int] = {}
        self._root = len(context) - 1

    def add(self, number: int, option: Sequence[int]) -> None:
        column = self._root
        for depth, token in enumerate(option):
            self.wanted.append(WantedScores(number, column, token))
            if depth + 1 < len(option):
                column = self._child(column, token)

    def _child(self, parent: int, token: int) -> int:
        column = self._children.get((parent, token))
        if column is not None:
            return column
        self.tokens.append(token)
        self.parents.append(parent)
        self._children[parent, token] = len(self.tokens) - 1
        return len(self.tokens) - 1

    def row(self) -> TokenTree:
        return TokenTree(tuple(self.tokens), tuple(self.parents), tuple(self.wanted))


def longest(rows: Sequence[TokenTree]) -> int:
    """Return the columns of the longest row."""
    return max(len(row.tokens) for row in rows)


def shared_start(rows: Sequence[TokenTree]) -> int:
    """Return how many first tokens the rows' contexts share; 0 where too few to be worth it.

    The last token of a context predicts the options and is never part of it.
    """
    if len(rows) < 2:
        return 0
    lines = [row.tokens for row in rows]
    first, last = min(lines), max(lines)  # what these two share, all share
    pairs = enumerate(zip(first, last, strict=False))
    shared = next((index for index, (a, b) in pairs if a != b), min(len(first), len(last)))
    size = min(shared, *(row.wanted[0].column for row in rows)) // HEADER_STEP * HEADER_STEP
    return size if size >= SHORTEST_HEADER else 0


def plan(questions: Sequence[tuple[TokenTree, ...]], budget: int) -> list[tuple[int, ...]]:
    """Return the questions' positions in batches of at most `budget` padded tokens.

    Questions that begin alike stand together, and what they share is not counted; else those of
    similar length. The order follows from the tokens alone, and any one batch planned by itself
    stays that batch.
    """
    alike: dict[tuple[int, ...], list[int]] = {}
    for index, rows in enumerate(questions):
        long = rows[0].wanted[0].column >= SHORTEST_HEADER
        alike.setdefault(rows[0].tokens[:SHORTEST_HEADER] if long else (), []).append(index)
    alone = [i for start, group in alike.items() if not start or len(group) == 1 for i in group]
    groups = (group for start, group in sorted(alike.items()) if start and len(group) > 1)
    return [batch for group in (alone, *groups) for batch in _pack(questions, group, budget)]


def _pack(
    questions: Sequence[tuple[TokenTree, ...]], group: Sequence[int], budget: int
) -> Iterable[tuple[int, ...]]:
    """Return questions of one group in batches, the longest first."""
    shared = shared_start([row for index in group for row in questions[index]])
    lengths = {index: longest(questions[index]) - shared for index in group}
    order = sorted(group, key=lambda i: (-lengths[i], [row.tokens for row in questions[i]], i))
    batch: list[int] = []
    widest, count = 0, 0
    for index in order:
        size = len(questions[index])
        if batch and (count + size) * widest > budget:
            yield tuple(batch)
            batch, count = [], 0
        if not batch:
            widest = lengths[index]
        batch.append(index)
        count += size
    if batch:
        yield tuple(batch)
