"""What the plan advises can be written into the project as it stands, and then it is enough."""

from pathlib import Path
from typing import Any

from adopt_project import MakeProject

from lexgraft.adoption.adopt import plan_project
from lexgraft.adoption.followed_advice import apply_settings
from lexgraft.adoption.gate_chances import GateChance, gate_chance
from lexgraft.adoption.servable_settings import Supply
from lexgraft.project import read_project
from lexgraft.stats.gate_power import Requirement, Stratum


def gate_of(path: Path, gate: str) -> GateChance:
    (found,) = [one for one in plan_project(read_project(path)).gates if one.gate == gate]
    return found


def kept(documents: int) -> Requirement:
    strata = (Stratum("documents", documents, 0.05),)
    return Requirement(
        "general ability", "ja", "mean", documents, -0.02, 0.0, 0.05, "documents", strata=strata
    )


def gain(n: int) -> Requirement:
    return Requirement("target gain", "en->ja", "mean", n, 0.05, 0.2, 0.35)


def test_documents_are_named_as_the_project_counts_them_not_by_register():
    supplies = {"documents": Supply("general.texts.0.documents", 48, 900)}
    merge = gate_chance("merge", [kept(16)], {}, supplies, measured=False)
    assert merge.needed is not None
    of_the_file = 3 * merge.needed["documents"]  # three registers of sixteen
    assert merge.settings == {"general.texts.0.documents": of_the_file}


def test_numbers_that_are_there_are_kept_though_they_are_small():
    few = gate_chance("merge", [kept(12)._replace(threshold=-0.5)], measured=False)
    assert few.chance > 0.9
    assert few.needed == {"documents": 12}


def test_no_number_is_named_beyond_what_the_files_have():
    supplies = {"concepts": Supply("testset.confirm", 30, 40)}
    short = gate_chance("merge", [gain(30)], {}, supplies, measured=False)
    assert set(short.settings) == {"gates.merge.target_gain"}
    enough = {"concepts": Supply("testset.confirm", 30, 400)}
    assert set(gate_chance("merge", [gain(30)], {}, enough, measured=False).settings) == {
        "testset.confirm"
    }


def test_what_is_said_by_another_key_stays_as_it_is():
    supplies = {"concepts": Supply("testset.confirm", 14, 400, beside=10)}
    told = gate_chance("headroom", [gain(24)], {}, supplies, measured=False)
    assert told.needed is not None
    assert told.settings == {"testset.confirm": told.needed["concepts"] - 10}


def test_the_glossarys_chance_is_that_of_the_concepts_that_will_be_asked(make_project: MakeProject):
    def more_than_there_are(values: dict[str, Any]) -> None:
        values["glossary"] = {"concepts": 10_000}

    path = make_project(more_than_there_are)
    glossary, confirm = gate_of(path, "glossary"), read_project(path).testset.confirm
    assert glossary.numbers["glossary concepts"] <= confirm


def test_advice_that_is_followed_to_the_letter_is_enough(make_project: MakeProject):
    def few(values: dict[str, Any]) -> None:
        values["testset"].update(confirm=8, sealed=0, generated=2)
        values["gates"]["merge"].update(target_gain=-0.2, donor_gain=-0.2)
        values["gates"]["assumed"] = {"target_gain": 0.1, "donor_gain": 0.1}

    told = gate_of(make_project(few), "merge")
    assert told.chance < 0.8
    assert "testset.confirm" in told.settings

    def followed(values: dict[str, Any]) -> None:
        few(values)
        apply_settings(values, told.settings)

    assert gate_of(make_project(followed), "merge").chance >= 0.8
