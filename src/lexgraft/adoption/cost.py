"""Bytes, hours, money and statistical power of a stage before it runs (pure)."""

from collections.abc import Iterable

from msgspec import Struct

from lexgraft.project import Prices
from lexgraft.records import Cost, Item
from lexgraft.terms.text.token_estimate import tokens_of


class ComputeWork(Struct, frozen=True, forbid_unknown_fields=True):
    """What a stage has to compute: token positions run, rows projected on the vocabulary."""

    tokens: int
    rows: int
    training: bool = False

    def __add__(self, other: "ComputeWork") -> "ComputeWork":
        return ComputeWork(self.tokens + other.tokens, self.rows + other.rows, self.training)

    def times(self, factor: float) -> "ComputeWork":
        """Return this work done `factor` times."""
        return ComputeWork(round(self.tokens * factor), round(self.rows * factor), self.training)


def work_of_items(items: Iterable[Item]) -> ComputeWork:
    """Return the work of asking items once, each context shared by its options."""
    tokens = rows = 0
    for item in items:
        options = sum(tokens_of(option) for option in item.options)
        tokens += tokens_of(item.context) + 2 * options
        rows += 2 * options
    return ComputeWork(tokens, rows)


def operations(work: ComputeWork, body: int, head: int) -> float:
    """Return multiply-adds × 2 for this work on a decoder of so many parameters.

    A training step costs three forwards of the body and two of a frozen head.
    """
    passes, heads = (3, 2) if work.training else (1, 1)
    return 2.0 * (passes * work.tokens * body + heads * work.rows * head)


def estimate(work: ComputeWork, *, body: int, head: int, rate: float, prices: Prices) -> Cost:
    """Return the expected cost at `rate` operations a second."""
    seconds = operations(work, body, head) / rate
    return Cost(seconds, 0, seconds / 3600 * prices.per_hour, prices.currency)


def sum_costs(costs: Iterable[Cost], currency: str = "") -> Cost:
    """Return seconds and money added up, and the highest peak of memory."""
    given = tuple(costs)
    return Cost(
        sum(cost.seconds for cost in given),
        max((cost.peak_bytes for cost in given), default=0),
        sum(cost.money for cost in given),
        currency,
    )
