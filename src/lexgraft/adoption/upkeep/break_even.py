"""From how many requests a month one option is cheaper than another; what decides it (pure)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct, structs

from lexgraft.adoption.upkeep.components import (
    HORIZON,
    REQUESTS,
    Component,
    ComponentName,
    lines_of,
)
from lexgraft.adoption.upkeep.option_costs import Amount, draws_of, total_of
from lexgraft.adoption.upkeep.quantities import Quantities, Quantity, measured_count
from lexgraft.business import Option

_LEAST_EVER = 0.025  # share of draws with a break-even, below which there is none


class BreakEven(Struct, frozen=True, forbid_unknown_fields=True):
    """From how many requests a month `option` costs less than `rival`, over the horizon."""

    option: Option
    rival: Option
    without: tuple[ComponentName, ...]  # lines that were left out on both sides
    requests: Amount | None  # None: never, or something is open
    never: float  # share of the draws in which no number of requests makes it cheaper
    missing: tuple[str, ...] = ()


class Lever(Struct, frozen=True, forbid_unknown_fields=True):
    """By how much the difference of two options moves with one quantity: a bar of the tornado."""

    key: str
    low: float  # the quantity's ends
    high: float
    at_low: float  # the difference there
    at_high: float
    exact: bool  # a single figure, turned up and down by a fifth

    @property
    def span(self) -> float:
        """The distance between both ends."""
        return abs(self.at_high - self.at_low)


class Sensitivity(Struct, frozen=True, forbid_unknown_fields=True):
    """What an option costs over the horizon at another price of tokens."""

    price: float  # of a million tokens
    option: Option
    value: float


def break_even(
    option: Option,
    rival: Option,
    quantities: Quantities,
    seed: int,
    without: tuple[ComponentName, ...] = (),
) -> BreakEven:
    """Return from how many requests a month an option is cheaper than its rival.

    Costs are linear in requests: fixed + slope × requests. The option is cheaper from
    (fixed − rival's fixed) / (rival's slope − slope) on, if its slope is less.
    """
    figures = {**quantities, REQUESTS: measured_count(REQUESTS, 1.0)}
    sides = [
        [line for line in lines_of(side, figures) if line.name not in without]
        for side in (option, rival)
    ]
    missing = dict.fromkeys(key for side in sides for line in side for key in line.missing(figures))
    if HORIZON not in figures:
        missing[HORIZON] = None
    if missing:
        return BreakEven(option, rival, without, None, 1.0, tuple(missing))
    draws = draws_of(figures, seed)
    value = _crossing(sides, draws.likely)
    drawn = np.atleast_1d(np.asarray(_crossing(sides, draws.drawn)))
    ever = drawn[np.isfinite(drawn)]
    never = 1 - len(ever) / len(drawn)
    if not np.isfinite(value) or len(ever) < _LEAST_EVER * len(drawn):
        return BreakEven(option, rival, without, None, float(never))
    low, high = np.percentile(ever, (2.5, 97.5))
    return BreakEven(
        option, rival, without, Amount(float(value), float(low), float(high)), float(never)
    )


def _crossing(sides: Sequence[Sequence[Component]], values: Mapping[str, Any]) -> Any:
    """Return the requests at which both sides cost the same; infinite where the first never does.

    0 where the first side costs less already without any request.
    """
    fixed, slopes = [], []
    for side in sides:
        per_request = [line for line in side if REQUESTS in line.factors]
        fixed_lines = [line for line in side if REQUESTS not in line.factors]
        fixed.append(np.asarray(total_of(fixed_lines, values, HORIZON), dtype=float))
        slopes.append(np.asarray(total_of(per_request, values, HORIZON), dtype=float))
    dearer, saved = fixed[0] - fixed[1], slopes[1] - slopes[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = np.where(saved > 0, np.maximum(dearer, 0) / saved, np.inf)
    return crossing if crossing.ndim else float(crossing)


def payback(option: Option, rival: Option, quantities: Quantities, seed: int) -> Amount | None:
    """Return after how many months an option's set-up is paid by what it saves each month.

    None where something is open, or it saves nothing at all; infinite where a draw saves nothing.
    """
    sides = [lines_of(side, quantities) for side in (option, rival)]
    if any(line.missing(quantities) for side in sides for line in side):
        return None
    draws = draws_of(quantities, seed)
    value = float(_months(sides, draws.likely))
    if not np.isfinite(value):
        return None
    drawn = np.atleast_1d(np.asarray(_months(sides, draws.drawn)))
    low, high = np.percentile(drawn, (2.5, 97.5), method="nearest")
    return Amount(value, float(low), float(high))


def _months(sides: Sequence[Sequence[Component]], values: Mapping[str, Any]) -> Any:
    """Return set-up / saving a month of the first side against the second; infinite without any."""
    once, monthly = [], []
    for side in sides:
        first = total_of([line for line in side if line.once], values, 1.0)
        each_month = total_of([line for line in side if not line.once], values, 1.0)
        once.append(np.asarray(first, dtype=float))
        monthly.append(np.asarray(each_month, dtype=float))
    dearer, saved = once[0] - once[1], monthly[1] - monthly[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(saved > 0, np.maximum(dearer, 0) / saved, np.inf)


def levers(
    option: Option, rival: Option, quantities: Quantities, limit: int = 8
) -> tuple[Lever, ...]:
    """Return what the difference (option − rival, over the horizon) hangs on most, greatest first.

    Each quantity is turned to both ends of its range with all others as they are; one that is a
    single figure by a fifth up and down. Empty where something is open.
    """
    sides = [lines_of(side, quantities) for side in (option, rival)]
    keys = dict.fromkeys(
        key for side in sides for line in side for key in (*line.factors, *line.over)
    )
    if HORIZON not in quantities or any(key not in quantities for key in keys):
        return ()
    turned = [_lever(quantities[key], sides, quantities) for key in (*keys, HORIZON)]
    turned = [lever for lever in turned if lever.span > 0]
    return tuple(sorted(turned, key=lambda lever: (-lever.span, lever.key))[:limit])


def _lever(
    quantity: Quantity, sides: Sequence[Sequence[Component]], quantities: Quantities
) -> Lever:
    values = {key: quantity.value for key, quantity in quantities.items()}
    low, high = quantity.swung()
    ends = [_difference(sides, {**values, quantity.key: end}) for end in (low, high)]
    return Lever(quantity.key, low, high, ends[0], ends[1], quantity.exact)


def _difference(sides: Sequence[Sequence[Component]], values: dict[str, float]) -> float:
    first, second = (float(total_of(side, values, HORIZON)) for side in sides)
    return first - second


PRICE = "business.token_price"


def sensitivity(
    options: Sequence[Option], quantities: Quantities, factors: Sequence[float] = (0.1, 1, 10)
) -> tuple[Sensitivity, ...]:
    """Return what options cost over the horizon at a tenth of, at, and at ten times the price."""
    if PRICE not in quantities or HORIZON not in quantities:
        return ()
    costs: list[Sensitivity] = []
    for factor in factors:
        price = quantities[PRICE].value * factor
        turned = {
            **quantities,
            PRICE: structs.replace(quantities[PRICE], value=price, low=price, high=price),
        }
        values = {key: quantity.value for key, quantity in turned.items()}
        for option in options:
            lines = [line for line in lines_of(option, turned) if not line.missing(turned)]
            costs.append(Sensitivity(price, option, float(total_of(lines, values, HORIZON))))
    return tuple(costs)
