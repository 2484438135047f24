"""The table a domain expert reads: every term lost and every term gained, to be searched."""

from lexgraft.adoption.report.formats import plain
from lexgraft.adoption.report.markup import Html, element, fit, foreign, join, spoken, word
from lexgraft.adoption.report.page_parts import (
    FATE_SIGNS,
    group,
    language_pair,
    name,
    nothing,
    section,
)
from lexgraft.adoption.report.report_record import Report
from lexgraft.records import TermOutcome


def terms(report: Report) -> Html:
    """Return every lost and every gained term, lost first, the largest change first."""
    changed = [row for row in report.terms if row.fate in {"lost", "acquired"}]
    if not report.terms:
        return section("terms", nothing())
    ordered = sorted(
        changed,
        key=lambda row: (
            row.fate != "lost",
            -abs(row.margin_result - row.margin_language),
            row.direction,
            row.concept,
        ),
    )
    heads = ("fate", "term", "wanted", "direction", "margin", "known_to")
    top = element(
        "tr", *(element("th", language_pair(report, head), scope="col") for head in heads)
    )
    body = element("tbody", *(_term(row) for row in ordered))
    counts = {fate: sum(row.fate == fate for row in report.terms) for fate in FATE_SIGNS}
    return section(
        "terms",
        _search(counts, len(changed)),
        element(
            "div",
            element("table", element("thead", top), body, class_="plain", id="term-table"),
            class_="wide tall",
            tabindex="0",
            role="group",
            aria_labelledby="terms-title",
        ),
        element("p", word("terms_rest", kept=counts["kept"], never=counts["never"]), class_="note"),
        note=word("terms_note", result=report.result),
    )


def _search(counts: dict[str, int], listed: int) -> Html:
    """Return the field and the choices that filter the table; hidden where scripts do not run."""
    choices = (
        element(
            "button",
            FATE_SIGNS.get(fate, ""),
            " ",
            word("all") if fate == "all" else name(fate),
            f" {number}",
            type="button",
            data_fate=fate,
            aria_pressed="true" if fate == "all" else "false",
        )
        for fate, number in (
            ("all", listed),
            ("lost", counts["lost"]),
            ("acquired", counts["acquired"]),
        )
    )
    label = element("label", word("search"), for_="term-search")
    field = element(
        "input", type="search", id="term-search", autocomplete="off", spellcheck="false"
    )
    count = element("output", f"{listed} / {listed}", id="term-count", for_="term-search")
    buttons = element("span", *choices, class_="choices", role="group", aria_label=spoken("show"))
    return element("div", label, field, buttons, count, class_="search", role="search")


def _term(row: TermOutcome) -> Html:
    knowers = (
        ("base", row.known_base),
        ("G", row.known_language),
        ("D", row.known_domain),
        ("result", row.known_result),
    )
    who = [word("result") if who == "result" else fit(who) for who, knows in knowers if knows]
    listed = join(*(join(", " if number else "", model) for number, model in enumerate(who)))
    sign = element("span", FATE_SIGNS[row.fate], class_="sign", aria_hidden="true")
    margins = f"{plain(row.margin_language, 2)} → {plain(row.margin_result, 2)}"
    return element(
        "tr",
        element("td", element("span", sign, name(row.fate), class_=f"fate {row.fate}")),
        element("td", foreign(row.term)),
        element("td", foreign(row.target)),
        element("td", group(row.direction)),
        element("td", margins, class_="number"),
        element("td", listed or word("known_none")),
        data_fate=row.fate,
    )
