"""The chance of a gate is told before anything is asked, with what would make it likely."""

from math import ceil

import pytest

from lexgraft.adoption.gate_chances import (
    GateChance,
    advice,
    chance_rows,
    gate_chance,
    refuse_hopeless,
    underpowered,
)
from lexgraft.adoption.servable_settings import Supply
from lexgraft.errors import LexgraftError
from lexgraft.stats.gate_power import Requirement, Stratum


def gain(n: int, truth: float = 0.2) -> Requirement:
    return Requirement("target gain", "en->ja", "mean", n, 0.05, truth, 0.35)


def kept(documents: int, loss: float = 0.02) -> Requirement:
    strata = (Stratum("documents", documents, 0.05), Stratum("items", 2 * documents, 0.1))
    return Requirement(
        "general ability", "ja", "mean", documents, -loss, 0.0, 0.05, "documents", strata=strata
    )


PLENTY = {
    "concepts": Supply("testset.confirm", 100, 5000),
    "documents": Supply("general.texts.0.documents", 16, 900),
    "items": Supply("general.items", 32, 900),
}
NONE_LEFT = {"concepts": Supply("testset.confirm", 100, 100)}


def chance(*requirements: Requirement) -> GateChance:
    return gate_chance("merge", requirements, supplies=PLENTY, measured=False)


def test_a_gate_that_has_the_numbers_passes_with_the_chance_wanted():
    merge = chance(gain(200), kept(200))
    assert merge.chance > 0.9
    refuse_hopeless([merge])
    assert underpowered([merge]) == ()
    assert len(chance_rows([merge])) == 1


def test_a_gate_that_would_sooner_not_pass_is_refused_with_numbers_that_do():
    merge = chance(gain(60), kept(16))
    assert merge.chance < 0.5
    with pytest.raises(
        LexgraftError, match=r"the merge gate would pass with a chance of 0\."
    ) as found:
        refuse_hopeless([merge])
    assert found.value.where == "gates.merge"
    cure = found.value.cure or ""
    assert "`general.texts.0.documents: " in cure
    assert "--underpowered" in cure
    assert merge.needed is not None
    grown = chance(gain(merge.needed["concepts"]), kept(merge.needed["documents"]))
    assert grown.chance > 0.7  # the items keep their proportion here, not the number named


def test_the_advice_says_how_much_longer_the_numbers_take():
    requirements = (gain(30), kept(200))
    short = gate_chance("merge", requirements, {"concepts": 120.0}, PLENTY, measured=False)
    assert short.needed is not None
    further = short.needed["concepts"] / 30 - 1  # of the two minutes that 30 concepts take
    assert short.settings["testset.confirm"] == ceil(100 * short.needed["concepts"] / 30)
    assert short.minutes == pytest.approx(2 * further)
    assert f"(about {2 * further:.1f} min more)" in advice(short, "en")
    assert "min more" not in advice(chance(gain(30), kept(200)), "en")


def test_numbers_that_the_advice_names_give_the_chance_it_names():
    merge = chance(gain(60), kept(16))
    assert merge.needed is not None
    strata = (
        Stratum("documents", merge.needed["documents"], 0.05),
        Stratum("items", merge.needed["items"], 0.1),
    )
    ability = kept(16)._replace(strata=strata, n=merge.needed["documents"])
    assert chance(gain(merge.needed["concepts"]), ability).chance >= 0.8


def test_where_there_are_no_more_a_threshold_is_named_that_can_be_served():
    short = gate_chance("merge", [gain(30)], supplies=NONE_LEFT, measured=False)
    assert advice(short, "en").startswith("these numbers serve `gates.merge.target_gain: 0.0")
    served = gain(30)._replace(threshold=short.settings["gates.merge.target_gain"])
    assert chance(served).chance >= 0.8


def test_where_a_threshold_of_nothing_is_too_high_the_effect_is_named_that_can_be_shown():
    few = gain(20, truth=0.04)
    short = gate_chance("merge", [few], supplies=NONE_LEFT, measured=False)
    assert short.settings["gates.merge.target_gain"] == 0
    assumed = few._replace(threshold=0.0, truth=short.settings["gates.assumed.target_gain"])
    assert chance(assumed).chance >= 0.8


def test_all_requirements_of_a_gate_are_served_together():
    donor = Requirement("donor gain, without the donor", "en->ja", "mean", 30, 0.0, 0.15, 0.3)
    both = [gain(30), donor]
    settings = gate_chance("merge", both, supplies=NONE_LEFT, measured=False).settings
    assert "gates.merge.donor_gain" not in settings  # it stands at 0, and stays there
    sized = [
        gain(30, truth=settings.get("gates.assumed.target_gain", 0.2))._replace(
            threshold=settings["gates.merge.target_gain"]
        ),
        donor._replace(truth=settings["gates.assumed.donor_gain"]),
    ]
    assert chance(*sized).chance >= 0.8


def test_a_gate_that_was_run_all_the_same_marks_the_recommendation():
    (mark,) = underpowered([chance(gain(60), kept(16))])
    assert mark.sentence["en"].startswith("The merge gate had a chance of 0.")
    assert mark.sentence["ja"]
