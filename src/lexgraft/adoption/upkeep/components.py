"""What each option's costs are made of: products of quantities, one line each (pure).

cost(option, horizon) = set-up + months × (review of new terms + lessons again + upgrades of the
base + serving + the glossary's tokens + wrong terms). A line whose quantities are not all known is
left open, and what it lacks is named; a line that an option does not have is not there.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from lexgraft.adoption.upkeep.quantities import Quantities
from lexgraft.business import OPTIONS, Option

ComponentName = Literal[
    "setup machine",
    "setup people",
    "review",
    "lesson machine",
    "lesson people",
    "upgrade machine",
    "upgrade people",
    "upgrade verification",
    "serving",
    "requests",
    "prompt tokens",
    "wrong terms",
]

WITH_WEIGHTS: frozenset[Option] = frozenset({"merge", "merge_glossary", "tune"})
"""Options whose weights are made, and made again when the base changes."""
WITH_GLOSSARY: frozenset[Option] = frozenset({"merge_glossary", "glossary"})
_OWN: frozenset[Option] = frozenset(
    {"keep", "donor", "base", "merge", "merge_glossary", "glossary", "tune"}
)
_REVIEWED: frozenset[Option] = frozenset({"merge_glossary", "glossary", "tune"})
_ALL: frozenset[Option] = frozenset(OPTIONS)
HORIZON = "business.horizon_months"
REQUESTS = "business.usage.requests"
HIT = (REQUESTS, "business.usage.hit_rate", "business.usage.terms_per_hit")
_ENGINEER, _REVIEWER = "business.people.engineer_hour", "business.people.terminologist_hour"
_HOUR = "business.machine_hour"


class Component(NamedTuple):
    """One line of an option's costs: scale × the product of `factors` / the product of `over`."""

    name: ComponentName
    options: frozenset[Option]
    factors: tuple[str, ...]
    over: tuple[str, ...] = ()
    scale: float = 1.0
    once: bool = False  # at the beginning, not each month

    def of(self, option: Option, worth: str) -> "Component":
        """Return this line for one option: `{option}` and the like in its keys are filled in."""
        wrong = "business.api.wrong_terms" if option == "api" else f"measured.wrong.{option}"
        filled = (key.format(option=option, wrong=wrong, worth=worth) for key in self.factors)
        return self._replace(factors=tuple(filled))

    def missing(self, quantities: Quantities) -> tuple[str, ...]:
        """Return the quantities that are not known."""
        return tuple(key for key in (*self.factors, *self.over) if key not in quantities)

    def value(self, values: Mapping[str, Any]) -> Any:
        """Return the sum, of a line that comes each month for one month.

        `values` are numbers by key, or arrays of as many draws of each.
        """
        result = self.scale
        for key in self.factors:
            result = result * values[key]
        for key in self.over:
            result = result / values[key]
        return result


COMPONENTS: tuple[Component, ...] = (
    Component(
        "setup machine", WITH_WEIGHTS, ("measured.seconds.{option}", _HOUR), (), 1 / 3600, once=True
    ),
    Component(
        "setup people",
        frozenset(OPTIONS[1:]),
        ("business.setup_hours.{option}", _ENGINEER),
        once=True,
    ),
    Component(
        "review",
        _REVIEWED,
        ("business.changes.new_terms", "business.people.review_minutes", _REVIEWER),
        (),
        1 / 60,
    ),
    Component(
        "lesson machine",
        frozenset({"tune"}),
        ("measured.lesson_seconds", _HOUR),
        ("business.changes.lesson_months",),
        1 / 3600,
    ),
    Component(
        "lesson people",
        frozenset({"tune"}),
        ("business.people.release_hours", _ENGINEER),
        ("business.changes.lesson_months",),
    ),
    Component(
        "upgrade machine",
        WITH_WEIGHTS,
        ("measured.seconds.{option}", _HOUR),
        ("business.changes.base_months",),
        1 / 3600,
    ),
    Component(
        "upgrade people",
        WITH_WEIGHTS,
        ("business.people.release_hours", _ENGINEER),
        ("business.changes.base_months",),
    ),
    Component(
        "upgrade verification",
        WITH_WEIGHTS | WITH_GLOSSARY,
        ("business.people.verification_hours", _REVIEWER),
        ("business.changes.base_months",),
    ),
    Component("serving", _OWN, ("business.serving_month",)),
    Component("requests", frozenset({"api"}), (REQUESTS, "business.api.request")),
    Component(
        "prompt tokens",
        WITH_GLOSSARY,
        (*HIT, "measured.entry_tokens", "business.token_price"),
        (),
        1e-6,
    ),
    Component("wrong terms", _ALL, (*HIT, "{wrong}", "{worth}")),
)


def lines_of(option: Option, quantities: Quantities) -> Sequence[Component]:
    """Return the lines of an option's costs."""
    right = "business.right_term" in quantities
    worth = "business.right_term" if right else "business.wrong_term"
    return [line.of(option, worth) for line in COMPONENTS if option in line.options]
