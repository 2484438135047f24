"""The chance of a gate is told before anything is asked, with what would make it likely."""

import pytest

from lexgraft.adoption.gate_chances import (
    GateChance,
    advice,
    chance_rows,
    gate_chance,
    refuse_hopeless,
    underpowered,
)
from lexgraft.errors import LexgraftError
from lexgraft.stats.gate_power import Requirement, Stratum


def gain(n: int, truth: float = 0.2) -> Requirement:
    return Requirement("target gain", "en->ja", "mean", n, 0.05, truth, 0.35)


def kept(documents: int, loss: float = 0.02) -> Requirement:
    strata = (Stratum("documents", documents, 0.05), Stratum("items", 2 * documents, 0.1))
    return Requirement(
        "general ability", "ja", "mean", documents, -loss, 0.0, 0.05, "documents", strata=strata
    )


def chance(*requirements: Requirement) -> GateChance:
    return gate_chance("merge", requirements, measured=False)


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
    assert cure.startswith("for 80% set documents to about ")
    assert "--underpowered" in cure
    assert merge.needed is not None
    grown = chance(gain(merge.needed["concepts"]), kept(merge.needed["documents"]))
    assert grown.chance > 0.7  # the items keep their proportion here, not the number named


def test_the_advice_says_how_much_longer_the_numbers_take():
    requirements = (gain(30), kept(200))
    short = gate_chance("merge", requirements, {"concepts": 120.0}, measured=False)
    assert short.needed is not None
    further = short.needed["concepts"] / 30 - 1  # of the two minutes that 30 concepts take
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


def test_where_no_number_does_a_threshold_is_named_that_can_be_served():
    hopeless = chance(gain(60, truth=0.04))
    assert hopeless.needed is None
    assert advice(hopeless, "en").startswith("no number does: a threshold of ")
    assert hopeless.requirements[0].served < 0.04


def test_a_gate_that_was_run_all_the_same_marks_the_recommendation():
    (mark,) = underpowered([chance(gain(60), kept(16))])
    assert mark.sentence["en"].startswith("The merge gate had a chance of 0.")
    assert mark.sentence["ja"]
