"""Costs of options against a worked example by hand, their intervals against known distributions.

The example: 24 months, 1,000 requests a month of which a quarter holds 2 terms of the term base,
0.50 for a wrong term. G writes 10 % of the terms, the merge 40 %, the merge with the glossary 80 %.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import pytest

from lexgraft.adoption.upkeep.break_even import break_even, levers, payback, sensitivity
from lexgraft.adoption.upkeep.option_costs import OptionCost, option_costs
from lexgraft.adoption.upkeep.quantities import (
    Quantities,
    Quantity,
    figures_of,
    measured_count,
    measured_wrong,
)
from lexgraft.business import Business
from lexgraft.records import Score

GIVEN: dict[str, Any] = {
    "horizon_months": 24,
    "machine_hour": 2,
    "serving_month": 300,
    "token_price": 10,
    "wrong_term": 0.5,
    "setup_hours": {"merge": 10, "merge_glossary": 12, "glossary": 4},
    "people": {
        "engineer_hour": 80,
        "terminologist_hour": 60,
        "review_minutes": 6,
        "release_hours": 3,
        "verification_hours": 2,
    },
    "usage": {"requests": 1000, "hit_rate": 0.25, "terms_per_hit": 2},
    "changes": {"new_terms": 20, "base_months": 12},
}


def right(value: float) -> Score:
    return Score("term generation", "m", "en->ja", value, value, value, 60)


def quantities(given: Mapping[str, Any] = GIVEN) -> dict[str, Quantity]:
    measured = (
        measured_count("measured.seconds.merge", 1800.0),
        measured_count("measured.seconds.merge_glossary", 3600.0),
        measured_count("measured.entry_tokens", 20.0),
        measured_wrong("measured.wrong.keep", right(0.1), 0.05),
        measured_wrong("measured.wrong.merge", right(0.4), 0.05),
        measured_wrong("measured.wrong.merge_glossary", right(0.8), 0.05),
    )
    figures = figures_of(msgspec.convert(given, Business))
    return {**figures, **{one.key: one for one in measured}}


def cost(option: str, of: Quantities) -> OptionCost:
    (found,) = [one for one in option_costs(of, 1) if one.option == option]
    return found


def test_an_interval_of_another_level_is_taken_as_one_of_95():
    # normal quantiles: 1.645 of 90 %, 1.960 of 95 %, so that .1 becomes .1192
    score = Score("term generation", "m", "en->ja", 0.4, 0.3, 0.5, 60)
    wrong = measured_wrong("measured.wrong.merge", score, 0.1)
    assert (wrong.low, wrong.value, wrong.high) == pytest.approx((0.4808, 0.6, 0.7192), abs=1e-4)
    same = measured_wrong("measured.wrong.merge", score, 0.05)
    assert (same.low, same.high) == pytest.approx((0.5, 0.7))


def test_keeping_g_costs_serving_and_wrong_terms():
    found = cost("keep", quantities())
    # a month: 300 + 1000 · 0.25 · 2 · 0.9 · 0.5 = 300 + 225
    assert found.complete
    assert found.once is None
    assert found.year is not None
    assert found.year.value == pytest.approx(12 * 525)
    assert found.horizon is not None
    assert found.horizon.value == pytest.approx(24 * 525)


def test_a_merge_costs_people_and_machine_once_and_again_with_every_base():
    found = cost("merge", quantities())
    # once: 0.5 h · 2 + 10 h · 80 = 801
    # a month: (0.5 · 2 + 3 · 80 + 2 · 60) / 12 + 300 + 1000 · 0.25 · 2 · 0.6 · 0.5
    month = 361 / 12 + 300 + 150
    assert found.once is not None
    assert found.once.value == pytest.approx(801)
    assert found.year is not None
    assert found.year.value == pytest.approx(12 * month)
    assert found.horizon is not None
    assert found.horizon.value == pytest.approx(801 + 24 * month)
    assert found.horizon.low == pytest.approx(found.horizon.high)


def test_a_glossary_costs_review_and_tokens():
    found = cost("merge_glossary", quantities())
    lines = {line.name: line.amount for line in found.lines}
    # 20 terms · 6 min · 60 / 60; 1000 · 0.25 · 2 entries · 20 tokens · 10 / 1e6; twelve times
    assert {name: one.value for name, one in lines.items() if one} == pytest.approx(
        {
            "setup machine": 2.0,
            "setup people": 960.0,
            "review": 12 * 120.0,
            "upgrade machine": 2.0,
            "upgrade people": 240.0,
            "upgrade verification": 120.0,
            "serving": 3600.0,
            "prompt tokens": 12 * 0.1,
            "wrong terms": 12 * 50.0,
        }
    )


def test_what_is_missing_is_named_and_counted_nowhere():
    given = {key: value for key, value in GIVEN.items() if key not in ("wrong_term", "people")}
    found = cost("merge", quantities(given))
    assert set(found.missing) == {
        "business.wrong_term",
        "business.people.engineer_hour",
        "business.people.terminologist_hour",
        "business.people.release_hours",
        "business.people.verification_hours",
    }
    assert found.once is not None
    assert found.once.value == pytest.approx(1.0)  # the machine alone
    assert all(line.amount is None for line in found.lines if line.missing)


def test_nothing_given_costs_nothing_that_is_shown():
    for found in option_costs(quantities({}), 1):
        assert (found.once, found.year, found.horizon) == (None, None, None)
        assert found.missing


def test_every_line_rests_on_a_measurement_or_on_a_line_of_the_users():
    known = quantities()
    for found in option_costs(known, 1):
        for line in found.lines:
            keys = (*line.rests_on, *line.over)
            assert all(key.startswith(("business.", "measured.")) for key in keys)
            assert (line.amount is None) == any(key not in known for key in keys)


def test_break_even_is_where_both_cost_the_same():
    found = break_even("merge", "keep", quantities(), 1)
    # fixed: 801 + 24 · 361 / 12 = 1523; saved a request: 24 · 0.25 · 2 · 0.3 · 0.5 = 1.8
    assert found.requests is not None
    assert found.requests.value == pytest.approx(1523 / 1.8)
    assert found.never == 0


def test_tokens_alone_pay_a_merge_only_from_very_many_requests():
    found = break_even("merge", "glossary", quantities(), 1, ("wrong terms",))
    # merge: 801 + 24 · 361/12 = 1523; glossary: 4 · 80 + 24 · (120 + 120/12) = 3440: cheaper at 0
    assert found.requests is not None
    assert found.requests.value == 0
    # with no new terms: 320 + 24 · 10 = 560; tokens a request over 24 months: 24 · 1e-4
    given = {**GIVEN, "changes": {"new_terms": 0, "base_months": 12}}
    found = break_even("merge", "glossary", quantities(given), 1, ("wrong terms",))
    assert found.requests is not None
    assert found.requests.value == pytest.approx((1523 - 560) / (24 * 1e-4))


def test_an_option_that_saves_nothing_never_breaks_even():
    turned = {
        **quantities(),
        "measured.wrong.merge": measured_wrong("measured.wrong.merge", right(0.05), 0.05),
    }
    found = break_even("merge", "keep", turned, 1)
    assert (found.requests, found.never) == (None, 1.0)
    assert payback("merge", "keep", turned, 1) is None


def test_set_up_is_paid_back_by_what_is_saved_a_month():
    found = payback("merge", "keep", quantities(), 1)
    assert found is not None
    assert found.value == pytest.approx(801 / (75 - 361 / 12))


def test_the_price_of_tokens_moves_only_what_has_tokens():
    values = {
        (one.option, one.price): one.value for one in sensitivity(["merge_glossary"], quantities())
    }
    assert values["merge_glossary", 100] - values["merge_glossary", 10] == pytest.approx(24 * 0.9)


def test_a_range_of_the_users_is_drawn_evenly():
    given = {**GIVEN, "serving_month": [100, 500]}
    found = cost("keep", quantities(given)).year
    assert found is not None
    assert found.low == pytest.approx(12 * (225 + 110), rel=0.01)
    assert found.high == pytest.approx(12 * (225 + 490), rel=0.01)


def test_a_measured_interval_comes_through_as_it_is():
    wrong = Quantity("measured.wrong.keep", 0.9, 0.8, 0.95, "measured", 60)
    found = cost("keep", {**quantities(), wrong.key: wrong}).year
    assert found is not None
    assert found.low == pytest.approx(12 * (300 + 200), rel=0.01)
    assert found.high == pytest.approx(12 * (300 + 237.5), rel=0.01)


def test_the_same_seed_draws_the_same_and_options_share_their_chances():
    given = {**GIVEN, "usage": {"requests": [500, 1500], "hit_rate": 0.25, "terms_per_hit": 2}}
    known = quantities(given)
    assert option_costs(known, 7) == option_costs(known, 7)
    assert option_costs(known, 7) != option_costs(known, 8)
    # where both have the same requests, a merge that saves per request is ahead in all draws
    found = break_even("merge_glossary", "keep", known, 7)
    assert found.requests is not None
    assert found.requests.low == pytest.approx(found.requests.high)


def test_what_decides_comes_first_and_single_figures_are_turned_by_a_fifth():
    given = {**GIVEN, "wrong_term": [0.1, 0.9]}
    found = levers("merge", "keep", quantities(given))
    assert found[0].key == "business.wrong_term"
    assert [one.span for one in found] == sorted((one.span for one in found), reverse=True)
    (requests,) = [one for one in found if one.key == "business.usage.requests"]
    assert (requests.low, requests.high, requests.exact) == (800, 1200, True)
    # merge − keep: 1523 − 24 · requests · 0.25 · 2 · 0.3 · 0.5
    assert requests.at_low == pytest.approx(1523 - 1.8 * 800)


def test_nothing_is_compared_while_something_is_open():
    known = {key: one for key, one in quantities().items() if key != "measured.wrong.keep"}
    assert levers("merge", "keep", known) == ()
    assert break_even("merge", "keep", known, 1).missing == ("measured.wrong.keep",)
    assert payback("merge", "keep", known, 1) is None


def test_a_share_is_turned_and_drawn_to_the_whole_at_most():
    wrong = Quantity("measured.wrong.keep", 0.98, 0.9, 1.0, "measured", 60)
    assert wrong.drawn(np.random.default_rng(1), 1000).max() <= 1
    hit = Quantity("business.usage.hit_rate", 0.9, 0.9, 0.9, "yours")
    assert hit.swung() == (pytest.approx(0.72), 1.0)
