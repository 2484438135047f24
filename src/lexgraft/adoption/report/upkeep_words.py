"""What upkeep comes to in words: break-even, tokens alone, what is missing; rows for a terminal."""

from lexgraft.adoption.report.formats import amount_range, rough_amount, share
from lexgraft.adoption.report.report_words import LANGUAGES, named, say
from lexgraft.adoption.report.upkeep_record import Upkeep
from lexgraft.adoption.upkeep.break_even import BreakEven
from lexgraft.adoption.upkeep.components import REQUESTS
from lexgraft.adoption.upkeep.option_costs import Amount, OptionCost

Words = dict[str, str]
_ALWAYS = 0.01  # share of draws below which "never" is not worth a word


def number(value: float) -> str:
    """Return a figure to three digits: `40,000`, `0.15`, `12.4`."""
    rounded = float(f"{value:.3g}")
    text = f"{rounded:,.0f}" if abs(rounded) >= 100 else f"{rounded:g}"
    return text.replace("-", "−")


def crossing_words(crossing: BreakEven) -> Words:
    """Return from how many requests an option pays, or why that cannot be said."""
    return {language: _crossing(crossing, language) for language in LANGUAGES}


def _crossing(crossing: BreakEven, language: str) -> str:
    if crossing.missing:
        lines = say("list_joint", language).join(named(key, language) for key in crossing.missing)
        return say("break_even_open", language, lines=lines)
    requests_at = crossing.requests
    if requests_at is None:
        return say("break_even_never", language)
    text = f"{number(requests_at.value)} [{number(requests_at.low)}, {number(requests_at.high)}]"
    sentence = say("break_even_at", language, requests=text)
    if crossing.never < _ALWAYS:
        return sentence
    never = say("break_even_share", language, share=share(crossing.never))
    return f"{sentence}{say('list_joint', language)}{never}"


def tokens_alone(record: Upkeep) -> Words | None:
    """Return whether tokens alone would justify weights of one's own; None: it cannot be said."""
    requests = next((figure for figure in record.quantities if figure.key == REQUESTS), None)
    comparable = (c for c in record.crossings if c.without and not c.missing)
    crossing = next(comparable, None)
    if requests is None or crossing is None:
        return None
    requests_at = crossing.requests
    if requests_at is None:
        key, threshold = "tokens_alone_never", ""
    else:
        threshold = number(requests_at.value)
        key = "tokens_alone_yes" if requests.low >= requests_at.value else "tokens_alone_no"
    return {
        language: say(
            key,
            language,
            option=named(f"option {crossing.option}", language),
            requests=number(requests.value),
            crossing=threshold,
        )
        for language in LANGUAGES
    }


def missing_lines(record: Upkeep) -> tuple[str, ...]:
    """Return the figures and measurements that any option lacks."""
    lacking = [key for cost in record.options for key in cost.missing]
    if record.horizon_months is None:
        lacking.append("business.horizon_months")
    return tuple(dict.fromkeys(lacking))


def cost_rows(record: Upkeep, language: str) -> list[list[str]]:
    """Return what each option costs, heads first."""
    months = record.horizon_months
    over = (
        say("upkeep_horizon", language, months=f"{months:g}")
        if months
        else say("upkeep_no_horizon", language)
    )
    keys = ("first_option", "first_once", "first_year")
    rows = [[*(say(key, language) for key in keys), over]]
    rows += [
        [
            named(f"option {cost.option}", language),
            *(
                _sum(cost, value, record.currency, language)
                for value in (cost.once, cost.year, cost.horizon)
            ),
        ]
        for cost in record.options
    ]
    return rows


def _sum(cost: OptionCost, value: Amount | None, currency: str, language: str) -> str:
    if value is None:
        return say("first_not_given", language)
    ends = amount_range(value.low, value.high, currency)
    text = f"{rough_amount(value.value, currency)} {ends}".rstrip()
    return text if cost.complete else say("first_at_least", language, amount=text)


def crossing_rows(record: Upkeep, language: str) -> list[list[str]]:
    """Return from how many requests options pay, heads first."""
    rows = [[say("first_option", language), say("measure", language), "n"]]
    for crossing in record.crossings:
        names = {
            "option": named(f"option {crossing.option}", language),
            "rival": named(f"option {crossing.rival}", language),
        }
        what = "break_even_tokens" if crossing.without else "break_even_all"
        rows.append(
            [
                say("break_even_row", language, **names),
                say(what, language),
                crossing_words(crossing)[language],
            ]
        )
    return rows


def lever_rows(record: Upkeep, language: str) -> list[list[str]]:
    """Return what decides, heads first."""
    keys = ("upkeep_figure", "tornado_turned", "tornado_bar")
    rows = [[say(key, language) for key in keys]]
    rows += [
        [
            named(lever.key, language),
            f"{number(lever.low)} – {number(lever.high)}",
            " … ".join(rough_amount(end, record.currency) for end in (lever.at_low, lever.at_high)),
        ]
        for lever in record.levers
    ]
    return rows
