"""The section on upkeep shows only what rests on a measurement or on a line of the user's."""

import re

from msgspec.structs import replace

from lexgraft.adoption.report.report_record import Report
from lexgraft.adoption.report.report_words import WORDS
from lexgraft.adoption.report.upkeep_record import upkeep_of
from lexgraft.adoption.report.upkeep_section import upkeep
from lexgraft.adoption.report.upkeep_words import cost_rows, number, tokens_alone
from lexgraft.business import OPTIONS, Business


def test_measured_quantities_are_those_of_the_report(report: Report):
    known = {one.key: one for one in upkeep_of(report).quantities}
    # headroom 1140, merge 2280, measure 600, glossary 870, tune 5400 seconds
    assert known["measured.seconds.merge"].value == 4020
    assert known["measured.seconds.merge_glossary"].value == 4890
    assert known["measured.seconds.tune"].value == 9420
    assert known["measured.entry_tokens"].value == 12.4
    wrong = known["measured.wrong.merge_glossary"]
    assert (round(wrong.value, 3), wrong.n) == (0.37, 60)
    assert all(key.split(".")[0] in {"measured", "business"} for key in known)


def test_plain_words_say_that_tokens_alone_do_not_justify_weights(report: Report):
    said = tokens_alone(upkeep_of(report))
    assert said is not None
    assert said["en"].startswith("Tokens alone do not justify weights of your own: at 40,000")
    assert "トークンの節約だけでは" in said["ja"]


def test_without_the_user_s_figures_no_cost_is_shown(report: Report):
    page = upkeep(replace(report, business=Business()))
    assert "No cost can be stated" in page
    assert "EUR" not in page
    assert "business.people.engineer_hour" in page  # what is missing is named


def test_every_quantity_and_line_has_its_words(report: Report):
    record = upkeep_of(report)
    keys = {one.key for one in record.quantities}
    for cost in record.options:
        keys |= {f"option {cost.option}", *cost.missing}
        for line in cost.lines:
            keys |= {f"cost {line.name}", *line.rests_on, *line.over}
    assert {f"option {option}" for option in OPTIONS} <= set(WORDS.names)
    assert keys <= set(WORDS.names)


def test_every_chart_has_its_numbers_beside_it(report: Report):
    page = upkeep(report)
    pictures = re.findall(r"<svg class=\"(interval|axis)\"[^>]*>", page)
    assert len(pictures) > 10
    assert page.count('aria-hidden="true"') >= len(pictures)
    assert all(number(one.low) in page for one in upkeep_of(report).levers)


def test_the_terminal_shows_the_same_sums(report: Report):
    rows = cost_rows(upkeep_of(report), "en")
    assert rows[0] == ["Option", "Once", "A year", "Over 24 months"]
    (merged,) = [row for row in rows if row[0] == "merge + glossary"]
    assert merged[1] == "5,400 EUR"
