"""Numbers as a reader likes them: shares, points, intervals, time, memory, money."""

import re
from collections.abc import Sequence
from math import isfinite

from lexgraft.evaluation.measures import ABILITY, ADVANCE_KEPT, BITS
from lexgraft.records import Cost

ABSENT = "–"
_WRITTEN = re.compile(r"(\D{0,8})1(\D?)234(\D\d{1,3})?(\D{0,8})")
_CENTS = re.compile(r"[.,]0{1,2}(?!\d)")
_SIGNS = re.compile(r"^[^\d<>−]+|\D+$|(?<=[−])\D+|(?<=[<>] )[^\d−]+")
_WHOLE = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
"""Currencies without a smaller unit (ISO 4217)."""
_LARGEST = 999e9  # of a sum that is written out: beyond it a line of `business:` is a slip
_RELATIVE = frozenset({ABILITY, ADVANCE_KEPT, BITS, "general loss"})


def share(value: float) -> str:
    """Return a share as a percentage, `63.4 %`."""
    return f"{value * 100:.1f} %" if isfinite(value) else ABSENT


def points(value: float, unit: str = "pt") -> str:
    """Return a difference with its sign, `+6.3 pt` or `+6.3 %`; a true minus sign."""
    return f"{signed(value)} {unit}" if isfinite(value) else ABSENT


def signed(value: float) -> str:
    """Return a difference of shares in hundredths with its sign, `+6.3`."""
    return f"{value * 100:+.1f}".replace("-", "−").replace("−0.0", "0.0").replace("+0.0", "0.0")


def plain(value: float, digits: int = 3) -> str:
    """Return a number with a true minus sign."""
    return f"{value:.{digits}f}".replace("-", "−") if isfinite(value) else ABSENT


def confidence(alpha: float) -> str:
    """Return the level of intervals that err in this share of cases, `95 %`."""
    return f"{100 * (1 - alpha):.4g} %"


def share_interval(low: float, high: float) -> str:
    """Return an interval of shares, `[58.0, 68.5]`."""
    return f"[{low * 100:.1f}, {high * 100:.1f}]" if isfinite(low + high) else ""


def points_interval(low: float, high: float) -> str:
    """Return an interval of differences, `[+1.2, +9.8]`; empty where it holds all there are."""
    open_ended = not isfinite(low + high) or (low <= -1 and high >= 1)  # it says nothing
    return "" if open_ended else f"[{signed(low)}, {signed(high)}]"


def unit(name: str) -> str:
    """Return the unit of a difference: bits per byte change relatively, shares by points."""
    return "%" if name.replace("_", " ") in _RELATIVE else "pt"


def difference(value: float, low: float, high: float, name: str = "") -> str:
    """Return a difference with its interval, `+6.3 pt [+1.2, +9.8]`."""
    return f"{points(value, unit(name))} {points_interval(low, high)}"


def share_text(value: float, low: float, high: float) -> str:
    """Return a share with its interval, `63.4 % [58.0, 68.5]`."""
    return f"{share(value)} {share_interval(low, high)}"


def duration(seconds: float, language: str) -> str:
    """Return a length of time in its two greatest units, `1 h 12 min`."""
    if seconds < 59.5:
        value = f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.1f}"
        return f"{value} 秒" if language == "ja" else f"{value} s"
    minutes = round(seconds / 60)
    hours, remaining = divmod(minutes, 60)
    hour, minute = (" 時間", " 分") if language == "ja" else (" h", " min")
    return f"{hours}{hour} {remaining}{minute}" if hours else f"{minutes}{minute}"


def size(count: int) -> str:
    """Return a number of bytes, `1.2 GB`."""
    value, unit = float(count), "B"
    for greater in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, greater
    return f"{value:.0f} {unit}" if value >= 100 or unit == "B" else f"{value:.1f} {unit}"


def money(cost: Cost) -> str:
    """Return a sum of money, `0.42 EUR`; a dash where no price was given."""
    return amount(cost.money, cost.currency) if cost.money else ABSENT


def amount(value: float, currency: str) -> str:
    """Return a sum as the currency is written: a name, or the sum 1234.5 written in its way.

    >>> amount(1234.5, "EUR"), amount(1234.5, "JPY"), amount(0.003, "1.234,50 €")
    ('1,234.50 EUR', '1,234 JPY', '< 0,01 €')
    """
    written = _WRITTEN.fullmatch(currency)
    if written is None:
        head, thousands, point, tail = "", ",", ".", f" {currency}".rstrip()
        digits = 0 if currency in _WHOLE else 2
    else:
        head, thousands, decimals, tail = written.group(1, 2, 3, 4)
        point, digits = (decimals or " ")[0], len((decimals or " ")[1:])
    least, below = 10.0**-digits, ""
    if 0 < abs(value) < least:
        value, below = least if value > 0 else -least, "< " if value > 0 else "> "
    text = f"{abs(value):,.{digits}f}".replace(",", "\0").replace(".", point)
    sign = "−" if value < 0 and float(f"{value:.{digits}f}") else ""
    return f"{below}{sign}{head}{text.replace(chr(0), thousands)}{tail}"


def amount_range(low: float, high: float, currency: str) -> str:
    """Return the interval of a sum without its currency, `[8,710 – 40,400]`; none: nothing."""
    ends = [_SIGNS.sub("", rough_amount(end, currency)) for end in (low, high)]
    return "" if ends[0] == ends[1] else f"[{' – '.join(ends)}]"


def rough_amount(value: float, currency: str) -> str:
    """Return a sum to three digits, for what is not known more closely: `12,300 EUR`.

    >>> rough_amount(12345, "EUR"), rough_amount(7.512e23, "EUR")
    ('12,300 EUR', '> 999,000,000,000 EUR')
    """
    if not isfinite(value):
        return ABSENT
    if abs(value) > _LARGEST:
        most = rough_amount(_LARGEST, currency)
        return f"> {most}" if value > 0 else f"< −{most}"
    rounded = float(f"{value:.3g}")
    text = amount(rounded, currency)
    whole = abs(rounded) >= 100 and _CENTS.search(text)
    return text[: whole.start()] + text[whole.end() :] if whole else text


def spending(cost: Cost, language: str) -> str:
    """Return time and money in one phrase, `38 min, 0.42 EUR`."""
    time = duration(cost.seconds, language)
    if not cost.money:
        return time
    return f"{time}、{money(cost)}" if language == "ja" else f"{time}, {money(cost)}"


def total(costs: Sequence[Cost]) -> Cost:
    """Return the sum of costs; of memory the greatest."""
    return Cost(
        sum(cost.seconds for cost in costs),
        max((cost.peak_bytes for cost in costs), default=0),
        sum(cost.money for cost in costs),
        next((cost.currency for cost in costs if cost.currency), ""),
    )
