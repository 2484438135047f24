"""The section on what it costs to keep: costs, break-even, tornado, prices, origins."""

from functools import partial

from lexgraft.adoption.report.figures import (
    FigureRow,
    FigureScale,
    interval,
    line,
    percent,
    scale_over,
    upright,
)
from lexgraft.adoption.report.formats import ABSENT, amount, amount_range, rough_amount, share
from lexgraft.adoption.report.markup import Html, both, element, fit, join, word
from lexgraft.adoption.report.page_parts import name, section, table, unfold
from lexgraft.adoption.report.report_record import Report
from lexgraft.adoption.report.report_words import named
from lexgraft.adoption.report.upkeep_record import Upkeep, upkeep_of
from lexgraft.adoption.report.upkeep_words import (
    crossing_words,
    missing_lines,
    number,
    tokens_alone,
)
from lexgraft.adoption.upkeep.break_even import Lever
from lexgraft.adoption.upkeep.option_costs import Amount, OptionCost, UpkeepLine
from lexgraft.adoption.upkeep.quantities import Quantity


def upkeep(report: Report) -> Html:
    """Return the section; nothing is there that rests on no measurement or line of the user's."""
    record = upkeep_of(report)
    note = word("upkeep_note", draws=f"{record.draws:,}")
    content: list[Html] = []
    if not any(cost.once or cost.year for cost in record.options):
        content.append(element("p", word("upkeep_nothing"), class_="nothing"))
    else:
        content += [element("h3", word("upkeep_costs")), _costs(record)]
        if sentence := tokens_alone(record):
            content.append(element("p", both(sentence), class_="said"))
        content += [*_crossings(record), *_tornado(record), *_prices(record)]
        content.append(unfold(word("upkeep_lines"), _lines(record)))
    if missing := missing_lines(record):
        names = (element("li", name(key), " ", element("code", key)) for key in missing)
        content.append(unfold(word("upkeep_lacks"), element("ul", *names)))
    if record.quantities:
        content.append(unfold(word("upkeep_figures"), _figures(record)))
    return section("upkeep", *content, note=note)


def _costs(record: Upkeep) -> Html:
    """Return what each option costs once, a year and over the horizon, with a picture of that."""
    totals = [cost.horizon for cost in record.options if cost.horizon]
    scale = scale_over([0.0, *(end for total in totals for end in (total.low, total.high))])
    rows = [
        (
            name(f"option {cost.option}"),
            _drawn(cost.horizon, scale),
            _sum(cost, cost.horizon, record.currency),
            fit(ABSENT) if cost.option == "keep" else _sum(cost, cost.once, record.currency),
            _sum(cost, cost.year, record.currency),
        )
        for cost in record.options
    ]
    months = record.horizon_months
    over = word("upkeep_horizon", months=f"{months:g}") if months else word("upkeep_no_horizon")
    heads = [word("first_option"), fit(""), over, word("first_once"), word("first_year")]
    heads[1] = _axis(scale) if totals else fit("")
    return table(heads, rows, numbers=3, kind="costs-table plain")


def _drawn(total: Amount | None, scale: FigureScale) -> Html:
    if total is None:
        return fit("")
    row = FigureRow(fit(""), total.value, total.low, total.high, fit(""))
    return interval(row, scale, difference=False)


def _axis(scale: FigureScale) -> Html:
    labels = (
        element("text", number(tick), x=percent(scale.at(tick)), y="12") for tick in scale.ticks
    )
    return element("svg", *labels, class_="axis", aria_hidden="true")


def _sum(cost: OptionCost, value: Amount | None, currency: str) -> Html:
    if value is None:
        return element("span", word("first_not_given"), class_="quiet")
    text = rough_amount(value.value, currency)
    money = fit(text) if cost.complete else word("first_at_least", amount=text)
    ends = _range(value, currency)
    return join(money, element("small", ends)) if ends else money


def _range(value: Amount, currency: str) -> str:
    return amount_range(value.low, value.high, currency)


def _crossings(record: Upkeep) -> list[Html]:
    if not record.crossings:
        return []
    rows = [
        (
            word(
                "break_even_row",
                option=partial(named, f"option {crossing.option}"),
                rival=partial(named, f"option {crossing.rival}"),
            ),
            word("break_even_tokens" if crossing.without else "break_even_all"),
            both(crossing_words(crossing)),
        )
        for crossing in record.crossings
    ]
    heads = [word("first_option"), word("measure"), word("usage_requests")]
    return [element("h3", word("break_even")), table(heads, rows)]


def _tornado(record: Upkeep) -> list[Html]:
    """Return the bars of what decides, greatest first; the numbers stand beside them."""
    if not record.levers:
        return []
    names = {
        key: partial(named, f"option {option}")
        for key, option in zip(("option", "rival"), record.compared, strict=True)
    }
    ends = [end for lever in record.levers for end in (lever.at_low, lever.at_high)]
    scale = scale_over([0.0, *ends])
    rows = [
        (
            name(lever.key),
            fit(f"{number(lever.low)} – {number(lever.high)}"),
            _bar(lever, scale),
            fit(
                f"{rough_amount(lever.at_low, record.currency)} … "
                f"{rough_amount(lever.at_high, record.currency)}"
            ),
        )
        for lever in record.levers
    ]
    heads = [word("upkeep_figure"), word("tornado_turned"), _axis(scale), word("tornado_bar")]
    return [
        element("h3", word("tornado", **names)),
        element("p", word("tornado_note", **names), class_="note"),
        table(heads, rows, numbers=1, kind="tornado plain"),
    ]


def _bar(lever: Lever, scale: FigureScale) -> Html:
    ends = sorted((scale.at(lever.at_low), scale.at(lever.at_high)))
    return element(
        "svg",
        upright(scale.at(0.0), "zero"),
        line((ends[0], ends[1]), ("50%", "50%"), "bar"),
        class_="interval",
        aria_hidden="true",
    )


def _prices(record: Upkeep) -> list[Html]:
    """Return what options cost at other prices of tokens."""
    if not record.prices:
        return []
    prices = list(dict.fromkeys(cost.price for cost in record.prices))
    options = list(dict.fromkeys(cost.option for cost in record.prices))
    values = {(cost.option, cost.price): cost.value for cost in record.prices}
    rows = [
        (
            name(f"option {option}"),
            *(fit(rough_amount(values[option, price], record.currency)) for price in prices),
        )
        for option in options
    ]
    heads = [word("first_option"), *(fit(amount(price, record.currency)) for price in prices)]
    return [
        element("h3", word("sensitivity")),
        element("p", word("sensitivity_note"), class_="note"),
        table(heads, rows, numbers=len(prices)),
    ]


def _lines(record: Upkeep) -> Html:
    """Return every line of every option with the figures it rests on, or lacks."""
    rows = [
        (
            name(f"option {cost.option}"),
            join(
                name(f"cost {entry.name}"),
                element("small", word("upkeep_once" if entry.once else "upkeep_yearly")),
            ),
            _rests_on(entry),
            fit(ABSENT)
            if entry.amount is None
            else join(
                fit(rough_amount(entry.amount.value, record.currency)),
                element("small", _range(entry.amount, record.currency)),
            ),
        )
        for cost in record.options
        for entry in cost.lines
    ]
    keys = ("first_option", "upkeep_line", "upkeep_rests", "upkeep_amount")
    return table([word(key) for key in keys], rows, numbers=1)


def _rests_on(cost: UpkeepLine) -> Html:
    """Return the figures that a line is the product of, and which of them are missing."""
    products: list[Html] = []
    for sign, keys in ((" × ", cost.rests_on), (" ÷ ", cost.over)):
        for key in keys:
            products.append(join(sign if products else "", name(key)))
            if key in cost.missing:
                lacking = "first_not_given" if key.startswith("business.") else "first_not_measured"
                products.append(element("span", " (", word(lacking), ")", class_="quiet"))
    return join(*products)


def _figures(record: Upkeep) -> Html:
    rows = [
        (
            join(name(quantity.key), element("small", element("code", quantity.key))),
            word("origin_measured" if quantity.origin == "measured" else "origin_yours"),
            fit(_value(quantity)),
            fit(str(quantity.n) if quantity.n else ""),
        )
        for quantity in record.quantities
    ]
    keys = ("upkeep_figure", "upkeep_origin", "upkeep_value", "n")
    return table([word(key) for key in keys], rows, numbers=2)


def _value(quantity: Quantity) -> str:
    if quantity.most == 1:
        text = share(quantity.value)
        ends = f" [{quantity.low * 100:.1f}, {quantity.high * 100:.1f}]"
    else:
        text = number(quantity.value)
        ends = f" [{number(quantity.low)}, {number(quantity.high)}]"
    return text if quantity.exact else text + ends
