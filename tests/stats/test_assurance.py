"""What would decide a gate: by hand, and followed in simulation."""

from math import sqrt

import numpy as np
import pytest
from scipy import stats

from lexgraft.stats.assurance import as_measured, assurance, decision_chance
from lexgraft.stats.clustered import clustered_mean
from lexgraft.stats.gate_power import Requirement, Stratum
from lexgraft.stats.gate_sizes import resized_to
from lexgraft.stats.intervals import Interval, tango

GAIN = Requirement("target gain", "en->ja", "mean", 60, 0.05, truth=0.1, spread=0.25)
KEPT = Requirement("general ability", "ja", "mean", 30, -0.02, 0.0, 0.05, unit="documents")


def test_the_chance_of_one_criterion_by_hand() -> None:
    """The mean of 144 given that of 60 varies by .25·√84/144; it passes from .05 + t·.25/12 on."""
    grown = resized_to([GAIN], {"concepts": 144})
    bar = stats.t.isf(0.025, 143) * 0.25 / 12
    expected = stats.norm.cdf((0.05 - bar) / (0.25 * sqrt(84) / 144))
    assert decision_chance([GAIN], grown) == pytest.approx(expected, abs=1e-6)
    spread = 0.25 * sqrt(1 / 60 - 1 / 144)
    either = stats.norm.cdf((0.05 - bar) / spread) + stats.norm.cdf((-0.05 - bar) / spread)
    assert decision_chance([GAIN], grown, predictive=True) == pytest.approx(either, abs=1e-6)


def test_units_are_named_and_more_assurance_needs_more_of_them() -> None:
    half, most, nearly = assurance([GAIN, KEPT]).extensions
    for fewer, more in ((half, most), (most, nearly)):
        assert fewer.numbers is not None
        assert more.numbers is not None
        assert set(more.numbers) == {"concepts", "documents"}
        assert all(more.numbers[unit] >= fewer.numbers[unit] for unit in more.numbers)
    assert most.predicted is not None
    assert 0.3 < most.predicted < 0.95


def test_one_criterion_below_its_threshold_decides_the_whole_gate() -> None:
    found = assurance([GAIN, KEPT._replace(truth=-0.035)])
    assert found.expected == "fail"
    assert found.extensions[1].numbers is not None
    assert found.extensions[1].numbers["concepts"] == 60


def test_no_number_is_named_where_none_decides_and_the_reason_is_told() -> None:
    there = assurance([GAIN._replace(truth=0.05), KEPT])
    assert (there.expected, there.reason) == ("pass", "threshold")
    assert there.extensions[1].numbers is None
    near = assurance([GAIN._replace(truth=0.053), KEPT])
    assert near.reason == "limit"
    assert near.extensions[-1].numbers is None
    assert assurance([GAIN, KEPT]).reason == ""


def test_a_stricter_level_needs_more() -> None:
    usual, strict = assurance([GAIN]), assurance([GAIN], level=lambda _: 0.01)
    assert usual.extensions[1].numbers is not None
    assert strict.extensions[1].numbers is not None
    assert strict.extensions[1].numbers["concepts"] > usual.extensions[1].numbers["concepts"]


def test_strata_grow_by_their_own_units() -> None:
    strata = (Stratum("documents", 20, 0.05), Stratum("items", 40, 0.15))
    found = assurance([KEPT._replace(strata=strata)])
    assert found.extensions[1].numbers is not None
    assert set(found.extensions[1].numbers) == {"documents", "items"}


def test_what_was_measured_faces_its_threshold_with_the_half_it_had() -> None:
    skewed = as_measured(GAIN, Interval(0.1, 0.04, 0.19, 60))
    assert (skewed.truth, skewed.spread) == pytest.approx((0.1, 0.06 * sqrt(60) / 2.001), rel=1e-3)
    below = as_measured(GAIN, Interval(0.02, -0.04, 0.11, 60))
    assert below.spread == pytest.approx(0.09 * sqrt(60) / 2.001, rel=1e-3)


def measured(concepts: np.ndarray, documents: np.ndarray) -> list[Requirement]:
    """Return the criteria as measured, each with any spread to begin with."""
    gain, kept = (clustered_mean(values.tolist()) for values in (concepts, documents))
    return [as_measured(GAIN._replace(n=gain.n), gain), as_measured(KEPT._replace(n=kept.n), kept)]


def outcome(concepts: np.ndarray, documents: np.ndarray) -> str:
    found = [clustered_mean(values.tolist()) for values in (concepts, documents)]
    judged = list(zip(found, (0.05, -0.02), strict=True))
    if all(interval.low >= threshold for interval, threshold in judged):
        return "pass"
    return "fail" if any(one.high < threshold for one, threshold in judged) else "undecided"


def drawn(rng: np.random.Generator, values: np.ndarray, n: int) -> np.ndarray:
    """Return the values and as many more as make n, in truth as the values are."""
    more = rng.normal(values.mean(), values.std(ddof=1), n - len(values))
    return np.concatenate([values, more])


@pytest.mark.slow
@pytest.mark.parametrize("gain", [0.0, 0.1, 0.15])
def test_who_follows_it_at_eighty_per_cent_decides_in_about_as_many_cases(gain: float) -> None:
    """Concepts and documents are drawn, advice taken, and the truth is as was estimated."""
    rng = np.random.default_rng(round(100 * gain))
    decided = followed = 0
    while followed < 400:
        concepts, documents = rng.normal(gain, 0.25, 60), rng.normal(0.0, 0.05, 30)
        if outcome(concepts, documents) != "undecided":
            continue
        numbers = assurance(measured(concepts, documents)).extensions[1].numbers
        if numbers is None:
            continue
        followed += 1
        concepts = drawn(rng, concepts, numbers["concepts"])
        documents = drawn(rng, documents, numbers["documents"])
        decided += outcome(concepts, documents) != "undecided"
    assert 0.75 <= decided / followed <= 0.85


@pytest.mark.slow
def test_shares_are_decided_as_often_as_foretold() -> None:
    """Verdicts that changed, judged by Tango's interval."""
    rng = np.random.default_rng(0)
    decided = followed = 0
    while followed < 400:
        gained, lost, _ = (int(count) for count in rng.multinomial(60, [0.2, 0.08, 0.72]))
        found = tango(gained, lost, 60)
        if found.low >= 0.05 or found.high < 0.05:
            continue
        truth, changing = (gained - lost) / 60, (gained + lost) / 60
        one = Requirement("target gain", "g", "share", 60, 0.05, truth, changing)
        numbers = assurance([one]).extensions[1].numbers
        if numbers is None:
            continue
        followed += 1
        shares = [gained / 60, lost / 60, 1 - changing]
        more = rng.multinomial(numbers["concepts"] - 60, shares)
        final = tango(gained + int(more[0]), lost + int(more[1]), numbers["concepts"])
        decided += final.low >= 0.05 or final.high < 0.05
    assert 0.75 <= decided / followed <= 0.85
