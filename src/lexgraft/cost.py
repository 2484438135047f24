"""Bytes, hours, money and statistical power of a stage before it runs (pure)."""

from collections.abc import Iterable
from math import ceil, sqrt
from statistics import NormalDist

from msgspec import Struct

from lexgraft.project import Prices
from lexgraft.records import Cost, Item

SPACED_CHARACTERS_PER_TOKEN = 4.0
DENSE_CHARACTERS_PER_TOKEN = 1.6
FIRST_DENSE = 0x2E80  # the first CJK block of Unicode


class Work(Struct, frozen=True, forbid_unknown_fields=True):
    """What a stage has to compute: token positions run, rows projected on the vocabulary."""

    tokens: int
    rows: int
    training: bool = False

    def __add__(self, other: "Work") -> "Work":
        return Work(self.tokens + other.tokens, self.rows + other.rows, self.training)

    def times(self, factor: float) -> "Work":
        """Return this work done `factor` times."""
        return Work(round(self.tokens * factor), round(self.rows * factor), self.training)


def tokens_of(text: str) -> int:
    """Return a rough token count: 4 characters a token, 1.6 in scripts without spaces."""
    dense = sum(ord(character) >= FIRST_DENSE for character in text)
    spaced = len(text) - dense
    return max(1, ceil(spaced / SPACED_CHARACTERS_PER_TOKEN + dense / DENSE_CHARACTERS_PER_TOKEN))


def work_of_items(items: Iterable[Item]) -> Work:
    """Return the work of asking items once, each context shared by its options."""
    tokens = rows = 0
    for item in items:
        options = sum(tokens_of(option) for option in item.options)
        tokens += tokens_of(item.context) + 2 * options
        rows += 2 * options
    return Work(tokens, rows)


def operations(work: Work, body: int, head: int) -> float:
    """Return multiply-adds × 2 for this work on a decoder of so many parameters.

    A training step costs three forwards of the body and two of a frozen head.
    """
    passes, heads = (3, 2) if work.training else (1, 1)
    return 2.0 * (passes * work.tokens * body + heads * work.rows * head)


def estimate(work: Work, *, body: int, head: int, rate: float, prices: Prices) -> Cost:
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


def smallest_difference(
    n: int, changing: float = 0.2, *, alpha: float = 0.05, power: float = 0.8
) -> float:
    """Return the smallest paired difference that n concepts show with this power.

    Connor 1987 (Biometrics 43): n = (z_a √p + z_b √(p − d²))² / d², solved for d by bisection;
    `changing` p is the share of concepts on which two models differ.
    """
    upper = NormalDist().inv_cdf(1 - alpha / 2)
    lower = NormalDist().inv_cdf(power)
    small, large = 0.0, changing
    for _ in range(60):
        middle = (small + large) / 2
        need = (upper * sqrt(changing) + lower * sqrt(changing - middle**2)) ** 2 / middle**2
        small, large = (middle, large) if need > n else (small, middle)
    return large


def concepts_for(difference: float, changing: float = 0.2, *, alpha: float = 0.05) -> int:
    """Return how many concepts show this paired difference with 80 % power (Connor 1987)."""
    return next(
        n
        for n in (round(10 * 1.05**step) for step in range(300))
        if smallest_difference(n, max(changing, difference), alpha=alpha) <= difference
    )
