"""What options cost to keep, by what a report measured and what its user gave: one record."""

from collections.abc import Iterator

from msgspec import Struct

from lexgraft.adoption.report.options import OptionFacts, examined_option, options_of
from lexgraft.adoption.report.report_record import Report
from lexgraft.adoption.upkeep.break_even import (
    BreakEven,
    Lever,
    Sensitivity,
    break_even,
    levers,
    payback,
    sensitivity,
)
from lexgraft.adoption.upkeep.components import WITH_GLOSSARY
from lexgraft.adoption.upkeep.option_costs import DRAWS, Amount, OptionCost, option_costs
from lexgraft.adoption.upkeep.quantities import (
    Quantity,
    figures_of,
    measured_count,
    measured_score,
    measured_wrong,
)
from lexgraft.business import Option

MADE_BY: dict[Option, tuple[str, ...]] = {
    "merge": ("headroom", "learn", "merge", "measure"),
    "merge_glossary": ("headroom", "learn", "merge", "measure", "glossary"),
    "tune": ("headroom", "learn", "merge", "measure", "tune"),
}
"""The stages whose time it takes to make an option's weights, choice and judgement included."""
RIVAL: Option = "keep"
"""What every option is set against."""
_LAST: dict[Option, str] = {"merge": "merge", "merge_glossary": "glossary", "tune": "tune"}


class Upkeep(Struct, frozen=True, forbid_unknown_fields=True):
    """What each option costs, what decides it, and what it all rests on."""

    currency: str
    horizon_months: float | None
    seed: int
    draws: int
    quantities: tuple[Quantity, ...]
    options: tuple[OptionCost, ...]
    compared: tuple[Option, Option]  # whose difference the levers move
    levers: tuple[Lever, ...]
    payback: Amount | None  # months until the first of the two has paid its set-up; None: open
    crossings: tuple[BreakEven, ...]
    prices: tuple[Sensitivity, ...]  # costs at other prices of tokens

    def cost(self, option: Option) -> OptionCost | None:
        """Return what one option costs."""
        return next((cost for cost in self.options if cost.option == option), None)


def upkeep_of(report: Report) -> Upkeep:
    """Return what the options of a report cost; the same report gives the same figures."""
    facts = options_of(report)
    quantities = {quantity.key: quantity for quantity in _quantities(report, facts)}
    options: list[Option] = [fact.option for fact in facts]
    made: list[Option] = [fact.option for fact in facts if fact.option in MADE_BY and fact.measured]
    examined, rival = examined_option(report), RIVAL
    crossings = [break_even(option, "keep", quantities, report.seed) for option in made]
    crossings += [
        break_even(option, "glossary", quantities, report.seed, ("wrong terms",))
        for option in made
        if option not in WITH_GLOSSARY
    ]
    return Upkeep(
        report.business.currency or "",
        report.business.horizon_months,
        report.seed,
        DRAWS,
        tuple(quantities.values()),
        option_costs(quantities, report.seed, options),
        (examined, rival),
        levers(examined, rival, quantities),
        payback(examined, rival, quantities, report.seed),
        tuple(crossings),
        sensitivity([option for option in options if option in WITH_GLOSSARY], quantities),
    )


def _quantities(report: Report, facts: tuple[OptionFacts, ...]) -> Iterator[Quantity]:
    """Yield the user's figures, then what was measured: seconds, tokens, terms gone wrong."""
    yield from figures_of(report.business).values()
    seconds = {stage.stage: stage.cost.seconds for stage in report.run.stages}
    for option, stages in MADE_BY.items():
        if _LAST[option] in seconds:
            spent = sum(seconds.get(stage, 0.0) for stage in stages)
            yield measured_count(f"measured.seconds.{option}", spent)
    if "tune" in seconds:
        yield measured_count("measured.lesson_seconds", seconds["tune"])
    if report.entry_tokens is not None:
        yield measured_score("measured.entry_tokens", report.entry_tokens, report.alpha)
    for fact in facts:
        if fact.written is not None:
            yield measured_wrong(f"measured.wrong.{fact.option}", fact.written, report.alpha)
