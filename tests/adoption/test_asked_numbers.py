"""What the plan advises can be written into the project as it stands, and then it is enough."""

from pathlib import Path
from typing import Any

from adopt_project import MakeProject

from lexgraft.adoption.adopt import plan_project
from lexgraft.adoption.asked_numbers import AskedNumber
from lexgraft.adoption.gate_chances import GateChance, gate_chance
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


def test_documents_are_named_as_the_project_counts_them_not_by_register():
    asked = {"documents": AskedNumber("`documents` of each of `general.texts`", 48)}
    merge = gate_chance("merge", [kept(16)], {}, asked, measured=False)
    assert merge.needed is not None
    of_the_file = 3 * merge.needed["documents"]  # three registers of sixteen
    assert merge.advised == (f"`documents` of each of `general.texts` to about {of_the_file}",)


def test_numbers_that_are_there_are_kept_though_they_are_small():
    few = gate_chance("merge", [kept(12)._replace(threshold=-0.5)], measured=False)
    assert few.chance > 0.9
    assert few.needed == {"documents": 12}


def test_a_number_beyond_what_there_is_says_what_else_it_takes():
    shipped = AskedNumber("documents", 64, 66, "name files of your own")
    assert shipped.advised(1.0) == "documents to about 64"
    assert shipped.advised(1.5) == "documents to about 96 (name files of your own)"


def test_the_glossarys_chance_is_that_of_the_concepts_that_will_be_asked(make_project: MakeProject):
    def more_than_there_are(values: dict[str, Any]) -> None:
        values["glossary"] = {"concepts": 10_000}

    path = make_project(more_than_there_are)
    glossary, confirm = gate_of(path, "glossary"), read_project(path).testset.confirm
    assert glossary.numbers["glossary concepts"] <= confirm
    if glossary.advised:
        assert "`testset.confirm` and `glossary.concepts`" in glossary.advised[0]


def test_advice_that_is_followed_to_the_letter_is_enough(make_project: MakeProject):
    def few(values: dict[str, Any]) -> None:
        values["testset"].update(confirm=8, sealed=0, generated=2)
        values["gates"]["merge"].update(target_gain=-0.2, donor_gain=-0.2)
        values["gates"]["assumed"] = {"target_gain": 0.1, "donor_gain": 0.1}

    told = gate_of(make_project(few), "merge")
    assert told.chance < 0.8
    (advice,) = [one for one in told.advised if one.startswith("`testset.confirm` to about ")]
    number = int(advice.rpartition(" ")[2])

    def followed(values: dict[str, Any]) -> None:
        few(values)
        values["testset"]["confirm"] = number

    assert gate_of(make_project(followed), "merge").chance >= 0.8
