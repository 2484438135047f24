"""The table a domain expert reads: every term lost and every term gained."""

from lexgraft.adoption.report.formats import plain
from lexgraft.adoption.report.markup import Html, element, fit, foreign, join, word
from lexgraft.adoption.report.page_parts import (
    FATE_SIGNS,
    answers_address,
    group,
    language_pair,
    name,
    nothing,
    section,
)
from lexgraft.adoption.report.report_record import Report
from lexgraft.records import TermOutcome

_LISTED = 500  # rows: the viewer and terms.csv hold all


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
    )[:_LISTED]
    heads = ("fate", "term", "wanted", "direction", "margin", "known_to")
    top = element(
        "tr", *(element("th", language_pair(report, head), scope="col") for head in heads)
    )
    body = element("tbody", *(_term(report, row) for row in ordered))
    counts = {fate: sum(row.fate == fate for row in report.terms) for fate in FATE_SIGNS}
    unlisted = len(changed) - len(ordered)
    listed = element(
        "div",
        element("table", element("thead", top), body, class_="plain", id="term-table"),
        class_="wide tall",
        tabindex="0",
        role="group",
        aria_labelledby="terms-title",
    )
    return section(
        "terms",
        listed,
        element("p", word("terms_more", n=unlisted), class_="note") if unlisted else "",
        element("p", word("terms_rest", kept=counts["kept"], never=counts["never"]), class_="note"),
        note=word("terms_note", result=report.result),
    )


def _term(report: Report, row: TermOutcome) -> Html:
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
        element("td", _linked_term(report, row)),
        element("td", foreign(row.target)),
        element("td", group(row.direction)),
        element("td", margins, class_="number"),
        element("td", listed or word("known_none")),
        data_fate=row.fate,
    )


def _linked_term(report: Report, row: TermOutcome) -> Html:
    """Return a term as a link to what was asked of it."""
    query = {"use": "confirm", "pair": row.direction, "model": report.result}
    address = answers_address(report, **query, row=row.concept)
    text = foreign(row.term)
    return element("a", text, href=address, class_="count") if address else text
