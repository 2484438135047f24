"""A question as one row: the context once, its options as a token tree; rows into batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int


class Wanted(NamedTuple):
    """One scored token: the column that predicts `target`, a token of option `option`."""

    option: int
    column: int
    target: int


@dataclass(frozen=True)
class Row:
    """A token tree laid out in columns; a column comes after its parent."""

    tokens: tuple[int, ...]
    parents: tuple[int, ...]  # column of the token before; -1 for the first
    wanted: tuple[Wanted, ...]

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
) -> tuple[Row, ...]:
    """Return the rows of one question: one, unless the options would pass the token budget.

    The last token of an option is a target and never an input; equal beginnings of options are
    one branch of the tree.
    """
    rows: list[Row] = []
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
        self.wanted: list[Wanted] = []
        self._children: dict[tuple[int, int], int] = {}
        self._root = len(context) - 1

    def add(self, number: int, option: Sequence[int]) -> None:
        at = self._root
        for place, token in enumerate(option):
            self.wanted.append(Wanted(number, at, token))
            if place + 1 < len(option):
                at = self._child(at, token)

    def _child(self, parent: int, token: int) -> int:
        known = self._children.get((parent, token))
        if known is not None:
            return known
        self.tokens.append(token)
        self.parents.append(parent)
        self._children[parent, token] = len(self.tokens) - 1
        return len(self.tokens) - 1

    def row(self) -> Row:
        return Row(tuple(self.tokens), tuple(self.parents), tuple(self.wanted))


def longest(rows: Sequence[Row]) -> int:
    """Return the columns of the longest row."""
    return max(len(row.tokens) for row in rows)


def plan(questions: Sequence[tuple[Row, ...]], budget: int) -> list[tuple[int, ...]]:
    """Return the questions' positions in batches of at most `budget` padded tokens.

    Questions of similar length stand together. The order follows from the tokens alone, and any
    one batch planned by itself stays that batch.
    """
    lengths = [longest(rows) for rows in questions]
    order = sorted(
        range(len(questions)), key=lambda i: (-lengths[i], [row.tokens for row in questions[i]], i)
    )
    batches: list[tuple[int, ...]] = []
    batch: list[int] = []
    widest, count = 0, 0
    for index in order:
        size = len(questions[index])
        if batch and (count + size) * widest > budget:
            batches.append(tuple(batch))
            batch, count = [], 0
        if not batch:
            widest = lengths[index]
        batch.append(index)
        count += size
    return [*batches, tuple(batch)] if batch else batches
