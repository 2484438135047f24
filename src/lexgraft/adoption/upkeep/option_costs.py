"""What options cost over the horizon, drawn many times: sums with intervals (pure, seeded)."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct

from lexgraft.adoption.upkeep.components import HORIZON, Component, ComponentName, lines_of
from lexgraft.adoption.upkeep.quantities import Quantities
from lexgraft.business import OPTIONS, Option

DRAWS = 4000
_ENDS = (2.5, 97.5)  # per cent, of the draws


class Amount(Struct, frozen=True, forbid_unknown_fields=True):
    """A sum of money (or of anything) with the interval that 95 % of the draws lie in."""

    value: float
    low: float
    high: float


class UpkeepLine(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of an option's costs, once or a year, with what it rests on."""

    name: ComponentName
    once: bool
    amount: Amount | None  # once, or of a year; None: open
    rests_on: tuple[str, ...]  # the quantities that are multiplied
    over: tuple[str, ...] = ()  # and those that are divided by
    missing: tuple[str, ...] = ()


class OptionCost(Struct, frozen=True, forbid_unknown_fields=True):
    """What an option costs: the sum of its known lines, with all that is open beside it."""

    option: Option
    lines: tuple[UpkeepLine, ...]
    once: Amount | None  # set-up; None: no line of it is known
    year: Amount | None
    horizon: Amount | None  # over the horizon; None: no line is known, or no horizon given
    missing: tuple[str, ...]  # lines of `business:` and measurements without which it is too low

    @property
    def complete(self) -> bool:
        """Whether nothing is left open."""
        return not self.missing


class Draws(NamedTuple):
    """Values of all quantities: as they are, and drawn."""

    likely: dict[str, float]
    drawn: dict[str, np.ndarray]


def draws_of(quantities: Quantities, seed: int, draws: int = DRAWS) -> Draws:
    """Return the quantities drawn; each by its own key, so that options share their chances."""
    drawn = {
        key: quantity.drawn(np.random.default_rng(_key(seed, key)), draws)
        for key, quantity in quantities.items()
    }
    return Draws({key: quantity.value for key, quantity in quantities.items()}, drawn)


def _key(seed: int, name: str) -> int:
    return int.from_bytes(sha256(f"{seed} {name}".encode()).digest()[:8], "big")


def option_costs(
    quantities: Quantities, seed: int, options: Sequence[Option] = OPTIONS
) -> tuple[OptionCost, ...]:
    """Return what each option costs by these quantities."""
    draws = draws_of(quantities, seed)
    return tuple(_cost(option, quantities, draws) for option in options)


def _cost(option: Option, quantities: Quantities, draws: Draws) -> OptionCost:
    lines = lines_of(option, quantities)
    missing = dict.fromkeys(key for line in lines for key in line.missing(quantities))
    stated = [line for line in lines if not line.missing(quantities)]
    once = [line for line in stated if line.once]
    monthly = [line for line in stated if not line.once]
    horizon = stated and HORIZON in quantities
    return OptionCost(
        option,
        tuple(_line(line, quantities, draws) for line in lines),
        once=amount_of(once, draws) if once else None,
        year=amount_of(monthly, draws, 12.0) if monthly else None,
        horizon=amount_of(stated, draws, HORIZON) if horizon else None,
        missing=tuple(missing),
    )


def _line(line: Component, quantities: Quantities, draws: Draws) -> UpkeepLine:
    missing = line.missing(quantities)
    amount = None if missing else amount_of([line], draws, 1.0 if line.once else 12.0)
    return UpkeepLine(line.name, line.once, amount, line.factors, line.over, missing)


def amount_of(lines: Sequence[Component], draws: Draws, months: float | str = 1.0) -> Amount:
    """Return the sum of lines, those of each month so many times; a key names drawn months."""
    value = total_of(lines, draws.likely, months)
    drawn = np.asarray(total_of(lines, draws.drawn, months))
    if drawn.ndim == 0:
        return Amount(float(value), float(value), float(value))
    return amount_in(float(value), drawn)


def amount_in(value: float, drawn: np.ndarray) -> Amount:
    """Return a value with the interval of its draws."""
    low, high = np.percentile(drawn, _ENDS)
    return Amount(value, float(low), float(high))


def total_of(lines: Sequence[Component], values: Mapping[str, Any], months: float | str) -> Any:
    """Return the sum of lines by these values: numbers, or arrays of draws."""
    times = values[months] if isinstance(months, str) else months
    return sum(line.value(values) * (1.0 if line.once else times) for line in lines)
