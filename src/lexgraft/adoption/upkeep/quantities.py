"""Every number that costs rest on, with where it comes from and how far it may be off (pure)."""

from collections.abc import Mapping
from math import inf
from statistics import NormalDist
from typing import Literal

import numpy as np
from msgspec import Struct

from lexgraft.business import Business
from lexgraft.records import Score

SWING = 0.2
"""By which a single figure of the user's is turned up and down to see how much hangs on it."""
_SHARES = frozenset({"business.usage.hit_rate", "business.api.wrong_terms"})
_Z95 = NormalDist().inv_cdf(0.975)

Origin = Literal["measured", "yours"]
"""Measured in this run, or a line of `business:`."""


class Quantity(Struct, frozen=True, forbid_unknown_fields=True):
    """A number with its range."""

    key: str  # the path of a line of `business:`, or `measured.…`
    value: float
    low: float
    high: float
    origin: Origin
    n: int = 0  # concepts, prompts or documents behind a measured one; 0: it was timed or counted

    @property
    def exact(self) -> bool:
        """Whether there is no range: a single figure of the user's, or something timed."""
        return self.low == self.value == self.high

    @property
    def most(self) -> float:
        """The greatest value there can be: a share is at most the whole."""
        return 1.0 if self.key in _SHARES or self.key.startswith("measured.wrong.") else inf

    def swung(self) -> tuple[float, float]:
        """Return the ends it is turned to: those of its range, else a fifth up and down."""
        if self.exact:
            return self.value * (1 - SWING), min(self.value * (1 + SWING), self.most)
        return self.low, self.high

    def drawn(self, generator: np.random.Generator, draws: int) -> np.ndarray:
        """Return values it may have: even over the user's range, else normal on either side."""
        if self.exact:
            return np.full(draws, self.value)
        if self.origin == "yours":
            return generator.uniform(self.low, self.high, draws)
        z = generator.standard_normal(draws)
        spread = np.where(z > 0, self.high - self.value, self.value - self.low) / _Z95
        return np.clip(self.value + z * spread, 0.0, self.most)


Quantities = Mapping[str, Quantity]


def figures_of(business: Business) -> dict[str, Quantity]:
    """Return the user's figures by the path of their line; what was not given is not there."""
    records = {
        "people": business.people,
        "usage": business.usage,
        "changes": business.changes,
        "api": business.api,
    }
    pairs: list[tuple[str, object]] = [
        (name, getattr(business, name))
        for name in (
            "horizon_months",
            "machine_hour",
            "serving_month",
            "token_price",
            "wrong_term",
            "right_term",
        )
    ]
    pairs += [(f"setup_hours.{option}", hours) for option, hours in business.setup_hours.items()]
    pairs += [
        (f"{name}.{field}", getattr(record, field))
        for name, record in records.items()
        for field in record.__struct_fields__
    ]
    quantities = (figure(f"business.{name}", value) for name, value in pairs)
    return {quantity.key: quantity for quantity in quantities if quantity is not None}


def figure(key: str, value: object) -> Quantity | None:
    """Return a line of `business:` as a quantity, of two ends with the middle between; or None."""
    if isinstance(value, tuple):
        low, high = sorted(float(end) for end in value)
        return Quantity(key, (low + high) / 2, low, high, "yours")
    if isinstance(value, int | float):
        return Quantity(key, float(value), float(value), float(value), "yours")
    return None


def measured_score(key: str, score: Score, alpha: float) -> Quantity:
    """Return a measured score, with an interval of 1 − alpha, as a quantity with one of 95 %."""
    low, high = _of_95(score, alpha)
    return Quantity(key, score.value, low, high, "measured", score.n)


def measured_wrong(key: str, right: Score, alpha: float) -> Quantity:
    """Return the share that is wrong, of a measured share that is right (1 − alpha), with 95 %."""
    low, high = _of_95(right, alpha)
    return Quantity(
        key, 1 - right.value, 1 - min(1.0, high), 1 - max(0.0, low), "measured", right.n
    )


def measured_count(key: str, value: float) -> Quantity:
    """Return something that was timed or counted."""
    return Quantity(key, value, value, value, "measured")


def _of_95(score: Score, alpha: float) -> tuple[float, float]:
    """Return both ends as a 95 % interval has them, of one of 1 − alpha."""
    factor = _Z95 / NormalDist().inv_cdf(1 - alpha / 2)
    low, high = (score.value + factor * (end - score.value) for end in (score.low, score.high))
    return low, high
