"""The first page answers what a manager asks, in both languages, and invents nothing."""

import re
from collections.abc import Callable

import msgspec
import pytest
from msgspec.structs import replace

from lexgraft.adoption.report.first_page import first_page
from lexgraft.adoption.report.investment import investment_lines
from lexgraft.adoption.report.next_step import next_step
from lexgraft.adoption.report.options import (
    chosen_option,
    direction_of,
    examined_option,
    options_of,
)
from lexgraft.adoption.report.report_record import Report
from lexgraft.adoption.report.stairs import next_cost_words, next_words
from lexgraft.adoption.report.upkeep_record import upkeep_of
from lexgraft.business import Business

QUESTIONS = {
    "do": "Do this",
    "gained": "Terms gained",
    "lost": "Lost",
    "cost-now": "Once",
    "cost-year": "A year",
    "next": "Next step",
    "next-cost": "What it costs",
    "unknown": "This is not known",
    "who": "Who may use it",
    "why-not-donor": "Why not simply use D",
}
Page = Callable[[Report], str]


def open_report(report: Report) -> Report:
    """Return the report of a run in which no gate of a method passed."""
    assert report.decision is not None
    decision = replace(report.decision, action="keep the recipient", model="recipient")
    verdicts = tuple(one for one in report.verdicts if one.stage in ("headroom", "merge"))
    return replace(report, decision=decision, verdicts=verdicts)


def spoken(markup: str, language: str) -> str:
    """Return what a reader of one language reads of some markup."""
    other = "ja" if language == "en" else "en"
    markup = re.sub(rf'<span class="t" lang="{other}">.*?</span>', "", markup)
    return " ".join(re.sub("<[^>]+>", " ", markup).split())


def answer(page: str, question: str) -> str:
    (found,) = re.findall(
        rf'<(div|td) data-question="{question}">(.*?)</(?:div|td)>', page, re.DOTALL
    )
    return found[1]


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_each_question_has_its_answer(report: Report, question: str, language: str):
    for asked in (report, open_report(report)):
        text = spoken(answer(first_page(asked), question), language)
        head = spoken(answer(first_page(asked), question).split("</dt>")[0], language)
        assert len(text) > len(QUESTIONS[question]) // 2
        if language == "en":
            assert QUESTIONS[question] in text
        else:
            assert re.search("[\u3040-\u30ff\u4e00-\u9fff]", text)
            assert "not given" not in text + head


def test_the_options_carry_what_was_measured_of_them(report: Report):
    facts = {fact.option: fact for fact in options_of(report)}
    assert direction_of(report) == "en->ja"
    assert list(facts)[:3] == ["keep", "donor", "base"]
    assert "api" not in facts
    merge, donor = facts["merge"], facts["donor"]
    assert merge.counts is not None
    assert (merge.counts.acquired, merge.counts.lost) == (31, 10)
    assert merge.ability is not None
    assert merge.ability.value == -0.008
    assert donor.ability is not None
    assert donor.ability.value == -0.112
    assert facts["merge_glossary"].written is not None
    assert facts["merge_glossary"].written.value == 0.63
    assert not facts["glossary"].measured
    assert (chosen_option(report), examined_option(report)) == ("merge_glossary", "merge_glossary")


def test_what_was_asked_without_the_glossary_is_said_to_be_so(report: Report):
    said = "With glossary: gained, lost, ability without it."
    assert said in first_page(report)
    assert said not in first_page(replace(report, glossary=()))


def test_an_api_is_an_option_only_at_the_users_prices(report: Report):
    given = msgspec.convert({"api": {"request": 0.002}}, Business)
    priced = replace(report, business=given)
    assert [fact.option for fact in options_of(priced)][-1] == "api"


def test_without_prices_no_sum_of_money_stands_anywhere(report: Report):
    stages = tuple(
        replace(one, cost=replace(one.cost, money=0.0, currency="")) for one in report.run.stages
    )
    verdicts = tuple(
        replace(one, cost=replace(one.cost, money=0.0, currency=""), next_cost=None)
        for one in report.verdicts
    )
    bare = replace(
        report,
        business=Business(),
        verdicts=verdicts,
        run=replace(report.run, stages=stages),
    )
    page = first_page(bare)
    assert "EUR" not in page
    assert "0.00 " not in page
    assert "Not stated, for <code>business:</code> lacks it" in page


def test_a_green_pass_of_the_precondition_says_what_it_means(report: Report):
    page = first_page(open_report(report))
    assert "It says nothing about any method yet." in page
    assert "手法の合否ではありません。" in page


def test_the_next_step_opens_what_is_sealed_where_something_is_shipped(report: Report):
    step = next_step(report)
    # 600 s for 300 concepts: 50 sealed ones take 100 s, of 0.20 EUR a sixth
    assert (step.kind, step.seconds) == ("sealed", pytest.approx(100.0))
    assert step.money == pytest.approx(0.2 / 6)


def test_the_next_step_says_how_many_terms_more_with_hours_and_minutes(report: Report):
    step = next_step(open_report(report))
    assert (step.kind, step.stage, step.expected) == ("more", "merge", "pass")
    assert step.more == {"concepts": 120}
    # 120 terms of 6 minutes are 12 hours; 120 · 3.1 s; 12 · 60 + 372/3600 · 1.2
    assert step.hours == pytest.approx(12.0)
    assert step.seconds == pytest.approx(372.0)
    assert step.money == pytest.approx(720.124)
    assert next_words(step)["en"].startswith("With 120 concepts more, run again")
    assert next_cost_words(report, step) == {
        "en": "6 min of computing, about 1.5 person-days, about 720 EUR",
        "ja": "計算時間 6 分、約 1.5 人日、約 720 EUR",
    }


def test_of_two_open_stages_one_of_unknown_duration_is_not_taken_for_the_cheapest(report: Report):
    opened = open_report(report)
    (merge,) = [one for one in opened.verdicts if one.stage == "merge"]
    other = replace(merge, stage="glossary")  # whose numbers the report does not know
    both = replace(opened, verdicts=(other, merge))
    assert next_step(both).stage == "merge"


def test_people_s_time_that_was_not_given_is_named(report: Report):
    bare = replace(open_report(report), business=Business())
    step = next_step(bare)
    assert (step.hours, step.money) == (None, None)
    assert "business.people.review_minutes" in next_cost_words(bare, step)["en"]


def test_lines_are_crossed_or_not_or_open(report: Report):
    facts = {fact.option: fact for fact in options_of(report)}
    found = investment_lines(report, facts["merge_glossary"], upkeep_of(report), next_step(report))
    assert [line.standing for line in found] == ["open", "kept", "kept", "kept", "open"]
    dear = replace(report, business=replace(report.business, budget=1000.0))
    found = investment_lines(dear, facts["merge_glossary"], upkeep_of(dear), next_step(dear))
    assert found[0].standing == "crossed"


def test_a_budget_is_never_called_kept_while_costs_are_open(report: Report):
    business = replace(report.business, setup_hours={}, budget=1e9)
    bare = replace(report, business=business)
    facts = {fact.option: fact for fact in options_of(bare)}
    found = investment_lines(bare, facts["merge_glossary"], upkeep_of(bare), next_step(bare))
    assert found[0].standing == "open"


def test_a_report_of_nothing_still_has_a_first_page():
    bare = Report("p", "0", "ja", "en", {"en": "Stop."}, result="")
    page = first_page(bare)
    for question in QUESTIONS:
        assert spoken(answer(page, question), "ja")


def test_intervals_are_named_by_the_level_that_was_asked_for(report: Report):
    assert "shares, intervals of 95 % or more" in first_page(report)
    page = first_page(replace(report, alpha=0.2))
    assert "shares, intervals of 80 % or more" in page
    assert "割合と 80 % 以上の信頼区間" in page


def test_the_rule_on_terms_gained_counts_related_terms_as_fewer(report: Report):
    given = msgspec.convert({"exit": {"acquired": 0.07}}, Business)
    ruled = replace(report, business=given)
    merge = next(fact for fact in options_of(ruled) if fact.option == "merge")
    assert merge.counts is not None
    share = merge.counts.share
    assert (share.value, share.low >= 0.07) == (pytest.approx(31 / merge.counts.n), True)
    wide = replace(merge.counts, acquired_share=replace(share, low=0.05))
    for counts, standing in ((merge.counts, "kept"), (wide, "open")):
        fact = merge._replace(counts=counts)
        (line,) = investment_lines(ruled, fact, upkeep_of(ruled), next_step(ruled))
        assert line.standing == standing
