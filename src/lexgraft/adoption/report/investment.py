"""The lines of an investment: budget and exit rules, each crossed or not, or open (pure)."""

from collections.abc import Iterator
from math import isfinite
from typing import Literal, NamedTuple

from lexgraft.adoption.report.formats import amount_range, rough_amount, share, share_text
from lexgraft.adoption.report.next_step import NextStep
from lexgraft.adoption.report.options import OptionFacts
from lexgraft.adoption.report.report_record import Report
from lexgraft.adoption.report.report_words import say
from lexgraft.adoption.report.upkeep_record import Upkeep
from lexgraft.adoption.upkeep.option_costs import Amount
from lexgraft.records import Score

Standing = Literal["kept", "crossed", "open"]
Words = dict[str, str]
_SPOKEN = ("en", "ja")


class InvestmentLine(NamedTuple):
    """One line that the user drew, and where the option stands."""

    limit: Words
    value: Words
    standing: Standing


def investment_lines(
    report: Report, examined: OptionFacts, upkeep: Upkeep, step: NextStep
) -> list[InvestmentLine]:
    """Return the lines that `business:` draws, of the option that is set against keeping G."""
    return [
        *_budgets(report, examined, upkeep, step),
        *_rules(report, examined),
        *_payback(report, upkeep),
    ]


def _budgets(
    report: Report, examined: OptionFacts, upkeep: Upkeep, step: NextStep
) -> Iterator[InvestmentLine]:
    business, currency = report.business, report.business.currency or ""
    if business.budget is not None:
        cost = upkeep.cost(examined.option)
        total = cost.horizon if cost else None
        standing = _below(total, business.budget, complete=bool(cost and cost.complete))
        limit = rough_amount(business.budget, currency)
        months = f"{business.horizon_months:g}" if business.horizon_months else "–"
        yield InvestmentLine(
            _said("line_budget", limit=limit, months=months),
            _money(total, currency, at_least=bool(cost and not cost.complete)),
            standing,
        )
    if business.step_budget is not None:
        limit = rough_amount(business.step_budget, currency)
        money = None if step.money is None else Amount(step.money, step.money, step.money)
        nothing = step.kind in {"ship", "other"}
        yield InvestmentLine(
            _said("line_step_budget", limit=limit),
            _said("next_cost_none") if nothing else _money(money, currency),
            "kept" if nothing else _below(money, business.step_budget),
        )


def _rules(report: Report, examined: OptionFacts) -> Iterator[InvestmentLine]:
    rules, counts, written = report.business.exit, examined.counts, examined.written
    if rules.acquired is not None:
        yield _least("line_acquired", rules.acquired, counts.share if counts else None)
    if rules.written is not None:
        yield _least("line_written", rules.written, written)


def _payback(report: Report, upkeep: Upkeep) -> Iterator[InvestmentLine]:
    limit = report.business.exit.payback_months
    if limit is None:
        return
    months = upkeep.payback
    value = _said("line_no_saving")
    if months is not None:
        ends = [f"{end:.0f}" if isfinite(end) else "∞" for end in (months.low, months.high)]
        value = _said("line_months", months=f"{months.value:.0f} [{', '.join(ends)}]")
    yield InvestmentLine(_said("line_payback", limit=f"{limit:g}"), value, _below(months, limit))


def _least(key: str, limit: float, found: Score | None) -> InvestmentLine:
    """Return a line that a measured share must lie above with its whole interval."""
    if found is None:
        return InvestmentLine(_said(key, limit=share(limit)), _said("first_not_measured"), "open")
    kept, crossed = found.low >= limit, found.high < limit
    standing: Standing = "kept" if kept else "crossed" if crossed else "open"
    text = share_text(found.value, found.low, found.high)
    return InvestmentLine(_said(key, limit=share(limit)), dict.fromkeys(_SPOKEN, text), standing)


def _below(value: Amount | None, limit: float, *, complete: bool = True) -> Standing:
    """Return how a cost stands to its limit; one that is not complete can only be crossed."""
    if value is None:
        return "open"
    if value.low > limit:
        return "crossed"
    return "kept" if complete and value.high <= limit else "open"


def _money(value: Amount | None, currency: str, *, at_least: bool = False) -> Words:
    if value is None:
        return _said("cost_is_open")
    text = rough_amount(value.value, currency)
    text = f"{text} {amount_range(value.low, value.high, currency)}".rstrip()
    return _said("first_at_least", amount=text) if at_least else dict.fromkeys(_SPOKEN, text)


def _said(key: str, **values: object) -> Words:
    return {language: say(key, language, **values) for language in _SPOKEN}
