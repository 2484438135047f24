"""An open verdict says with which numbers it would be decided, in units that a project has."""

from pathlib import Path

import pytest

from lexgraft.adoption.assured_numbers import with_assured_numbers
from lexgraft.adoption.looks import coming_look, level_of
from lexgraft.records import Criterion, Outcome, Verdict
from lexgraft.stats.extension import look_alpha
from lexgraft.stats.gate_power import Requirement, Stratum

GAIN = Requirement("target gain", "en->ja", "mean", 60, 0.05, 0.2, 0.35)
KEPT = Requirement(
    "general ability", "ja", "mean", 30, -0.02, 0.0, 0.05, "documents",
    strata=(Stratum("documents", 30, 0.05), Stratum("items", 60, 0.1)),
)  # fmt: skip


def criterion(name: str, group: str, value: float, half: float, threshold: float) -> Criterion:
    low, high = value - half, value + half
    outcome: Outcome = "pass" if low > threshold else "fail" if high < threshold else "undecided"
    return Criterion(name, group, value, low, high, threshold, outcome, 60)


def verdict(*criteria: Criterion, outcome: Outcome = "undecided") -> Verdict:
    return Verdict("merge", outcome, {"en": "Merge: undecided", "ja": "マージ: 判定保留"}, criteria)


def test_the_numbers_are_those_of_the_whole_gate_in_their_units():
    gain = criterion("target gain", "en->ja", 0.1, 0.08, 0.05)
    kept = criterion("general ability", "ja", -0.005, 0.02, -0.02)
    found = with_assured_numbers(verdict(gain, kept), [GAIN, KEPT])
    assert found.expected == "pass"
    assert [one.chance for one in found.chances] == [0.5, 0.8, 0.95]
    sizes = [one.numbers for one in found.chances]
    assert all(size is not None and set(size) == {"concepts", "documents", "items"}
               for size in sizes)  # fmt: skip
    concepts = [size["concepts"] for size in sizes if size]
    assert concepts == sorted(concepts)
    assert concepts[0] > 60
    english, japanese = found.summary["en"], found.summary["ja"]
    assert "would decide (pass) with a chance of 80 % with" in english
    assert f"{concepts[1]:,} concepts" in english
    assert "documents a register" in english
    assert "50%:" in english
    assert f"用語 {concepts[1]:,} 件" in japanese


def test_a_further_look_is_stricter_and_needs_more(tmp_path: Path):
    gain = criterion("target gain", "en->ja", 0.1, 0.08, 0.05)
    assert coming_look(tmp_path, "merge", (), 0.05) is None
    level_of(tmp_path, "merge", "a", 60, (), 0.05)
    look = coming_look(tmp_path, "merge", (), 0.05)
    assert look is not None
    assert look.alpha == pytest.approx(0.04)
    assert look.level(2.0) == look_alpha([60, 120], 0.05)
    plain, paid = (with_assured_numbers(verdict(gain), [GAIN], one) for one in (None, look))
    for less, more in zip(plain.chances, paid.chances, strict=True):
        assert less.numbers is not None
        assert more.numbers is not None
        assert more.numbers["concepts"] > less.numbers["concepts"]


def test_an_estimate_on_its_threshold_is_decided_by_no_number():
    found = with_assured_numbers(
        verdict(criterion("target gain", "en->ja", 0.05, 0.1, 0.05)), [GAIN]
    )
    assert found.open == "threshold"
    assert found.summary["en"].endswith("no number of concepts or documents decides")
    assert "999" not in found.summary["en"]


def test_a_decided_verdict_and_one_of_another_stage_stay_as_they_are():
    passed = verdict(criterion("target gain", "en->ja", 0.3, 0.1, 0.05), outcome="pass")
    assert with_assured_numbers(passed, [GAIN]) is passed
    foreign = verdict(criterion("words", "en", 0.3, 0.5, 0.05))
    assert with_assured_numbers(foreign, [GAIN]) is foreign
